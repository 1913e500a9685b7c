/**
 * Where a training stands after an epoch, and how that is written, so that more epochs go on from it.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { type Checkpoint, Explained } from "headrace"
import { BoundedJson } from "headrace/files"
import { bestOf, Epoch, type Measure } from "./Epoch.ts"
import * as Network from "./Network.ts"

/** Everything that the next epoch depends on. Arrays are in the order of `Network.weights`. */
export interface TrainingState {
  readonly weights: ReadonlyArray<Float32Array>
  /** What the optimizer keeps: the slots of the first weight, then those of the next. */
  readonly slots: ReadonlyArray<Float32Array>
  readonly history: ReadonlyArray<Epoch>
  readonly best: Best | undefined
}

/** The best epoch so far, the earliest of equals. */
export interface Best {
  readonly epoch: number
  readonly weights: ReadonlyArray<Float32Array>
}

/** A state that is not of this network's training. */
export class StateUnreadable extends Explained.TaggedError<StateUnreadable>()(
  "StateUnreadable",
  { what: Schema.String },
  ({ what }) => ({
    what: `The state of the training cannot be used: ${what}`,
    expected: "one of the same network and optimizer",
    fix: "Remove it from traces/ in the cache: the training then starts from its first epoch."
  })
) {}

const History = BoundedJson.schema(Schema.NonEmptyArray(Epoch))

/** The arrays under names such as `dense_1/kernel`, `dense_1/kernel/slot_0` and `best/dense_1/kernel`. */
export const write = (network: Network.Checked, { weights, slots, history, best }: TrainingState): Checkpoint.State => {
  const named = Network.weights(network)
  const perWeight = slots.length / named.length
  const arrays: Record<string, Checkpoint.State["arrays"][string]> = {}
  named.forEach(({ layer, name, shape }, at) => {
    const own = `${layer}/${name}`
    arrays[own] = { shape, data: weights[at] as Float32Array }
    slots.slice(at * perWeight, (at + 1) * perWeight).forEach((data, slot) => {
      arrays[`${own}/slot_${slot}`] = { shape, data }
    })
    // the newest epoch's weights stand there already
    const kept = best === undefined || best.epoch === history.length ? undefined : best.weights[at]
    if (kept !== undefined) arrays[`best/${own}`] = { shape, data: kept }
  })
  return { arrays, texts: { history: JSON.stringify(history) } }
}

/** What `write` wrote for a training of this network, whose optimizer keeps so many slots a weight and whose best epoch is chosen by a measure. */
export const read = (
  network: Network.Checked,
  slotsPerWeight: number,
  by: Measure,
  { arrays, texts }: Checkpoint.State
): Effect.Effect<TrainingState, StateUnreadable> =>
  Effect.gen(function* () {
    const history = yield* Schema.decodeUnknown(History)(texts.history).pipe(
      Effect.mapError(({ message }) => new StateUnreadable({ what: `its history: ${message}` }))
    )
    const find = (name: string, shape: ReadonlyArray<number>) => {
      const found = arrays[name]
      return found !== undefined && found.shape.join() === shape.join()
        ? Effect.succeed(found.data)
        : new StateUnreadable({ what: `it has no "${name}" of [${shape.join(", ")}]` })
    }
    const named = Network.weights(network).map(({ layer, name, shape }) => ({ own: `${layer}/${name}`, shape }))
    const all = (prefix: string, suffix = "") =>
      Effect.forEach(named, ({ own, shape }) => find(`${prefix}${own}${suffix}`, shape))
    const weights = yield* all("")
    const slots = yield* Effect.forEach(named, ({ own, shape }) =>
      Effect.forEach(Array.from({ length: slotsPerWeight }), (_, slot) => find(`${own}/slot_${slot}`, shape))
    )
    const row = bestOf(history, by)
    const best =
      row === undefined
        ? undefined
        : {
            epoch: row.epoch,
            weights: row.epoch === history.length ? weights : yield* all("best/")
          }
    return { weights, slots: slots.flat(), history, best }
  })
