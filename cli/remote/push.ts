import { Effect } from "effect"
import * as KeptBeside from "../../engine/KeptBeside.ts"
import { Place } from "../../project/Place.ts"
import { type Command, ofPipeline } from "../command/Command.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { CurrentUploading } from "./CurrentUploading.ts"
import { forKept } from "./kept.ts"
import { own } from "./Stores.ts"

/** So many are noted side by side. */
const AT_ONCE = 8

/** Puts what this machine has of a pipeline into the shared store, also what was computed before there was one. */
export const push = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "push",
    description: "Put what is kept of a pipeline's run into the shared store",
    computes: true,
    remote: "write",
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const place = yield* Place
        const { layerDisk, Uploads } = yield* Effect.promise(() => import("../../cache/remote/Uploads.ts"))
        const { note } = yield* Effect.provide(Uploads, layerDisk(place.home))
        const { layer } = yield* own(place)
        const { nodes, have } = yield* forKept(pipeline, given, (entry, decision) =>
          Effect.gen(function* () {
            const { stage } = decision.text
            // what this machine has, whatever the shared store has of it
            const { chunks, state } = yield* Effect.provide(KeptBeside.of(entry, decision), layer)
            const states = state === null ? [] : [state]
            yield* Effect.forEach(
              [
                ...chunks.map((key) => ({ kind: "chunk" as const, stage, key })),
                ...states.map(({ key, text }) => ({ kind: "trace" as const, stage: text.stage, key })),
                { kind: "trace" as const, stage, key: decision.key }
              ],
              note,
              { concurrency: AT_ONCE, discard: true }
            )
          })
        )
        const { print, document } = yield* Reporter
        yield* print(have)
        const left = yield* Effect.flatMap(CurrentUploading, (uploading) => uploading?.finish ?? Effect.succeed(0))
        const status = left === 0 ? "done" : "failed"
        yield* document({ schema: 1, pipeline: pipeline.name, status, nodes, left })
        return left === 0 ? 0 : 1
      }).pipe(Effect.scoped)
  })
