import { Effect, Schema } from "effect"
import { expect, it } from "vitest"
import * as Document from "../../artifacts/Document.ts"
import * as Graph from "../../engine/Graph.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Points from "../../engine/Points.ts"
import * as Stage from "../../engine/Stage.ts"

/** More than calls can be nested. */
const DEEP = 20_000

const Total = Document.make("Total", 1, Schema.Struct({ total: Schema.Number }))
const begin = Stage.make({
  name: "begin",
  inputs: {},
  outputs: { total: Total },
  run: () => Effect.succeed({ total: { total: 0 } })
})
const add = Stage.make({
  name: "add",
  inputs: { total: Total },
  params: { term: Param.make(Schema.Int, 0, "What is added") },
  outputs: { sum: Total },
  run: ({ total }, { term }) => Effect.succeed({ sum: { total: total.total + term } })
})
const deep = Pipeline.make({
  name: "deep",
  description: "One node after the other",
  params: { last: Param.make(Schema.Int, 0, "What is added at the end") },
  build: ({ last }) => {
    let { total } = begin({}, {})
    for (let term = 1; term < DEEP; term++) total = add({ total }, { term }).sum
    return { total: add({ total }, { term: DEEP + last }).sum }
  }
})

it("a pipeline may be deeper than calls can be nested, and its nodes stand in their order", () => {
  const { stages, results } = Pipeline.graph(deep, { last: 0 })
  expect(stages.map(({ name }) => name)).toEqual([
    "begin",
    ...Array.from({ length: DEEP }, (_, at) => `add[term=${at + 1}]`)
  ])
  const [last] = stages.slice(-1)
  expect(results).toEqual({ total: { node: last?.name, output: "sum" } })
})

it("so may the part of it that a node needs, and what a sweep makes of many", () => {
  const graph = Pipeline.graph(deep, { last: 0 })
  expect([...Graph.closure(graph, graph.stages.slice(-1))]).toEqual(graph.entries)
  const { graph: union } = Points.unionOf(deep, [{ last: 0 }, { last: 1 }], ["last"])
  expect(union.stages.length).toBe(DEEP + 2)
})
