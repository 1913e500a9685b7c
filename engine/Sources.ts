import { Effect, Schema } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { Files } from "../artifacts/Files.ts"
import { type Explained, explain } from "./Failure.ts"
import type * as Graph from "./Graph.ts"
import type { Outputs } from "./NodeKey.ts"
import { ProgressListener } from "./Progress.ts"
import { publish, RunEvent, RunEvents } from "./RunEvent.ts"

/** A dataset or weight file that could not be found, fetched or hashed; the sentence is the source's own. */
export class SourceFailed extends Schema.TaggedError<SourceFailed>()("SourceFailed", {
  source: Schema.String,
  tag: Schema.String,
  what: Schema.String
}) {
  override get message() {
    return this.what
  }
  get explained(): Explained {
    return { ...explain(this), tag: this.tag }
  }
}

/** Finds and hashes everything from outside. What sources need is accounted for by the pipeline's type. */
export const resolveAll = (graph: Graph.Graph): Effect.Effect<Outputs, SourceFailed, RunEvents> =>
  Effect.gen(function* () {
    const outputs: Record<string, Readonly<Record<string, Stored>>> = {}
    for (const { name, node } of graph.entries) {
      const { definition } = node
      if (definition._tag !== "Source") continue
      const events = yield* RunEvents
      const resolve = (
        definition.resolve(node.params) as Effect.Effect<Files, Error & { readonly _tag?: string }>
      ).pipe(
        Effect.provideService(ProgressListener, ({ note, done, total }) =>
          events.publish(RunEvent.Fetching({ what: note ?? name, done, total }))
        )
      )
      const files = yield* Effect.mapError(
        resolve,
        (error) => new SourceFailed({ source: name, tag: error._tag ?? "Error", what: error.message })
      )
      const [artifact] = Object.values(definition.outputs)
      if (artifact === undefined) continue
      const stored = yield* Effect.orDie(
        artifact.encode(Files.make(files), () => Effect.dieMessage("files are never written"))
      )
      outputs[name] = { files: stored }
      yield* publish(RunEvent.SourceResolved({ source: name, label: files.label, notice: files.notice }))
    }
    return outputs
  })
