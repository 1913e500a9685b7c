import { Effect } from "effect"
import type { Files } from "../../artifacts/Files.ts"
import type { StoreFailed } from "../../cache/ObjectStore.ts"
import { SourceFiles } from "../../cache/SourceFiles.ts"

/** A source, and whether its bytes are on this machine. */
export interface Brought {
  readonly label: string
  readonly digest: string
  readonly here: boolean
  /** Why it is not, as a clause; null where it is. */
  readonly why: string | null
}

/** Brings those sources here, by their digests, whose bytes a store has. What is nowhere to be had is told, and fails nothing: a run may not read it. */
export const bringSources = (sources: ReadonlyArray<Files>): Effect.Effect<ReadonlyArray<Brought>, StoreFailed> =>
  Effect.flatMap(SourceFiles, ({ obtain }) =>
    Effect.forEach(sources, (files) =>
      obtain(files).pipe(
        Effect.map((here) => (here ? null : "the shared store does not have it")),
        Effect.catchTag("SourceGone", ({ what }) => Effect.succeed(what)),
        Effect.map((why): Brought => ({ label: files.label, digest: files.digest, here: why === null, why }))
      )
    )
  )
