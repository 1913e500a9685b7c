import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { root } from "../rig/bundle.ts"
import { command } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"

// What `tsc` says of wrong definitions and wirings is for people: sentences, which stand between backticks behind
// `@ts-expect-error` in the files of this folder. Here `tsc` reads these files without what it is told to expect.

const EXPECTS = /@ts-expect-error .*?(?:: `(.+)`)?$/
const files = fs.readdirSync(path.join(root, "test/types")).filter((file) => !file.endsWith(".test.ts"))
const linesOf = (file: string) => fs.readFileSync(path.join(root, "test/types", file), "utf8").split("\n")

/** What is expected of the line under a comment; null where only that it does not compile. */
interface Expected {
  readonly file: string
  readonly line: number
  readonly sentence: string | null
}
const expected: ReadonlyArray<Expected> = files.flatMap((file) =>
  linesOf(file).flatMap((text, index) => {
    const found = EXPECTS.exec(text)
    // a comment's own line is counted from 1, and the one that is wrong is under it
    return found === null ? [] : [{ file, line: index + 2, sentence: found[1] ?? null }]
  })
)

/** All that `tsc` says, by `FILE:LINE`. */
let said: ReadonlyMap<string, string> = new Map()

beforeAll(async () => {
  const at = folder("headrace-types")
  for (const name of fs.readdirSync(root)) {
    if (name !== "test" && !name.startsWith(".")) fs.symlinkSync(path.join(root, name), path.join(at, name))
  }
  fs.rmSync(path.join(at, "tsconfig.json"))
  // no extension of the project's: what that maps would be found beside it, and every type would be there twice
  const { compilerOptions } = JSON.parse(fs.readFileSync(path.join(root, "tsconfig.json"), "utf8"))
  const config = { compilerOptions, include: ["test/types"], exclude: [] }
  fs.writeFileSync(path.join(at, "tsconfig.json"), JSON.stringify(config))
  fs.mkdirSync(path.join(at, "test/types"), { recursive: true })
  for (const file of files)
    fs.writeFileSync(
      path.join(at, "test/types", file),
      linesOf(file).join("\n").replaceAll("@ts-expect-error", "expected:")
    )
  const tsc = path.join(root, "node_modules/typescript/bin/tsc")
  const { stdout } = await command(process.execPath, [tsc, "--project", at, "--pretty", "false"], { cwd: at })
  const found = new Map<string, string>()
  let where = ""
  for (const line of stdout.split("\n")) {
    const start = /^test\/types\/([^(]+)\((\d+),\d+\): (.*)$/.exec(line)
    if (start !== null) where = `${start[1]}:${start[2]}`
    found.set(where, `${found.get(where) ?? ""}${start?.[3] ?? line}\n`)
  }
  said = found
})

it("every wrong line is told of, and no other", () => {
  expect([...said.keys()].filter((where) => where !== "").sort()).toEqual(
    expected.map(({ file, line }) => `${file}:${line}`).sort()
  )
})

it("what tsc says of a wrong definition or wiring holds the sentence that stands with it", () => {
  const told = expected.flatMap(({ file, line, sentence }) =>
    sentence === null ? [] : [{ where: `${file}:${line}`, sentence }]
  )
  expect(told.length).toBeGreaterThan(60)
  const unsaid = told.filter(({ where, sentence }) => said.get(where)?.includes(sentence) !== true)
  expect(unsaid.map(({ where, sentence }) => ({ where, sentence, said: said.get(where) }))).toEqual([])
})

it("every wrong definition and wiring says what it is told", () => {
  const silent = expected.filter(({ file, sentence }) => file.startsWith("wrong-") && sentence === null)
  expect(silent).toEqual([])
})
