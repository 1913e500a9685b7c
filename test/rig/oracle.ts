import type { RunRecord } from "../../engine/RunRecord.ts"
import * as Graphs from "./random-graphs.ts"
import type { Session } from "./session.ts"

/** What a run must do, worked out from the meaning of the stages alone: values for contents, texts for keys. */
export interface Oracle {
  /** Meanings of keys that have a result, with the engine's key for each. */
  readonly known: Map<string, string>
}
export const make = (): Oracle => ({ known: new Map() })

type Expected = Readonly<Record<string, "ran" | "reused" | "failed" | "skipped">>

interface Known {
  readonly values: ReadonlyArray<number>
  /** What enters the keys of consumers: the content, or how streamed rows are made. */
  readonly input: unknown
  /** The node at the bottom, whose metadata travels with the rows. */
  readonly bottom: number
  /** The stored nodes whose bytes are read for it. */
  readonly reads: ReadonlyArray<number>
}

const valuesOf = (shape: ReturnType<typeof Graphs.wiring>[number], by: number, inputs: ReadonlyArray<Known>) => {
  const [first, second] = inputs.map(({ values }) => values)
  const { meaning, world } = Graphs
  switch (shape.stage) {
    case "take":
      return meaning.take(world.now.lists[shape.list] as Graphs.List, by)
    case "shift":
      return (first ?? []).map((value) => meaning.shift(value, by))
    case "double":
      return (first ?? []).map((value) => meaning.double(value, by))
    case "add":
      return meaning.add(first ?? [], second ?? [], by)
    case "total":
      return [
        meaning.total(
          inputs.map(({ values }) => values),
          by
        )
      ]
  }
}

/** What the next run of the session must make of each node, by number. Streamed nodes are left out. */
export const expected = (oracle: Oracle, session: Session) => {
  const nodes = Graphs.wiring(session.shape)
  const all: Array<Known> = []
  const keys = new Map<number, string>()
  const statuses: Record<string, Expected[string]> = {}
  for (const [index, node] of nodes.entries()) {
    const by = session.by[index] ?? 1
    const inputs = node.takes.map((from) => all[from] as Known)
    const values = valuesOf(node, by, inputs)
    const source = node.stage === "take" ? [Graphs.world.now.lists[node.list]] : inputs.map(({ input }) => input)
    const recipe = [node.stage, by, index, Graphs.world.now.code[node.stage], source]
    const bottom = node.stage === "shift" || node.stage === "double" ? (inputs[0]?.bottom ?? index) : index
    if (node.stage === "shift") {
      all.push({ values, input: recipe, bottom, reads: inputs.flatMap(({ reads }) => reads) })
      continue
    }
    all.push({ values, input: [index, values, bottom], bottom, reads: [index] })
    const parents = inputs.flatMap(({ reads }) => reads)
    const key = JSON.stringify(recipe)
    keys.set(index, key)
    statuses[index] = parents.some((parent) => statuses[parent] === "failed" || statuses[parent] === "skipped")
      ? "skipped"
      : oracle.known.has(key)
        ? "reused"
        : node.stage === "double" && by === Graphs.FAILS
          ? "failed"
          : "ran"
  }
  const isLost = (index: number) => {
    const engineKey = oracle.known.get(keys.get(index) ?? "")
    const trace = [...session.traces.values()].find(({ key }) => key === engineKey)
    return Object.values(trace?.outputs ?? {}).some(({ parts }) =>
      parts.some(({ object }) => !session.objects.has(object))
    )
  }
  // results are delivered, and a lost one made again, unless something failed
  const isDelivered = !Object.values(statuses).includes("failed")
  const needed = new Set(nodes.flatMap(({ stage }, index) => (isDelivered && stage === "total" ? [index] : [])))
  for (const [index, node] of [...nodes.entries()].reverse()) {
    if (statuses[index] === "reused" && needed.has(index) && isLost(index)) statuses[index] = "ran"
    if (statuses[index] !== "ran" && statuses[index] !== "failed") continue
    for (const read of node.takes.flatMap((from) => all[from]?.reads ?? [])) needed.add(read)
  }
  return { statuses: statuses as Expected, keys }
}

/** Remembers what a run left behind, and forgets what was deleted since. */
export const learn = (oracle: Oracle, { keys }: ReturnType<typeof expected>, { nodes }: RunRecord): void => {
  for (const { node, key, status } of nodes) {
    const meaning = keys.get(Graphs.numberOf(node))
    if (meaning !== undefined && key !== null && (status === "ran" || status === "reused"))
      oracle.known.set(meaning, key)
  }
}
export const forget = (oracle: Oracle, { traces }: Session): void => {
  const left = new Set<string>(traces.keys())
  for (const [meaning, key] of oracle.known) if (!left.has(key)) oracle.known.delete(meaning)
}
