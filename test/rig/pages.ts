import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "./bundle.ts"

/** A block of code on a page, and where it stands. */
export interface Block {
  readonly page: string
  /** Of its first line of code, counted from 1. */
  readonly line: number
  readonly language: string
  readonly text: string
}

const markdownIn = (folder: string): ReadonlyArray<string> =>
  fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === "node_modules" || entry.name === "reference" ? [] : markdownIn(file)
    return file.endsWith(".md") ? [file] : []
  })

/** The pages of the documentation, by their paths from the root. */
export const pages: ReadonlyArray<string> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...markdownIn("docs")]

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
