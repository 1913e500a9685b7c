import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Figures } from "../../images/services/Figures.ts"
import { plotSweep } from "../../stages/plot-sweep.ts"
import { given, made } from "../rig/stage.ts"

const classes = ["cat", "dog"]
const images = given(
  { rows: 1, columns: { image: { shape: [8, 8, 3], data: new Uint8Array(192) }, label: Int32Array.of(0) } },
  classes
)
const history = (validation: ReadonlyArray<number>) => {
  const column = (value: (at: number) => number) => Float64Array.from(validation, (_, at) => value(at))
  const columns = {
    epoch: Int32Array.from(validation, (_, at) => at + 1),
    loss: column((at) => 2 / (at + 1)),
    accuracy: column((at) => 0.5 + at / 10),
    validationLoss: column(() => 1),
    validationAccuracy: Float64Array.from(validation)
  }
  return given({ rows: validation.length, columns }, classes, 2).table
}
const flatten = { name: "flat", layers: [{ kind: "flatten" }] }
const of = (inputs: object, networks: ReadonlyArray<object>) =>
  made<{ readonly best: unknown; readonly table: unknown }>(
    plotSweep,
    { images: images.table, metrics: [], ...inputs },
    { networks }
  )

layer(Figures.live)("plot-sweep", (it) => {
  it.effect("lists each network with its best epoch, the earliest of equals, and null for what nobody measured", () =>
    Effect.gen(function* () {
      const histories = [history([0.5, 0.75, 0.75, 0.25]), history([Number.NaN])]
      const { table } = yield* of({ histories }, [flatten, { name: "other", layers: null }])
      assert.deepStrictEqual(table, {
        networks: [
          {
            name: "flat",
            parameters: 8 * 8 * 3 * 2 + 2,
            bestEpoch: 2,
            validationAccuracy: 0.75,
            trainingAccuracy: 0.6,
            lastValidationAccuracy: 0.25,
            lastTrainingAccuracy: 0.8,
            testAccuracy: null
          },
          {
            name: "other",
            parameters: null,
            bestEpoch: null,
            validationAccuracy: null,
            trainingAccuracy: null,
            lastValidationAccuracy: null,
            lastTrainingAccuracy: 0.5,
            testAccuracy: null
          }
        ]
      })
      assert.strictEqual(images.read(), 0)
    })
  )

  it.effect("names the network that does best on the validation rows, the first of equals, and none of none", () =>
    Effect.gen(function* () {
      const networks = ["a", "b", "c"].map((name) => ({ name, layers: null }))
      const histories = [history([0.5]), history([0.25, 0.75]), history([0.75])]
      const metrics = [0.9, 0.6, 0.7].map((testAccuracy) => ({ testAccuracy }))
      const { best } = yield* of({ histories, metrics }, networks)
      assert.deepStrictEqual(best, { network: "b", validationAccuracy: 0.75, testAccuracy: 0.6 })
      const none = yield* of({ histories: [], metrics: [] }, [])
      assert.deepStrictEqual(none.best, { network: null, validationAccuracy: null, testAccuracy: null })
    })
  )

  it.effect("refuses names, histories and metrics of different numbers, and a network that the images do not fit", () =>
    Effect.gen(function* () {
      const two = [history([0.5]), history([0.5])]
      const fewer = yield* Effect.flip(of({ histories: two }, [flatten]))
      assert.strictEqual(
        fewer.message,
        "The sweep has 2 histories, 1 names and 0 metrics; expected one of each for every network, or no metrics. Correct the call of plot-sweep in the pipeline's build."
      )
      const metrics = [{ testAccuracy: 0.5 }]
      assert.include((yield* Effect.flip(of({ histories: two, metrics }, [flatten, flatten]))).message, "and 1 metrics")
      const pooled = { name: "pooled", layers: [{ kind: "max-pool", size: 16 }] }
      const misfit = yield* Effect.flip(of({ histories: [history([0.5])] }, [pooled]))
      assert.include(misfit.message, "its 16x16 windows make [0, 0, 3] of [8, 8, 3]")
    })
  )
})
