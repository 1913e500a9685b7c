import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { root } from "../rig/bundle.ts"
import { describeWith } from "../rig/needs.ts"
import { copyOf, type OutsideProject, outsideProject } from "../rig/outside.ts"
import { type Block, blocksOf, byPlace, pages, read } from "../rig/pages.ts"

// What the documentation shows is what a reader gets: each page is followed from its beginning to its end, in a project that
// `pipeline init` made. A block of TypeScript is a file, whose path stands in its first line. The lines of a block of `sh` are
// typed one after the other; what a comment behind one has in quotes is in what it prints, and "fails" says that it does.

/** Pages whose commands start a Redis server. */
const ON_REDIS = ["docs/many-machines.md"]

const FILE = /^\/\/ ([\w./-]+\.ts)\n/

const isCode = ({ language }: Block): boolean => language === "ts"
/** The README's commands are about this repository, and its datasets. */
const isTyped = ({ language, page }: Block): boolean => language === "sh" && page.startsWith("docs/")

const fileOf = ({ page, line, text }: Block): string => {
  const file = FILE.exec(text)?.[1]
  if (file === undefined) throw new Error(`${page}:${line}: the first line names no file; expected // stages/NAME.ts`)
  return file
}

const type = async (project: OutsideProject, { page, text, line: first }: Block) => {
  for (const [at, line] of text.trimEnd().split("\n").entries()) {
    const where = `${page}:${first + at}: ${line}`
    const { status, stdout, stderr } = await project.shell(line)
    const printed = `${stdout}${stderr}`
    const [, comment = ""] = line.split(/ # /)
    if ((status === 0) !== !comment.startsWith("fails")) throw new Error(`${where}\nended with ${status}:\n${printed}`)
    for (const [, told = ""] of comment.matchAll(/"([^"]+)"/g))
      if (!printed.includes(told)) throw new Error(`${where}\nprints no "${told}":\n${printed}`)
  }
}

/** What `tsc` says of the files, by where they stand on the page. */
const compile = async (project: OutsideProject, written: ReadonlyMap<string, Block>) => {
  const built = await project.pipeline("--build")
  expect(built.status, built.stderr).toBe(0)
  const { stdout } = await project.tsc()
  return byPlace(stdout, written)
}

describe("the documentation", () => {
  let fresh: OutsideProject
  beforeAll(async () => {
    fresh = await outsideProject()
    // every page's project finds this build
    await fresh.pipeline("--build")
  })

  const follow = async (page: string) => {
    const project = copyOf(fresh)
    const written = new Map<string, Block>()
    const blocks = blocksOf(page)
    for (const block of blocks) {
      if (isTyped(block)) await type(project, block)
      if (!isCode(block)) continue
      written.set(fileOf(block), block)
      project.write(fileOf(block), block.text)
    }
    if (written.size > 0) expect(await compile(project, written)).toBe("")
    const typed = blocks.filter(isTyped).map(({ text }) => text)
    const pipelines = [...written.keys()].filter((file) => path.dirname(file) === "pipelines")
    for (const name of pipelines.map((file) => path.basename(file, ".ts"))) {
      if (typed.some((text) => text.includes(`pipeline run ${name}`))) continue
      const { code, document, stderr } = await project.run(name)
      expect([name, code, document.error], stderr).toEqual([name, 0, undefined])
    }
  }

  const TITLE = "%s shows code that compiles, and commands that do what it says"
  const followed = pages.filter((page) => blocksOf(page).some((block) => isCode(block) || isTyped(block)))
  it.each(followed.filter((page) => !ON_REDIS.includes(page)))(TITLE, follow)
  describeWith(["redis"], "on a Redis server", () => {
    it.each(ON_REDIS)(TITLE, follow)
  })

  it("links to what is there", () => {
    const lost = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)].flatMap(([, to = ""]) =>
        fs.existsSync(path.join(root, path.dirname(page), to)) || to.includes("reference/") ? [] : [`${page}: ${to}`]
      )
    )
    expect(lost).toEqual([])
  })
})

describe("the decisions", () => {
  const decisions = pages.filter((page) => /^docs\/decisions\/\d/.test(page))

  it("each say when, in view of what, what, and what would change it", () => {
    for (const page of decisions)
      expect(read(page)).toMatch(
        /^# [^\n]+\n\n\*\d{4}-\d\d-\d\d\*\n\n## Context\n\n.+\n\n## Decision\n\n.+\n\n## What would change it\n\n.+\n$/s
      )
  })

  it("are all in the index, by number, under their titles", () => {
    const lines = decisions.map((page) => {
      const [, title, date] = /^# (.+)\n\n\*(.+)\*/.exec(read(page)) ?? []
      const file = path.basename(page)
      return `| [${file.slice(0, 3)}](${file}) | ${date} | ${title} |`
    })
    expect(read("docs/decisions/README.md").match(/^\| \[.*$/gm)).toEqual(lines)
  })
})
