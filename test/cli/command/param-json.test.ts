import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { readParamJson } from "../../../cli/command/param-json.ts"
import { folder } from "../../rig/folder.ts"

const file = (name: string, text: string): string => {
  const at = path.join(folder("params"), name)
  fs.writeFileSync(at, text)
  return `@${at}`
}

it("reads JSON, and that of a file", () => {
  expect(readParamJson('[{"kind":"flatten"}]')).toEqual([{ kind: "flatten" }])
  expect(readParamJson(file("a.json", "[1,2]"))).toEqual([1, 2])
})

it("refuses what is no regular file or too large, and waits for none", () => {
  const fifo = path.join(folder("params"), "fifo")
  spawnSync("mkfifo", [fifo])
  expect(() => readParamJson(`@${fifo}`)).toThrow("is a device or a pipe")
  expect(() => readParamJson("@/dev/zero")).toThrow("is a device or a pipe")
  expect(() => readParamJson(`@${folder("params")}`)).toThrow("is a folder")
  const large = file("large.json", "")
  fs.truncateSync(large.slice(1), 100_000_000)
  expect(() => readParamJson(large)).toThrow("has 100000000 bytes")
})

it("refuses a field that would become a prototype, however it is written and however deep, and no text of that name", () => {
  for (const json of ['{"__proto__":1}', '[{"a":{"\\u005f_proto__":{"units":3}}}]'])
    expect(() => readParamJson(json)).toThrow("has a field called __proto__")
  expect(readParamJson('["__proto__",{"a":"\\u005f_proto__"},null]')).toEqual(["__proto__", { a: "__proto__" }, null])
})

it("refuses what nests too deep, however it is written, and counts no brackets of texts", () => {
  const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`
  expect(() => readParamJson(deep(100_000))).toThrow("nests 100000 deep, where 64 is the most")
  expect(() => readParamJson(file("deep.json", `${'{"a":'.repeat(70)}1${"}".repeat(70)}`))).toThrow("nests 70 deep")
  expect(readParamJson(JSON.stringify(deep(100)))).toBe(deep(100))
  expect(readParamJson(JSON.stringify([`\\"${deep(100)}`]))).toEqual([`\\"${deep(100)}`])
})
