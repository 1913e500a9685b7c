import { Effect } from "effect"
import * as Pipeline from "../../engine/Pipeline.ts"
import type { Part } from "../../engine/Points.ts"
import { Refresh } from "../../engine/Source.ts"
import * as Until from "../../engine/Until.ts"
import { kept, nodeNamed, nodesNamed } from "../address/node-address.ts"
import { type Flag, type Given, type Option, textsGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"

const refresh: Flag = {
  name: "--refresh",
  description: "Look again for better editions of datasets and weights"
}

const again: Option = {
  name: "--again",
  value: "NODE",
  description: "A node that is computed although its result is kept, and what changes by it; repeat it for several",
  expected: "a node's name",
  example: "train",
  isRepeated: true
}

const until: Option = {
  name: "--until",
  value: "NODE",
  description:
    "A node that is enough: it and what it needs are carried out, and no other. A stage's name stands for its nodes; repeat it for several",
  expected: "a node's name",
  example: "extract-features",
  isRepeated: true
}

/** What says which part of a pipeline is carried out, and whether more is than what is not kept. */
export const flags = [refresh]
export const options = [again, until]

/** The nodes that are named, or whose artifacts are: those to compute again, and those that are enough. */
export const asked = (
  pipeline: Pipeline.AnyPipeline,
  values: Readonly<Record<string, unknown>>,
  given: Given
): Effect.Effect<Part, UsageInvalid> =>
  Effect.gen(function* () {
    const named = { again: textsGiven(given, again), until: textsGiven(given, until) }
    if (named.again.length + named.until.length === 0) return { again: new Set<string>(), until: null }
    const graph = Pipeline.graph(pipeline, values)
    const found = yield* Effect.forEach(named.until, (name) => nodesNamed(graph, pipeline.name, name))
    const enough = named.until.length === 0 ? null : yield* kept(graph, found.flat())
    const anew = yield* kept(graph, yield* Effect.forEach(named.again, (name) => nodeNamed(graph, pipeline.name, name)))
    const { stages } = Until.part(graph, enough)
    for (const name of anew) {
      if (stages.some((entry) => entry.name === name)) continue
      return yield* new UsageInvalid({
        what: `--again ${name} asks for a node that --until ${named.until.join(" --until ")} leaves out`,
        expected: `one of ${stages.map((entry) => entry.name).join(", ")}`,
        fix: `Leave one of the two out, or add --until ${name}.`
      })
    }
    return { again: anew, until: enough }
  })

/** Looks again for what comes from outside where that is asked for. */
export const refreshing = (given: Given) => Effect.provideService(Refresh, given.flags.has(refresh))
