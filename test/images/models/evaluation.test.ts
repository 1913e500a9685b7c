import { describe, expect, it, layer } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import * as Random from "../../../api/random.ts"
import * as ArrowTable from "../../../artifacts/ArrowTable.ts"
import * as Digest from "../../../artifacts/Digest.ts"
import { ConfusionMatrix } from "../../../images/artifacts/ConfusionMatrix.ts"
import { Metrics } from "../../../images/artifacts/Metrics.ts"
import { Predictions } from "../../../images/artifacts/Predictions.ts"
import * as DenseHead from "../../../images/models/DenseHead.ts"
import * as Evaluation from "../../../images/models/Evaluation.ts"
import * as Network from "../../../images/models/Network.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"

const names = ["cat", "dog", "frog"]
// actual cat, cat, dog, dog; predicted cat, dog, dog, dog; no frog at all
const labels = Int32Array.of(0, 0, 1, 1)
const probabilities = Float32Array.of(0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25, 0.75, 0, 0, 1, 0)
const tally = Evaluation.add(Evaluation.empty(3), labels, probabilities)

describe("metrics", () => {
  it("are accuracy, mean cross-entropy in nats, precision and recall, null where nothing was counted", () => {
    const { testLoss, ...metrics } = Evaluation.metrics(tally, names)
    expect(testLoss).toBeCloseTo((Math.log(2) + Math.log(4) + Math.log(4 / 3)) / 4, 12)
    expect(metrics).toStrictEqual({
      testAccuracy: 0.75,
      rows: 4,
      classes: [
        { name: "cat", rows: 2, precision: 1, recall: 0.5 },
        { name: "dog", rows: 2, precision: 2 / 3, recall: 1 },
        { name: "frog", rows: 0, precision: null, recall: null }
      ]
    })
  })

  it("are the same however the rows are batched", () => {
    const parts = [0, 1, 2, 3].reduce(
      (sum, row) => Evaluation.add(sum, labels.subarray(row, row + 1), probabilities.subarray(row * 3, row * 3 + 3)),
      Evaluation.empty(3)
    )
    expect(parts).toStrictEqual(tally)
  })

  it("stay finite when the true class was given no probability", () => {
    const sure = Evaluation.add(Evaluation.empty(2), Int32Array.of(0), Float32Array.of(0, 1))
    expect(Evaluation.loss(sure)).toBeCloseTo(126 * Math.log(2), 9)
  })

  it.effect("fit their artifacts, as do the confusion matrix and the predictions", () =>
    Effect.gen(function* () {
      const write = (bytes: Uint8Array) => Effect.succeed(Digest.ofBytes(bytes))
      yield* Metrics.encode(Evaluation.metrics(tally, names), write)
      const confusion = Evaluation.confusion(tally, names)
      const table = yield* ConfusionMatrix.encode({ metadata: {}, batches: Stream.make(confusion) }, write)
      expect(table.rows).toBe(9)
      expect([...confusion.columns.count]).toStrictEqual([1, 1, 0, 0, 2, 0, 0, 0, 0])
      expect([confusion.columns.actual[1], confusion.columns.predicted[1]]).toStrictEqual(["cat", "dog"])
      const predictions = Evaluation.predictions(labels, probabilities, 3)
      yield* ArrowTable.checkBatch(Predictions, predictions, null)
      expect([...predictions.columns.predicted]).toStrictEqual([0, 1, 1, 1])
    })
  )
})

it.effect("rows that come few at a time are predicted by whole batches, in their order", () =>
  Effect.gen(function* () {
    const size = 3
    const rows = 700
    const inputs = Float32Array.from({ length: rows * size }, (_, at) => at)
    const labels = Int32Array.from({ length: rows }, (_, row) => row)
    // as the engine passes rows, as a table's chunk has them, none at all, and the rest
    const cuts = [0, 32, 64, 64, 600, 690, rows]
    const parts = cuts.slice(1).map((end, at) => {
      const start = cuts[at] ?? 0
      return { inputs: inputs.subarray(start * size, end * size), labels: labels.subarray(start, end) }
    })
    const whole = [...(yield* Stream.runCollect(Evaluation.inWholeBatches(Stream.fromIterable(parts), size)))]
    expect(whole.map(({ labels }) => labels.length)).toStrictEqual([256, 256, 188])
    expect(whole.flatMap((batch) => [...batch.labels])).toStrictEqual([...labels])
    expect(whole.flatMap((batch) => [...batch.inputs])).toStrictEqual([...inputs])
    expect(yield* Stream.runCollect(Evaluation.inWholeBatches(Stream.empty, size))).toHaveLength(0)
  })
)

it("predictions keep nothing of the chunk that their labels are a view into", () => {
  const chunk = new ArrayBuffer(1 << 20)
  const { columns } = Evaluation.predictions(new Int32Array(chunk, 64, 4), probabilities, 3)
  expect(columns.label.buffer.byteLength).toBe(16)
})

describe("class names", () => {
  it.effect("of another dataset, or in another order, are refused with both lists", () =>
    Effect.gen(function* () {
      yield* Evaluation.sameClasses(names, [...names])
      const refused = yield* Effect.flip(Evaluation.sameClasses(names, ["dog", "cat", "frog"]))
      expect(refused.message).toContain("dog, cat, frog; expected the model's, cat, dog, frog. Evaluate")
      expect(Schema.is(Evaluation.ClassesDiffer)(refused)).toBe(true)
    })
  )
})

layer(Tensorflow.live)("a predictor", (it) => {
  const floats = (step: number, count: number) =>
    Random.uniform({ seed: 1, purpose: "weights", epoch: 0, step }, count, 0.2)
  const weights = [floats(1, 1280 * 16), floats(2, 16), floats(3, 48), floats(4, 3)]

  it.effect("gives a row the same bits in any batch, probabilities that sum to one, and every tensor back", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const before = tf.memory().numTensors
      yield* Effect.gen(function* () {
        const network = yield* Network.check(
          Network.withEnd(DenseHead.layers({ units: 16, dropout: 0.5 }), 3),
          [1280],
          3
        )
        const predict = yield* Evaluation.predictor(network, weights)
        const features = floats(5, 1280 * 300)
        const whole = yield* predict(features)
        const parts = yield* Effect.forEach([0, 7, 257, 299], (start, at) =>
          predict(features.subarray(start * 1280, ([7, 257, 299, 300][at] ?? 0) * 1280))
        )
        expect(parts.flatMap((part) => [...part])).toStrictEqual([...whole])
        expect((whole[0] ?? 0) + (whole[1] ?? 0) + (whole[2] ?? 0)).toBeCloseTo(1, 6)
        expect(yield* predict(new Float32Array())).toHaveLength(0)
      }).pipe(Effect.scoped)
      expect(tf.memory().numTensors).toBe(before)
    })
  )
})
