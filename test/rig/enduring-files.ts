/** What a project of `storing-project.ts` has besides where it is to hold out: many nodes, and models that nobody may keep in memory. */
export const ENDURING: Readonly<Record<string, string>> = {
  "artifacts/Weights.ts": `
    import { ArrowTable, Column } from "headrace"

    export const Weights = ArrowTable.make("Weights", 1, { layer: Column.tensor([Column.open], "float32") })
  `,
  "stages/grow.ts": `
    import { Effect, Schema } from "effect"
    import { ArrowTable, Param, Stage } from "headrace"
    import { Weights } from "../artifacts/Weights.ts"

    const LAYERS = 8

    export const grow = Stage.make({
      name: "grow",
      inputs: {},
      params: {
        seed: Param.make(Schema.Int, 0, "Which model"),
        megabytes: Param.make(Schema.Int, 1, "How large it is")
      },
      outputs: { weights: Weights },
      run: ({}, { seed, megabytes }) =>
        Effect.sync(() => {
          const data = new Float32Array((megabytes * 1e6) / 4).fill(seed + 1)
          return { weights: ArrowTable.of(Weights, { layer: { shape: [data.length / LAYERS], data } }) }
        })
    })
  `,
  "stages/weigh.ts": `
    import { Effect, Stream } from "effect"
    import { Stage } from "headrace"
    import { Total } from "../artifacts/Numbers.ts"
    import { Weights } from "../artifacts/Weights.ts"

    export const weigh = Stage.make({
      name: "weigh",
      inputs: { weights: Weights },
      outputs: { weight: Total },
      run: ({ weights }) =>
        Effect.map(
          Stream.runFold(weights.batches, 0, (sum, batch) => batch.columns.layer.data.reduce((some, one) => some + one, sum)),
          (total) => ({ weight: { total } })
        )
    })
  `,
  "pipelines/growing.ts": `
    import { Pipeline } from "headrace"
    import { grow } from "../stages/grow.ts"
    import { weigh } from "../stages/weigh.ts"

    export const growing = Pipeline.make({
      name: "growing",
      description: "A large model, and what it weighs",
      params: grow.params,
      build: (params) => ({ weight: weigh({ weights: grow({}, params).weights }).weight })
    })
  `,
  "stages/begin.ts": `
    import { Effect, Schema } from "effect"
    import { Param, Stage } from "headrace"
    import { Total } from "../artifacts/Numbers.ts"

    export const begin = Stage.make({
      name: "begin",
      inputs: {},
      params: { at: Param.make(Schema.Int, 0, "The number") },
      outputs: { begun: Total },
      run: ({}, { at }) => Effect.succeed({ begun: { total: at } })
    })
  `,
  "stages/add.ts": `
    import { Effect, Schema } from "effect"
    import { Param, Stage } from "headrace"
    import { Total } from "../artifacts/Numbers.ts"

    export const add = Stage.make({
      name: "add",
      inputs: { before: Total },
      params: { term: Param.make(Schema.Int, 0, "What is added") },
      outputs: { after: Total },
      run: ({ before }, { term }) => Effect.succeed({ after: { total: before.total + term } })
    })
  `,
  "stages/sum.ts": `
    import { Effect } from "effect"
    import { Stage } from "headrace"
    import { Total } from "../artifacts/Numbers.ts"

    export const sum = Stage.make({
      name: "sum",
      inputs: { all: Stage.many(Total) },
      outputs: { sum: Total },
      run: ({ all }) => Effect.succeed({ sum: { total: all.reduce((total, one) => total + one.total, 0) } })
    })
  `,
  "pipelines/many.ts": `
    import { Schema } from "effect"
    import { Param, Pipeline } from "headrace"
    import { add } from "../stages/add.ts"
    import { begin } from "../stages/begin.ts"
    import { sum } from "../stages/sum.ts"

    export const many = Pipeline.make({
      name: "many",
      description: "Half of its nodes beside each other, and half one after the other",
      params: { half: Param.make(Schema.Int, 10, "How many") },
      build: ({ half }) => {
        const beside = Array.from({ length: half }, (_, at) => begin({}, { at }).begun)
        let after = sum({ all: beside }).sum
        for (let term = 1; term < half; term++) after = add({ before: after }, { term }).after
        return { total: after }
      }
    })
  `
}
