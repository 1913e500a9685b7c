import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "./bundle.ts"

/** A block of code on a page or in a comment, and where it stands. */
export interface Block {
  /** The file, by its path from the root. */
  readonly page: string
  /** Of its first line of code, counted from 1. */
  readonly line: number
  readonly language: string
  readonly text: string
}

const filesIn = (folder: string, ending: string): ReadonlyArray<string> =>
  fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name)
    if (!entry.isDirectory()) return file.endsWith(ending) ? [file] : []
    return entry.name === "node_modules" || entry.name === "reference" ? [] : filesIn(file, ending)
  })

/** The pages of the documentation, by their paths from the root. */
export const pages: ReadonlyArray<string> = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...filesIn("docs", ".md")
]

/** The files whose comments become the reference, by their paths from the root. */
export const documented: ReadonlyArray<string> = [
  "api",
  "artifacts",
  "engine",
  "files",
  "images",
  "kinds",
  "project",
  "stages"
].flatMap((folder) => filesIn(folder, ".ts"))

export const read = (page: string): string => fs.readFileSync(path.join(root, page), "utf8")

/** The blocks of a page, in order. */
export const blocksOf = (page: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  let open: { readonly line: number; readonly language: string; readonly lines: Array<string> } | null = null
  for (const [at, line] of read(page).split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === null) open = { line: at + 2, language: fence[1] ?? "", lines: [] }
    else {
      blocks.push({ page, line: open.line, language: open.language, text: `${open.lines.join("\n")}\n` })
      open = null
    }
  }
  return blocks
}

/** The examples in a file's doc comments, in order. All that stands between `@example` and the end of the comment is code. */
export const examplesOf = (page: string): ReadonlyArray<Block> => {
  const examples: Array<Block> = []
  let open: { readonly line: number; readonly lines: Array<string> } | null = null
  for (const [at, line] of read(page).split("\n").entries()) {
    if (/^\s*\* @example$/.test(line)) open = { line: at + 2, lines: [] }
    else if (open !== null && /^\s*\*\/$/.test(line)) {
      examples.push({ page, line: open.line, language: "ts", text: `${open.lines.join("\n")}\n` })
      open = null
    } else open?.lines.push(line.replace(/^\s*\* ?/, ""))
  }
  return examples
}

/** What `tsc` says of files that are made of blocks, by where these stand. */
export const byPlace = (said: string, written: ReadonlyMap<string, Block>): string =>
  said.replace(/^([\w./-]+)\((\d+),\d+\)/gm, (place, file, line) => {
    const block = written.get(file)
    return block === undefined ? place : `${block.page}:${block.line + Number(line) - 1}`
  })
