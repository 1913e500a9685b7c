import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { Effect, Schema } from "effect"
import { expect, it } from "vitest"
import { local, readLocal } from "../../api/files.ts"
import { Document, Files, Param, Pipeline, Project, Source, Stage } from "../../api/headrace.ts"
import { laboratory } from "../../api/testing.ts"
import { folder } from "../rig/folder.ts"

const Length = Document.make("Length", 1, Schema.Struct({ length: Schema.Number }))
const Text = Files.make("Text", 1)
const text = Source.make({
  name: "text",
  artifact: Text,
  params: { file: Param.make(Schema.String, "", "Where it lies") },
  resolve: ({ file }) => local(file)
})

/** A project whose stage calls a helper: as a test has it that was loaded with that helper. */
const loaded = (helper: (length: number) => number) => {
  const measure = Stage.make({
    name: "measure",
    inputs: { text: Text },
    outputs: { length: Length },
    run: ({ text }) =>
      Effect.map(Effect.orDie(readLocal(text)), ({ length }) => ({ length: { length: helper(length) } }))
  })
  return Pipeline.make({
    name: "measuring",
    description: "Measures a text",
    params: text.params,
    build: (params) => ({ length: measure({ text: text(params) }).length })
  })
}

it("runs what changed and nothing else: a file's bytes, however soon they change, and not its times", async () => {
  const file = path.join(folder("headrace-text"), "text.txt")
  const write = (words: string) => fs.writeFileSync(file, words)
  const { run } = laboratory(Project.plain())
  const measuring = loaded((length) => length)
  write("one")
  expect(await run(measuring, { file })).toMatchObject({ ran: ["measure"], results: { length: { length: 3 } } })
  expect(await run(measuring, { file })).toMatchObject({ ran: [], reused: ["measure"] })
  const { atime, mtime } = fs.statSync(file)
  write("two")
  fs.utimesSync(file, atime, mtime)
  expect((await run(measuring, { file })).ran).toEqual(["measure"])
  write("one")
  expect((await run(measuring, { file })).ran).toEqual([])
})

it("finds no result of code that differs in a helper alone", async () => {
  const file = path.join(folder("headrace-text"), "text.txt")
  fs.writeFileSync(file, "one")
  const { run } = laboratory(Project.plain())
  expect(
    (
      await run(
        loaded((length) => length),
        { file }
      )
    ).results
  ).toEqual({ length: { length: 3 } })
  const edited = await run(
    loaded((length) => length * 2),
    { file }
  )
  expect([edited.ran, edited.results]).toEqual([["measure"], { length: { length: 6 } }])
})

it("leaves nothing on the disk", async () => {
  const file = path.join(folder("headrace-text"), "text.txt")
  fs.writeFileSync(file, "one")
  await laboratory(Project.plain()).run(
    loaded((length) => length),
    { file }
  )
  expect(fs.existsSync(path.join(tmpdir(), `headrace-testing-${process.pid}`))).toBe(false)
})

const Size = Document.make("Size", 1, Schema.Struct({ sizes: Schema.Array(Schema.Struct({ size: Schema.Positive })) }))
const grow = Stage.make({
  name: "grow",
  inputs: {},
  params: { by: Param.make(Schema.Number, 2, "How much"), from: Param.make(Schema.Positive, 3, "From where") },
  outputs: { size: Size },
  run: (_, { by, from }) => Effect.succeed({ size: { sizes: [{ size: from + by }] } })
})
const growing = Pipeline.make({
  name: "growing",
  description: "Grows",
  params: grow.params,
  build: (params) => ({ size: grow({}, params).size })
})

it("takes the default where a parameter is not given, or given as undefined", async () => {
  const { run } = laboratory(Project.plain())
  const params: object = { by: undefined, from: 5 }
  expect((await run(growing, params)).results).toEqual({ size: { sizes: [{ size: 7 }] } })
  expect((await run(growing)).results).toEqual({ size: { sizes: [{ size: 5 }] } })
})

it("refuses a value or a name that the command line refuses, in its words", async () => {
  const { run } = laboratory(Project.plain())
  await expect(run(growing, { from: -1 })).rejects.toThrow(
    /^Param "from" is -1; expected a positive number\. Try from: 3\.$/
  )
  const misspelt: object = { form: 1 }
  await expect(run(growing, misspelt)).rejects.toThrow(
    /^Param "form" is unknown to growing; expected one of by, from\. /
  )
})

it("says in one sentence what of a document its schema refuses", async () => {
  await expect(laboratory(Project.plain()).run(growing, { by: -3 })).rejects.toThrow(
    /^grow: Size@1: value\.sizes\[0\]\.size is 0; expected a positive number\. Correct the stage that makes it\.$/
  )
})
