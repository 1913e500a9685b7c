import { Effect, Schema } from "effect"
import * as ArrowSchema from "../../artifacts/ArrowSchema.ts"
import { Header, readChunk } from "../../artifacts/ArrowTable.ts"
import { ArtifactUnreadable } from "../../artifacts/Artifact.ts"
import * as Checkpoint from "../../artifacts/Checkpoint.ts"
import type { Verified } from "../../artifacts/Verified.ts"
import type { Named } from "./Told.ts"

/** `Rents@1` taken apart. */
const partsOf = (artifact: string) => {
  const at = artifact.lastIndexOf("@")
  return { name: artifact.slice(0, at), version: Number(artifact.slice(at + 1)) }
}

const isHeader = Schema.is(Header)

/** Whether there is more to check of a part than its digest: what it means is told by it and its trace. */
export const isChecked = ({ kind, artifact }: Named): boolean =>
  artifact !== null && (kind === "table" || kind === "checkpoint")

/**
 * What is wrong with a part whose bytes are what they are called: a clause; null where it reads as its trace says. The columns are those that
 * its file names: stages change, and what they made before is as good as it was.
 */
export const contentWrong = (
  { artifact, kind, header, part }: Named,
  bytes: Verified
): Effect.Effect<string | null> => {
  if (artifact === null) return Effect.succeed(null)
  const { name, version } = partsOf(artifact)
  const give = () => Effect.succeed(bytes)
  const reading: Effect.Effect<unknown, ArtifactUnreadable> =
    kind === "table" && isHeader(header)
      ? Effect.flatMap(
          Effect.try({
            try: () => ArrowSchema.columnsOf(bytes),
            catch: (error) =>
              new ArtifactUnreadable({
                artifact,
                object: part.object,
                what: error instanceof Error ? error.message : String(error)
              })
          }),
          (columns) => readChunk({ name, version, columns }, header, part, give)
        )
      : Checkpoint.make(name, version).decode(
          { artifact, kind, content: part.content, rows: null, bytes: part.bytes, parts: [part], header },
          give
        )
  return Effect.match(reading, { onFailure: ({ what }) => what, onSuccess: () => null })
}
