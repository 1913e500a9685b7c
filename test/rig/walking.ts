import { expect } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Checkpoint from "../../artifacts/Checkpoint.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import * as Stage from "../../engine/Stage.ts"
import * as Toys from "./toys.ts"

// An iterating stage that tells which of its steps ran, and a pipeline of it.

const Walked = Document.make("Walked", 1, Schema.Struct({ place: Schema.Number, path: Schema.Array(Schema.Number) }))
const WalkState = Checkpoint.make("WalkState", 1)

/** The numbers of the steps that ran, what became of their states, and the step at whose beginning the next run is killed. */
export const world = { steps: [] as Array<number>, killAt: Number.POSITIVE_INFINITY, states: [] as Array<string> }
export const resetWorld = () => void Object.assign(world, { steps: [], killAt: Number.POSITIVE_INFINITY, states: [] })

const params = {
  steps: Param.make(Schema.Int.pipe(Schema.positive()), 5, "Steps to walk"),
  stride: Param.make(Schema.Number, 1, "Length of a step"),
  until: Param.make(Schema.NullOr(Schema.Int), null, "Places after which the walk is over"),
  forgetful: Param.make(Schema.Boolean, false, "Keeps part of where it is out of its state: a bug")
}

/** A walk whose every place depends on the one before, in an order that matters. */
const walk = Stage.iterate({
  name: "walk",
  inputs: { total: Toys.Total },
  params,
  steps: "steps",
  state: WalkState,
  outputs: { walked: Walked },
  run: ({ total }, { stride, until, forgetful, ...others }) =>
    Effect.sync(() => {
      expect(others).not.toHaveProperty("steps")
      // worked on in place, and saved as it is
      const place = Float32Array.of(total.total)
      let path: ReadonlyArray<number> = []
      return {
        resume: ({ arrays, texts }) =>
          Effect.sync(() => {
            place.set(arrays.place?.data ?? [Number.NaN])
            path = forgetful ? [] : JSON.parse(texts.path ?? "null")
          }),
        step: (at) =>
          at === world.killAt
            ? Effect.interrupt
            : Effect.sync(() => {
                world.steps.push(at)
                place[0] = Math.fround((place[0] ?? 0) * 0.75) + stride * at
                path = [...path, ...place]
                return `at ${place}`
              }),
        isOver: Effect.sync(() => until !== null && path.length >= until),
        save: Effect.sync(() => {
          world.states.push("saved")
          return { arrays: { place: { shape: [1], data: place } }, texts: { path: JSON.stringify(path) } }
        }),
        finish: Effect.sync(() => ({ walked: { place: place[0] ?? 0, path } }))
      }
    })
})

export const walking = Pipeline.make({
  name: "walking",
  description: "Walks from a sum",
  params: { ...Toys.list.params, ...params },
  build: (values) => {
    const { numbers } = Toys.read({ file: Toys.list(values) }, values)
    const { total } = Toys.sum({ tables: [Toys.double({ numbers }).doubled] })
    return { walked: walk({ total }, values).walked }
  }
})

export const runWalk = (given: Readonly<Record<string, unknown>> = {}) =>
  Effect.flatMap(Effect.orDie(Pipeline.decodeParams(walking, given)), (values) =>
    Run.run(walking, values, { cores: 2 })
  )
