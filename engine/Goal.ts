import type { AnyArtifact } from "../artifacts/Artifact.ts"
import type { Document } from "../artifacts/Document.ts"
import type * as Graph from "./Graph.ts"

/** What trials are compared by: a number of a pipeline's documents. */
export interface Goal {
  readonly direction: "max" | "min"
  /** The number's name, behind its result's and a dot where several documents have one of that name. */
  readonly metric: string
}

/** A number of a document among a pipeline's results. */
export interface Metric {
  readonly result: string
  readonly field: string
  /** The node that makes the document. */
  readonly node: string
}

const isDocument = (artifact: AnyArtifact | undefined): artifact is Document<string, unknown> =>
  artifact?.kind === "document"

/** Every number that a pipeline's results tell of a run. */
export const metricsOf = ({ results, entries }: Graph.Graph): ReadonlyArray<Metric> => {
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  return Object.entries(results).flatMap(([result, { node, output }]) => {
    const artifact = byName.get(node)?.node.definition.outputs[output]
    return isDocument(artifact) ? artifact.numbers.map((field) => ({ result, field, node })) : []
  })
}

/** How a metric is called: by its field, unless others have one of that name. */
export const nameOf = ({ result, field }: Metric, all: ReadonlyArray<Metric>): string =>
  all.filter((each) => each.field === field).length > 1 ? `${result}.${field}` : field

/** The metric of that name; null where there is none, or none alone. */
export const find = (all: ReadonlyArray<Metric>, name: string): Metric | null => {
  const exact = all.filter((each) => `${each.result}.${each.field}` === name)
  const [only = null, ...others] = exact.length > 0 ? exact : all.filter(({ field }) => field === name)
  return others.length === 0 ? only : null
}

/** What a trial came to, from the documents of its results; null where that is no finite number. */
export const scoreOf = ({ result, field }: Metric, documents: Readonly<Record<string, unknown>>): number | null => {
  const document = documents[result]
  const value =
    typeof document === "object" && document !== null ? (document as Readonly<Record<string, unknown>>)[field] : null
  return typeof value === "number" && Number.isFinite(value) ? value : null
}
