import { Array as Arr, Effect, Schema } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { Explained, explain, TaggedError } from "../artifacts/Explained.ts"
import { Files } from "../artifacts/Files.ts"
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

const isSource = (entry: Graph.Entry): entry is Graph.Entry & { readonly node: Node<SourceDefinition> } =>
  entry.node.definition._tag === "Source"

/** Finds and hashes what comes from outside. What sources need is accounted for by the pipeline's type. */
const resolve = ({ name, node: { definition, params } }: Graph.Entry & { readonly node: Node<SourceDefinition> }) =>
  Effect.gen(function* () {
    const events = yield* RunEvents
    const found = definition.resolve(params) as Effect.Effect<Files, unknown>
    const files = yield* found.pipe(
      Effect.provideService(ProgressListener, ({ note, done, total }) =>
        events.publish(RunEvent.Fetching({ what: note ?? name, done, total }))
      ),
      Effect.mapError((error) => new SourceFailed({ source: name, explained: explain(error) }))
    )
    const outputs: Record<string, Stored> = {}
    for (const [output, artifact] of Object.entries(definition.outputs))
      outputs[output] = yield* Effect.orDie(
        artifact.encode(Files.make(files), () => Effect.dieMessage("files are never written"))
      )
    yield* publish(RunEvent.SourceResolved({ source: name, label: files.label, notice: files.notice }))
    return [name, outputs] as const
  })

/** All of the graph's sources; the first that cannot be had is the failure. */
export const resolveAll = (graph: Graph.Graph): Effect.Effect<Outputs, SourceFailed, RunEvents> =>
  Effect.map(Effect.forEach(graph.entries.filter(isSource), resolve), Object.fromEntries)

/** The sources that can be had, and why the others cannot, by name. */
export const resolveEach = (graph: Graph.Graph) =>
  Effect.map(
    Effect.forEach(graph.entries.filter(isSource), (entry) => Effect.either(resolve(entry))),
    (found) => {
      const [failed, resolved] = Arr.separate(found)
      const outputs: Outputs = Object.fromEntries(resolved)
      return { outputs, failed: new Map(failed.map((failure) => [failure.source, failure])) }
    }
  )
