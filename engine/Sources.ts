import { Array as Arr, Effect, Schema } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { Explained, explain, TaggedError } from "../artifacts/Explained.ts"
import { type Expected, Files } from "../artifacts/Files.ts"
import { SourceFiles } from "../cache/SourceFiles.ts"
import type * as Graph from "./Graph.ts"
import type { Node, SourceDefinition } from "./Node.ts"
import type { Outputs } from "./NodeKey.ts"
import { ProgressListener } from "./Progress.ts"
import { publish, RunEvent, RunEvents } from "./RunEvent.ts"

/** A dataset or weight file that could not be found, fetched or hashed; the sentence is the source's own. */
export class SourceFailed extends TaggedError<SourceFailed>()(
  "SourceFailed",
  { source: Schema.String, explained: Explained },
  ({ explained }) => explained
) {}

/** The use of a source in a graph. */
export interface SourceEntry extends Graph.Entry {
  readonly node: Node<SourceDefinition>
}

export const isSource = (entry: Graph.Entry): entry is SourceEntry => entry.node.definition._tag === "Source"

/** What was found of sources, by their names. */
export interface Found {
  readonly outputs: Outputs
  /** Brings the bytes of those that are not here yet, once: whoever reads them waits for it. */
  readonly expected: ReadonlyMap<string, Effect.Effect<void, SourceFailed>>
}

export interface Resolved {
  readonly name: string
  readonly outputs: Readonly<Record<string, Stored>>
  readonly bring: Effect.Effect<void, SourceFailed> | null
}

const together = (all: ReadonlyArray<Resolved>): Found => ({
  outputs: Object.fromEntries(all.map(({ name, outputs }) => [name, outputs])),
  expected: new Map(all.flatMap(({ name, bring }) => (bring === null ? [] : [[name, bring] as const])))
})

/** Finds and hashes what comes from outside. What sources need is accounted for by the pipeline's type. */
export const resolve = ({
  name,
  node: { definition, params }
}: SourceEntry): Effect.Effect<Resolved, SourceFailed, RunEvents> =>
  Effect.gen(function* () {
    const events = yield* RunEvents
    const asSource = <A, E, R>(work: Effect.Effect<A, E, R>) =>
      work.pipe(
        Effect.provideService(ProgressListener, ({ note, done, total }) =>
          events.publish(RunEvent.Fetching({ what: note ?? name, done, total }))
        ),
        Effect.mapError((error) => new SourceFailed({ source: name, explained: explain(error) }))
      )
    const found = yield* asSource(definition.resolve(params) as Effect.Effect<Files | Expected, unknown>)
    const { digest, path, label, notice } = found
    const files = Files.make({ digest, path, label, notice })
    const outputs: Record<string, Stored> = {}
    for (const [output, artifact] of Object.entries(definition.outputs))
      outputs[output] = yield* Effect.orDie(artifact.encode(files, () => Effect.dieMessage("files are never written")))
    yield* publish(RunEvent.SourceResolved({ source: name, label: files.label, notice: files.notice }))
    const { obtain } = yield* SourceFiles
    const resolved: Resolved = {
      name,
      outputs,
      // a store may be nearer than where it is published
      bring:
        "fetch" in found
          ? yield* Effect.cached(asSource(Effect.asVoid(Effect.unlessEffect(found.fetch, obtain(files)))))
          : null
    }
    return resolved
  })

/** All of the graph's sources; the first that cannot be had is the failure. */
export const resolveAll = (graph: Graph.Graph): Effect.Effect<Found, SourceFailed, RunEvents> =>
  Effect.map(Effect.forEach(graph.entries.filter(isSource), resolve), together)

/** The sources that can be had, and why the others cannot, by name. */
export const resolveEach = (graph: Graph.Graph) =>
  Effect.map(
    Effect.forEach(graph.entries.filter(isSource), (entry) => Effect.either(resolve(entry))),
    (found) => {
      const [failed, resolved] = Arr.separate(found)
      return { ...together(resolved), failed: new Map(failed.map((failure) => [failure.source, failure])) }
    }
  )
