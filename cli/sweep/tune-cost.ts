import { Effect } from "effect"
import * as Estimate from "../../engine/Estimate.ts"
import type * as Goal from "../../engine/Goal.ts"
import * as Graph from "../../engine/Graph.ts"
import * as Halving from "../../engine/Halving.ts"
import { partOf } from "../../engine/Node.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import { layerSilent } from "../../engine/RunEvent.ts"
import { formatSeconds } from "../../kinds/format.ts"
import { singular } from "./tune-table.ts"

interface Asked {
  readonly metric: Goal.Metric
  readonly steps: string | null
  readonly varied: ReadonlyArray<string>
  /** Of this machine; null where others compute. */
  readonly cores: number | null
}

/** Seconds of the whole machine, as far as earlier results tell. */
export interface Likely {
  /** That all trials need, and is still to be made; null where nothing tells. */
  readonly shared: number | null
  /** Of a step of a trial, or of a trial where nothing iterates. */
  readonly step: number | null
}

const NOTHING: Likely = { shared: null, step: null }

/** What the first trial is likely to take, which stands for the others. */
export const likely = (
  pipeline: Pipeline.AnyPipeline,
  first: Readonly<Record<string, unknown>>,
  { metric, steps, varied, cores }: Asked
) =>
  Effect.gen(function* () {
    const graph = Pipeline.graph(pipeline, first)
    const { entries } = yield* Plan.entries(graph, new Set(), new Set([metric.node]))
    const estimates = yield* Estimate.estimates(entries)
    const own = new Set([...varied, ...(steps === null ? [] : [steps])])
    const ownEntries = new Set<Graph.Entry>()
    let [shared, each] = [0, 0]
    let isKnown = true
    for (const { entry, planned } of entries) {
      const { definition, given, params } = entry.node
      // what is made of a trial's own results is its own as well
      const isOwn =
        Object.keys(definition.params).some((name) => name in given && own.has(name)) ||
        Graph.parents(graph, entry).some((parent) => ownEntries.has(parent))
      if (isOwn) ownEntries.add(entry)
      if (planned.status === "stream" || planned.status === "unasked") continue
      const seconds = estimates.get(entry.name)?.seconds ?? planned.seconds
      if (seconds === null) isKnown = isKnown && !isOwn
      else if (isOwn) each += seconds * partOf(definition.share(params), cores)
      else if (planned.status !== "reuse") shared += seconds
    }
    const most = steps === null ? 1 : (first[steps] as number)
    return { shared, step: isKnown && each > 0 ? each / most : null } satisfies Likely
  }).pipe(
    // what keeps a plan from being made keeps the tune from beginning, which says so, as it does of sources
    Effect.catchAll(() => Effect.succeed(NOTHING)),
    Effect.provide(layerSilent)
  )

/** `; about 3 min (1.2 s per epoch), less for what is cached`: nothing where nothing is known. */
export const likelyText = (
  { shared, step }: Likely,
  trials: number,
  rungs: Halving.Rungs,
  steps: string | null
): string => {
  if (step === null) return ""
  const cost = Halving.costOf(trials, rungs)
  const first = shared === null || shared === 0 ? "" : `, ${formatSeconds(shared)} of them for what trials share`
  const unit = `per ${steps === null ? "trial" : singular(steps)}`
  return `; about ${formatSeconds((shared ?? 0) + step * cost)} (${formatSeconds(step)} ${unit}${first}), less for what is cached`
}
