import { Effect } from "effect"
import * as Key from "../cache/Key.ts"
import * as Reason from "../cache/Reason.ts"
import { type Trace, TraceStore, totals } from "../cache/Trace.ts"
import type * as Plan from "./Plan.ts"

/** What a node that is to run, or may, is likely to take, by an earlier result of its stage. */
export interface Estimate {
  /** Of the node alone, on the machine that computed the earlier result. */
  readonly seconds: number
  /** Of all its outputs. */
  readonly bytes: number
  /** The key of the result that it goes by. */
  readonly from: string
}

/** So many of a stage's results are compared, the newest. */
const MOST_COMPARED = 200

/** How much there is of a node, beside how much there was of another. */
interface Share {
  readonly seconds: number
  readonly bytes: number
}

/** By the chunks of a table, or the steps of a training; the same as before where nothing tells. */
const shareOf = ({ entry: { node }, planned }: Plan.Entry, before: Trace): Share => {
  const { chunks, reasons } = planned
  if (chunks !== null && before.chunks !== null && before.chunks.ran > 0) {
    const seconds = chunks.ran / before.chunks.ran
    return { seconds, bytes: (chunks.ran + chunks.reused) / (before.chunks.ran + before.chunks.reused) }
  }
  const { iterates } = node.definition
  const done = iterates === null ? null : before.text.params[iterates.steps]
  if (iterates === null || typeof done !== "number" || done === 0) return { seconds: 1, bytes: 1 }
  const kept = reasons.reduce((at, reason) => (reason._tag === "Continues" ? reason.at : at), 0)
  return { seconds: ((node.params[iterates.steps] as number) - kept) / done, bytes: 1 }
}

/** In how many parameters and inputs two results of a stage differ. Other code takes about the same time. */
const distance = (before: Trace, text: Key.KeyText): number =>
  Reason.differences(before.text, Key.withContentsOf(text, before.text), {
    before: before.labels,
    after: before.labels
  }).filter(({ _tag }) => _tag === "ParamChanged" || _tag === "InputChanged").length

const estimate = (one: Plan.Entry): Effect.Effect<Estimate | null, never, TraceStore> =>
  Effect.gen(function* () {
    const { decision, planned } = one
    if ((planned.status !== "run" && planned.status !== "maybe") || decision === null) return null
    const traces = yield* Effect.flatMap(TraceStore, ({ ofStage }) => ofStage(decision.text.stage))
    let nearest: Trace | null = null
    let least = Number.POSITIVE_INFINITY
    for (const trace of traces.slice(0, MOST_COMPARED)) {
      const apart = distance(trace, decision.text)
      if (apart >= least) continue
      nearest = trace
      least = apart
    }
    if (nearest === null) return null
    const share = shareOf(one, nearest)
    const bytes = Math.round(totals(nearest).bytes * share.bytes)
    return { seconds: nearest.seconds * share.seconds, bytes, from: nearest.key }
  })

/**
 * What the nodes that are to run, or may, are likely to take, by their names: each goes by the nearest earlier result of its stage, the newest
 * of several. Those whose stage has none are left out.
 */
export const estimates = (
  entries: ReadonlyArray<Plan.Entry>
): Effect.Effect<ReadonlyMap<string, Estimate>, never, TraceStore> =>
  Effect.gen(function* () {
    const found = new Map<string, Estimate>()
    for (const one of entries) {
      const likely = yield* estimate(one)
      if (likely !== null) found.set(one.entry.name, likely)
    }
    return found
  })
