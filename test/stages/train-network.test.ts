import { createHash } from "node:crypto"
import { expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type * as Checkpoint from "../../artifacts/Checkpoint.ts"
import type { Iteration } from "../../engine/Iteration.ts"
import * as ChosenBy from "../../images/artifacts/ChosenBy.ts"
import * as ClassNames from "../../images/artifacts/ClassNames.ts"
import type { History } from "../../images/artifacts/History.ts"
import { TensorflowLoader } from "../../images/services/Tensorflow.ts"
import { trainNetwork } from "../../stages/train-network.ts"

const [rows, cells] = [48, 4 * 4 * 3]
/** Images of two classes, of which one has three times as many, that no network tells apart on others. */
const pixels = {
  rows,
  header: { shapes: { image: [4, 4, 3] }, metadata: ClassNames.toMetadata(["cat", "dog"]) },
  batches: Stream.make({
    rows,
    columns: {
      image: {
        shape: [4, 4, 3],
        data: Float32Array.from({ length: rows * cells }, (_, at) => ((at * 7919) % 101) / 101)
      },
      label: Int32Array.from({ length: rows }, (_, row) => (row % 4 === 0 ? 1 : 0))
    }
  })
}

const defaults = Object.fromEntries(Object.entries(trainNetwork.params).map(([name, param]) => [name, param.default]))
interface Outputs {
  readonly fit: { readonly epochs: number; readonly bestEpoch: number; readonly isOver?: true }
  readonly history: ReturnType<typeof ArrowTable.fromBatch<typeof History.columns>>
}

/** Trains until the last epoch, or until it is over. */
const train = (epochs: number, given: Readonly<Record<string, unknown>>) =>
  Effect.gen(function* () {
    const iteration = yield* trainNetwork.definition.run(
      { pixels, validation: [] },
      { ...defaults, network: [{ kind: "flatten" }], batchSize: 8, ...given }
    ) as Effect.Effect<Iteration<Outputs, Error>, never, TensorflowLoader>
    const over = iteration.isOver ?? Effect.succeed(false)
    for (let epoch = 1; epoch <= epochs && !(yield* over); epoch++) yield* iteration.step(epoch)
    const state: Checkpoint.State = yield* iteration.save
    return { state, ...(yield* iteration.finish) }
  }).pipe(Effect.scoped)

/** What comes of three epochs: fewer would not tell schedules apart. */
const digestOf = (given: Readonly<Record<string, unknown>>) =>
  Effect.map(train(3, given), ({ state: { arrays } }) => {
    const hash = createHash("sha256")
    for (const { data } of Object.values(arrays)) hash.update(data)
    return hash.digest("hex")
  })

it.effect("train-network trains otherwise by each of its parameters, where it is said to count", () =>
  Effect.gen(function* () {
    const cosine = { schedule: "cosine", cosineEpochs: 2 }
    const step = { schedule: "step", stepEpochs: 1 }
    const given: ReadonlyArray<Readonly<Record<string, unknown>>> = [
      {},
      { optimizer: "adamw" },
      { optimizer: "adamw", weightDecay: 0.1 },
      { decay: 0.1 },
      cosine,
      { ...cosine, cosineEpochs: 3 },
      { ...cosine, cosineEnd: 0.5 },
      { ...cosine, warmUpEpochs: 1 },
      step,
      { ...step, stepFactor: 0.5 },
      { ...step, stepEpochs: 2 },
      { labelSmoothing: 0.1 },
      { classWeights: "balanced" },
      { flip: true },
      { shift: 0.25 }
    ]
    const digests = yield* Effect.forEach(given, digestOf)
    expect(new Set(digests).size).toBe(given.length)
    // and as if it were not there where it is said not to
    const idle = [
      { ...cosine, decay: 0.1, stepEpochs: 1 },
      { warmUpEpochs: 2, stepFactor: 0.5, weightDecay: 1 }
    ]
    expect(yield* Effect.forEach(idle, digestOf)).toEqual([digests[4], digests[0]])
  }).pipe(Effect.provide(TensorflowLoader.live))
)

it.effect("train-network tells that it is over, and by what its best epoch was chosen, where patience ended it", () =>
  Effect.gen(function* () {
    const impatient = yield* train(40, { patience: 2, patienceOn: "loss", learningRate: 0.05 })
    expect(impatient.fit).toMatchObject({ isOver: true, epochs: impatient.fit.bestEpoch + 2 })
    expect(impatient.fit.epochs).toBeLessThan(40)
    expect(ChosenBy.fromMetadata(impatient.history.metadata)).toBe("loss")
    const patient = yield* train(3, { patienceOn: "loss", learningRate: 0.05 })
    expect(patient.fit).not.toHaveProperty("isOver")
    expect([patient.fit.epochs, patient.history.metadata]).toEqual([3, {}])
  }).pipe(Effect.provide(TensorflowLoader.live))
)
