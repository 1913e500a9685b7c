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
