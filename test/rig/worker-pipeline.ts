import { writeSync } from "node:fs"
import { Console, Duration, Effect, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import * as Explained from "../../artifacts/Explained.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Progress from "../../engine/Progress.ts"
import * as Stage from "../../engine/Stage.ts"

/** A stage that behaves as natively as it is told to, and says in which process it did. */
const Report = Document.make("Report", 1, Schema.Struct({ pid: Schema.Int, how: Schema.String }))

export class Misbehaved extends Explained.TaggedError<Misbehaved>()(
  "Misbehaved",
  {
    how: Schema.String,
    at: Schema.Int
  },
  ({ at }) => ({ what: `The stage misbehaved at ${at}`, expected: "it to behave", fix: "Tell it to." })
) {}

const how = Param.make(
  Schema.Literal(
    "well",
    "fail",
    "defect",
    "abort",
    "exit",
    "kill",
    "spin",
    "block",
    "wait",
    "print",
    "print and fail",
    "print and abort",
    "print much",
    "hold",
    "fill"
  ),
  "well",
  "What the stage does"
)

/** Everything that a process can print by. */
const print = Effect.gen(function* () {
  console.log("by console.log")
  process.stdout.write("by process.stdout\n")
  process.stderr.write("by process.stderr\n")
  yield* Console.log("by Effect's Console")
  yield* Effect.log("by Effect's logger")
  // as a native library does
  writeSync(2, "by the descriptor\n")
  console.log(`the token is ${process.env.TOY_TOKEN}`)
})

export const behave = Stage.make({
  name: "behave",
  inputs: {},
  params: {
    how,
    number: Param.make(Schema.Int, 0, "Tells one from another; milliseconds to block for"),
    threads: Param.make(Schema.NullOr(Schema.Int), null, "Native threads, as a fact"),
    within: Param.make(Schema.NullOr(Schema.Number), null, "Seconds that it may take"),
    memory: Param.make(Schema.NullOr(Schema.Int), null, "Bytes that it may hold")
  },
  secrets: ["TOY_TOKEN"],
  timeout: ({ within }) => (within === null ? null : Duration.seconds(within)),
  memory: ({ memory }) => memory,
  facts: ({ threads }) => (threads === null ? {} : { threads: Effect.succeed(threads) }),
  outputs: { report: Report },
  errors: Misbehaved,
  run: (_, params) =>
    Effect.gen(function* () {
      yield* Progress.report({ done: 1, total: 2, unit: "turns", note: `pid ${process.pid}` })
      switch (params.how) {
        case "fail":
          return yield* new Misbehaved({ how: params.how, at: 7 })
        case "defect":
          return yield* Effect.dieMessage("a bug")
        case "abort":
          process.abort()
          break
        case "exit":
          process.exit(3)
          break
        case "kill":
          process.kill(process.pid, "SIGKILL")
          yield* Effect.never
          break
        case "spin":
          // the progress above must leave the process first
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          for (;;) if (process.uptime() < 0) break
          break
        case "block":
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, params.number)
          break
        case "wait":
          yield* Effect.never
          break
        case "print":
          yield* print
          break
        case "print and fail":
          yield* print
          return yield* new Misbehaved({ how: params.how, at: 8 })
        case "print and abort":
          yield* print
          process.abort()
          break
        case "print much":
          for (let line = 1; line <= params.number; line++) console.log(`line ${line}`)
          break
        case "hold": {
          // outside of the heap of V8
          const held = Array.from({ length: 64 }, () => Buffer.alloc(8 * 2 ** 20, 1))
          yield* Effect.never
          console.log(held.length)
          break
        }
        case "fill": {
          const filled: Array<unknown> = []
          for (;;) filled.push({ at: filled.length, text: `${filled.length}` })
        }
      }
      yield* Progress.report({ done: 2, total: 2, unit: "turns" })
      return { report: { pid: process.pid, how: params.how } }
    })
})

export const single = Pipeline.make({
  name: "single",
  description: "One stage",
  params: behave.params,
  build: (params) => behave({}, params)
})

/** A misbehaving node beside one that does not, and three that do one after the other's death. */
export const siblings = Pipeline.make({
  name: "siblings",
  description: "Two stages",
  params: { how },
  build: (params) => ({
    bad: behave({}, { ...params, number: 1 }).report,
    good: behave({}, { how: "well", number: 2 }).report
  })
})
