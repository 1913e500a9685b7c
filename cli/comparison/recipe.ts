import type { Stored } from "../../artifacts/Artifact.ts"
import * as Digest from "../../artifacts/Digest.ts"
import * as Reason from "../../cache/Reason.ts"
import type { Trace } from "../../cache/Trace.ts"
import type { NodeRecord } from "../../engine/RunRecord.ts"

type Traces = ReadonlyMap<string, Trace>

/** Whether what is stored is there to be looked at: a run draws it, a point of a sweep does not. */
export type IsPicture = (stored: Stored) => boolean

const isStored = ({ status }: NodeRecord): boolean => status === "ran" || status === "reused"

/** Traces by stage and place among those of the stage: a sweep puts parameters into its nodes' names, the seed as well. */
const byPlace = (traces: Traces, isPicture: IsPicture): ReadonlyMap<string, Trace> => {
  const counts = new Map<string, number>()
  return new Map(
    [...traces.values()].flatMap((trace) => {
      if (Object.values(trace.outputs).every(isPicture)) return []
      const { stage } = trace.text
      const place = (counts.get(stage) ?? 0) + 1
      counts.set(stage, place)
      return [[`${stage} ${place}`, trace] as const]
    })
  )
}

/**
 * A digest of the nodes' keys with the seed taken out, and with what other nodes of the run made called by its place, not by
 * its content, which follows from the seed. Null where a trace is gone.
 */
export const recipeOf = (
  nodes: ReadonlyArray<NodeRecord>,
  traces: Traces,
  isPicture: IsPicture
): Digest.Digest | null => {
  if (nodes.filter(isStored).some(({ node }) => !traces.has(node))) return null
  const placed = byPlace(traces, isPicture)
  const made = new Map<string, string>()
  for (const [place, { outputs }] of placed)
    for (const [output, { content }] of Object.entries(outputs))
      if (!made.has(content)) made.set(content, `${place} ${output}`)
  const texts = [...placed].map(([place, { text }]) => {
    const json = JSON.stringify(text, (name, value: unknown) => (name === "seed" ? undefined : value))
    return `${place} ${json.replace(/[0-9a-f]{64}/g, (digest) => made.get(digest) ?? digest)}`
  })
  return Digest.ofBytes(texts.sort().join("\n"))
}

/** What two runs of the same parameters differ in, beside the seed: the first stage of which that is true, and why. */
export const differenceOf = (before: Traces, after: Traces, isPicture: IsPicture): string | null => {
  const others = byPlace(before, isPicture)
  for (const [place, { text, labels }] of byPlace(after, isPicture)) {
    const other = others.get(place)
    if (other === undefined) continue
    // what another node of the run made: that one is told of, if it differs in more than its seed
    const isOwn = (name: string) => [...after.keys()].some((each) => (labels[name] ?? "").startsWith(`${each}.`))
    const reasons = Reason.differences(other.text, text, { before: other.labels, after: labels }).filter(
      (reason) =>
        !(reason._tag === "ParamChanged" && reason.name === "seed") &&
        !(reason._tag === "InputChanged" && isOwn(reason.name))
    )
    if (reasons.length > 0) return `${text.stage}: ${reasons.map(Reason.render).join("; ")}`
  }
  return null
}
