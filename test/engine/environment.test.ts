import { expect, it } from "@effect/vitest"
import { Effect, Either, Layer, Schema } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Explained from "../../artifacts/Explained.ts"
import { Code } from "../../engine/Code.ts"
import { Environment } from "../../engine/Environment.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Progress from "../../engine/Progress.ts"
import * as Run from "../../engine/Run.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"

// What a stage declares of the environment is in its key: what it is, that it is not there, or the digest of a secret.

/** The environment, for the engine and for what the stages read. */
const world: Record<string, string | undefined> = {}
const Said = Document.make("Said", 1, Schema.Struct({ said: Schema.String }))

class Refused extends Explained.TaggedError<Refused>()(
  "Refused",
  { with: Schema.Struct({ token: Schema.String }) },
  (error) => ({ what: `${error.with.token} was refused`, expected: "another", fix: "Try one." })
) {}

const say = Stage.make({
  name: "say",
  inputs: {},
  params: { how: Param.make(Schema.Literal("well", "fail", "defect"), "well", "What it does") },
  environment: ["WORD"],
  secrets: ["TOKEN"],
  outputs: { said: Said },
  errors: Refused,
  run: (_, { how }) =>
    Effect.gen(function* () {
      yield* Progress.report({ done: 1, total: 1, unit: "words", note: `with ${world.TOKEN}` })
      if (how === "fail") return yield* new Refused({ with: { token: world.TOKEN ?? "" } })
      if (how === "defect") return yield* Effect.dieMessage(`a bug with ${world.TOKEN}`)
      return { said: { said: `${world.WORD ?? "nothing"}, ${world.TOKEN?.length ?? 0}` } }
    })
})
/** Streamed: what it declares is in the keys of those that it is made for. */
const scale = Stage.rows({
  name: "scale",
  keep: "streamed",
  over: "numbers",
  environment: ["SCALE"],
  inputs: { numbers: Toys.Numbers },
  outputs: { numbers: Toys.Numbers },
  run: (_) => Effect.succeed((rows) => Effect.succeed(rows))
})
const plain = Stage.make({
  name: "plain",
  inputs: {},
  outputs: { said: Said },
  run: () => Effect.succeed({ said: { said: "plain" } })
})

const params = say.params
const saying = Pipeline.make({
  name: "saying",
  description: "Says",
  params,
  build: (values) => {
    const { numbers } = scale({ numbers: Toys.read({ file: Toys.list() }).numbers })
    return { ...say({}, values), ...Toys.double({ numbers }), plain: plain({}).said }
  }
})

const open = () => {
  Toys.lists.set("a", [1, 2])
  for (const name of Object.keys(world)) delete world[name]
  const kept = Toys.memory()
  const code = Layer.succeed(Code, {
    of: ({ name }) => Effect.succeed(codeOf(name, { [`stages/${name}.ts`]: name }))
  })
  const live = Layer.provideMerge(Executor.layerInProcess(saying), Layer.merge(kept.layer, code))
  const run = (how = "well") =>
    Run.run(saying, { how }, { cores: 1 }).pipe(Effect.provide(live), Effect.provideService(Environment, world))
  const textOf = (stage: string) => [...kept.traces.values()].find(({ text }) => text.stage === stage)?.text
  return { ...kept, run, textOf }
}

const reasons = (record: Effect.Effect.Success<ReturnType<ReturnType<typeof open>["run"]>>) =>
  Object.fromEntries(record.nodes.flatMap(({ node, status, reason }) => (status === "ran" ? [[node, reason]] : [])))

it.effect("a declared variable is a part of the key, and a stage without any has none", () =>
  Effect.gen(function* () {
    const { run, textOf } = open()
    Object.assign(world, { WORD: "hello", OTHER: "x" })
    yield* run()
    expect(textOf("say")?.environment).toEqual({ WORD: "hello", TOKEN: null })
    expect(textOf("double")?.inputs.numbers).toMatchObject({ stage: "scale", environment: { SCALE: null } })
    expect(textOf("plain")).not.toHaveProperty("environment")
    world.OTHER = "y"
    expect(reasons(yield* run())).toEqual({})
  })
)

it.effect("another value, or none, runs the stage again, and says so; the one before is found again", () =>
  Effect.gen(function* () {
    const { run } = open()
    yield* run()
    world.WORD = "hello"
    expect(reasons(yield* run())).toEqual({ say: 'environment variable WORD was not set, is "hello"' })
    world.SCALE = "2"
    expect(reasons(yield* run())).toEqual({
      double: 'environment variable SCALE was not set, is "2" (through scale)'
    })
    delete world.WORD
    expect(reasons(yield* run())).toEqual({})
  })
)

it.effect("a secret's digest counts, and its value is told nowhere", () =>
  Effect.gen(function* () {
    const { run, textOf, events, objects, traces, records } = open()
    world.TOKEN = "hunter2-hunter2"
    yield* run()
    expect(textOf("say")?.environment).toEqual({ WORD: null, TOKEN: { secret: Digest.ofBytes("hunter2-hunter2") } })
    for (const how of ["fail", "defect"]) yield* run(how)
    const errors = records.flatMap(({ nodes }) => nodes.flatMap(({ error }) => error ?? []))
    expect(errors.map(({ what }) => what).sort()).toEqual(["*** was refused", "a bug with ***"])
    expect(errors.find(({ tag }) => tag === "Refused")?.details).toEqual({ _tag: "Refused", with: { token: "***" } })
    const notes = events.flatMap((event) => (event._tag === "NodeProgress" ? (event.progress.note ?? []) : []))
    expect(notes).toEqual(["with ***", "with ***", "with ***"])
    const texts = [...objects.values()].map((bytes) => Buffer.from(bytes).toString())
    expect(JSON.stringify([events, records, [...traces.values()], texts])).not.toContain("hunter2")
    world.TOKEN = "another-one"
    expect(reasons(yield* run())).toEqual({ say: "environment variable TOKEN is another secret than it was" })
  })
)

it("a name that is none, is declared twice or is the platform's own is refused where the stage is made", () => {
  const message = (environment: ReadonlyArray<string>, secrets: ReadonlyArray<string> = []) =>
    Either.match(
      Either.try(() =>
        Stage.make({
          name: "wrong",
          inputs: {},
          environment,
          secrets,
          outputs: { said: Said },
          run: () => Effect.succeed({ said: { said: "" } })
        })
      ),
      { onLeft: (error) => (error as Error).message, onRight: () => "accepted" }
    )
  expect(message(["WORD", "word_2"], ["TOKEN"])).toBe("accepted")
  for (const name of ["", "A B", "1A", "A=B", "Ä"])
    expect(message([name])).toBe(
      `Stage "wrong" declares the environment variable ${JSON.stringify(name)}; expected a name such as SCALE. Correct the name.`
    )
  expect(message(["WORD"], ["WORD"])).toContain("declares the environment variable WORD twice")
  for (const name of ["PIPELINE_HOME", "OMP_NUM_THREADS", "TF_CPP_MIN_LOG_LEVEL"])
    expect(message([name])).toContain(`the environment variable ${name}, which the platform sets itself`)
})
