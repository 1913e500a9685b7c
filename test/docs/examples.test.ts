import * as fs from "node:fs"
import * as path from "node:path"
import * as headrace from "headrace"
import { expect, it } from "vitest"
import { root } from "../rig/bundle.ts"
import { command } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"
import { type Block, byPlace, documented, examplesOf, read } from "../rig/pages.ts"

// An example in a doc comment is a module, as somebody would write it who copies it. It may leave out the imports that are alike in
// every file: the modules of `headrace`, and `Effect` and `Schema`. All else it imports or declares.

const IMPLIED = [
  ["headrace", Object.keys(headrace)],
  ["effect", ["Effect", "Schema"]]
] as const

/** The module that an example is. The imports stand before its first line in the same one, so that lines are counted as in the comment. */
const moduleOf = ({ text }: Block): string => {
  const lacking = IMPLIED.filter(([from]) => !text.includes(` from "${from}"`))
  return [...lacking.map(([from, names]) => `import { ${names.join(", ")} } from "${from}"; `), text].join("")
}

const examples = documented.flatMap(examplesOf)

it("every example in a doc comment compiles", async () => {
  const at = folder("headrace-examples")
  fs.cpSync(path.join(root, "template"), at, { recursive: true })
  fs.symlinkSync(path.join(root, "node_modules"), path.join(at, "node_modules"))
  fs.writeFileSync(path.join(at, "package.json"), JSON.stringify({ type: "module" }))
  // an example need not use what it declares, and the names that are imported for it
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }
  const config = { extends: path.join(root, "tsconfig.json"), compilerOptions, include: ["examples"] }
  fs.writeFileSync(path.join(at, "tsconfig.json"), JSON.stringify(config))
  const written = new Map(examples.map((example, index) => [`examples/${index}.ts`, example]))
  fs.mkdirSync(path.join(at, "examples"))
  for (const [file, example] of written) fs.writeFileSync(path.join(at, file), moduleOf(example))
  const tsc = path.join(root, "node_modules/typescript/bin/tsc")
  const { stdout } = await command(process.execPath, [tsc, "--project", at, "--pretty", "false"], { cwd: at })
  expect(byPlace(stdout, written)).toBe("")
})

it("no example in a doc comment is passed over", () => {
  const mentioned = documented.flatMap((file) => read(file).match(/@example/g) ?? [])
  expect(examples.length).toBe(mentioned.length)
  expect(examples.length).toBeGreaterThan(20)
})
