import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { project } from "../../.pipeline/project.ts"
import * as CommandLine from "../../cli/command/command-line.ts"
import { commandsOf } from "../../cli/commands.ts"
import { type Ended, pipeline } from "../rig/bad-input.ts"
import { folder } from "../rig/folder.ts"

const { pipelines } = project
const commands = commandsOf(project)

/** Command lines of which each is wrong in its way, or asks for what isn't there. They compute nothing. */
const BAD = [
  "frobnicate",
  "--epochs 3",
  "-x",
  "run",
  "run nothing",
  "run transfer extra",
  "run transfer --epochs",
  "run transfer --epochs three",
  "run transfer --epochs 0",
  "run transfer --epochs 1 --epochs 2",
  "run transfer --refresh=1",
  "run transfer --image-size {",
  "run transfer --dataset /nowhere/at/all",
  "run transfer --again nothing",
  "run transfer --until nothing",
  "run simple-cnn --network @/nowhere.json",
  "run simple-cnn --network []extra",
  "plan transfer --again normalize",
  "plan transfer --until ingest --again train",
  "plan transfer --dataset /nowhere",
  "why transfer nothing",
  "why transfer one two",
  "sweep transfer",
  "sweep transfer --over",
  "sweep transfer --over units",
  "sweep transfer --over units=log(0,1,2)",
  "sweep transfer --over units=linear(1,9)",
  "sweep transfer --over nothing=1",
  "sweep transfer --over units=1 --units 3",
  "sweep transfer --random 2",
  "sweep transfer --seeds 0",
  "sweep transfer --seeds many",
  "sweep transfer --seeds 2 --jobs 0",
  "sweep explore --seeds 2",
  "inspect",
  "inspect nothing",
  "inspect transfer/model",
  "inspect ffffffff",
  "inspect a b",
  "export transfer/model",
  "export transfer/model --to",
  "export transfer/model --to /proc/nowhere",
  "report",
  "report nothing",
  "report transfer",
  "compare",
  "compare one",
  "compare transfer",
  "compare transfer --last x",
  "compare transfer --last 5",
  "list nothing",
  "list transfer explore",
  "doctor all"
]

const STACK = /^\s+at .+[:(]|node:internal|This is a bug|\[object |FiberFailure/m

/** One document and nothing else on stdout, no stack on stderr, and an exit code that says the same. */
const expectRefused = (line: string, { exit, stdout, stderr }: Ended) => {
  // no second document could follow and be read
  const document = JSON.parse(stdout) as { readonly status: string; readonly error: Readonly<Record<string, unknown>> }
  expect(stdout.endsWith("}\n"), line).toBe(true)
  expect(document.status, line).toBe("failed")
  for (const part of ["tag", "what", "expected", "fix"]) expect(document.error[part], `${line}: ${part}`).toMatch(/\S/)
  expect([1, 2], line).toContain(exit)
  expect(stderr, line).not.toMatch(STACK)
  expect(stdout, line).not.toMatch(STACK)
}

describe("every refusal is one document under --json", () => {
  it.each(BAD)("%s", async (line) => {
    expectRefused(line, await pipeline([...line.split(" "), "--json"]))
  })

  it("where the cache is a file, or the results are", async () => {
    const file = path.join(folder("not-a-folder"), "file")
    fs.writeFileSync(file, "")
    for (const env of [{ PIPELINE_HOME: file }, { PIPELINE_THREADS: "none" }])
      expectRefused(
        JSON.stringify(env),
        await pipeline(["plan", "transfer", "--dataset", "/nowhere", "--json"], { env })
      )
  })
})

/** Words of command lines, right and wrong ones, in any order. */
const words = fc.constantFrom(
  ...commands.flatMap(({ name, options, flags }) => [
    name,
    ...options.map((each) => each.name),
    ...flags.map((each) => each.name)
  ]),
  ...pipelines.map(({ name }) => name),
  ...[
    "--epochs",
    "--units=3",
    "--learning-rate",
    "-1",
    "--",
    "-",
    "",
    "--=",
    "=",
    "help",
    "--help",
    "-h",
    "--version",
    "--to=",
    "é",
    "#2"
  ]
)

it("any words are a command, help, or refused with three parts and the way to write it", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 6 }), (args) => {
      const read = Effect.runSync(Effect.either(CommandLine.read(args, commands, pipelines)))
      if (Either.isRight(read)) {
        expect(["Help", "Run", "Version"]).toContain(read.right._tag)
        return
      }
      const { what, expected, fix, usage } = read.left
      for (const part of [what, expected, fix]) expect(part).toMatch(/\S/)
      expect(usage).toMatch(/^pipeline /)
    }),
    { seed: 12, numRuns: 3000 }
  )
})
