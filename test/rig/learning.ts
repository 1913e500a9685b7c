import { Effect, Layer, Schema } from "effect"
import * as Checkpoint from "../../artifacts/Checkpoint.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Explained from "../../artifacts/Explained.ts"
import { Code } from "../../engine/Code.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "./code.ts"
import * as Toys from "./toys.ts"

// A pipeline that learns, as a tune has it: a stage that gets better by epochs, best at one rate, and another that judges what came of it.

export const Learned = Document.make(
  "Learned",
  1,
  Schema.Struct({ validationAccuracy: Schema.Number, epochs: Schema.Int, of: Schema.Literal("held-out", "test") })
)
export const Judged = Document.make("Judged", 1, Schema.Struct({ testAccuracy: Schema.Number }))
const LearningState = Checkpoint.make("LearningState", 1)

export class LearningDiverged extends Explained.TaggedError<LearningDiverged>()(
  "LearningDiverged",
  { rate: Schema.Number },
  ({ rate }) => ({ what: `It diverged at ${rate}`, expected: "a rate below 1", fix: "Lower the rate." })
) {}

/** The epochs that were computed, by rate and units; how often it was judged; after how many epochs in all the run is killed. */
export const school = {
  epochs: new Map<string, Array<number>>(),
  judged: 0,
  killAfter: Number.POSITIVE_INFINITY
}
export const resetSchool = () => {
  school.epochs.clear()
  Object.assign(school, { judged: 0, killAfter: Number.POSITIVE_INFINITY })
}
export const computed = (): number => [...school.epochs.values()].flat().length

export const params = {
  rate: Param.make(Schema.Positive, 0.1, "Best near 0.01; from 1 on it diverges"),
  units: Param.make(Schema.Int.pipe(Schema.positive()), 8, "More are a little better"),
  epochs: Param.make(Schema.Int.pipe(Schema.positive()), 27, "Passes"),
  holdOut: Param.incomparable(Param.make(Schema.Number, 0.1, "Share that is held out"), "it says what is held out"),
  judge: Param.unfit(Param.make(Schema.Literal("held-out", "test"), "held-out", "What the accuracy is of"), (value) =>
    value === "test" ? "the accuracy would be that of test images" : null
  )
}

/** The accuracy after some epochs: a function of all that the stage takes, rising with the epochs. */
export const accuracyOf = (rate: number, units: number, epochs: number): number => {
  const off = Math.abs(Math.log10(rate) + 2)
  return (0.9 - 0.1 * off + 0.01 * Math.log2(units)) * (1 - 0.5 / (epochs + 1))
}

const learn = Stage.iterate({
  name: "learn",
  inputs: { total: Toys.Total },
  params,
  steps: "epochs",
  state: LearningState,
  outputs: { learned: Learned },
  errors: LearningDiverged,
  run: (_, { rate, units, judge }) =>
    Effect.sync(() => {
      const name = `${rate} ${units}`
      let done = 0
      return {
        resume: ({ texts }) =>
          Effect.sync(() => {
            done = Number(texts.done)
          }),
        step: (at: number) =>
          Effect.gen(function* () {
            if (computed() >= school.killAfter) return yield* Effect.interrupt
            if (rate >= 1) return yield* new LearningDiverged({ rate })
            done = at
            school.epochs.set(name, [...(school.epochs.get(name) ?? []), at])
            return null
          }),
        save: Effect.sync(() => ({ arrays: {}, texts: { done: String(done) } })),
        finish: Effect.sync(() => ({
          learned: { validationAccuracy: accuracyOf(rate, units, done), epochs: done, of: judge }
        }))
      }
    })
})

const judgeStage = Stage.make({
  name: "judge",
  inputs: { learned: Learned },
  params: {},
  outputs: { judged: Judged },
  run: ({ learned }) =>
    Effect.sync(() => {
      school.judged += 1
      return { judged: { testAccuracy: learned.validationAccuracy - 0.01 } }
    })
})

export const learning = Pipeline.make({
  name: "learning",
  description: "Learns from a sum",
  params: { ...Toys.list.params, ...params },
  build: (values) => {
    const { numbers } = Toys.read({ file: Toys.list(values) }, values)
    const { total } = Toys.sum({ tables: [Toys.double({ numbers }).doubled] })
    const { learned } = learn({ total }, values)
    return { learned, judged: judgeStage({ learned }).judged }
  }
})

/** Digests that stand for the source of its stages. */
export const schoolCode = Layer.succeed(Code, {
  of: ({ name }) => Effect.succeed(codeOf(name, { [`stages/${name}.ts`]: name }))
})
