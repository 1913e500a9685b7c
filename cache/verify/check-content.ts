import { Effect, Schema } from "effect"
import * as ArrowSchema from "../../artifacts/ArrowSchema.ts"
import { checkChunk, Header } from "../../artifacts/ArrowTable.ts"
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

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const tableWrong = (header: Header, part: Named["part"], bytes: Verified): string | null => {
  try {
    checkChunk(ArrowSchema.columnsOf(bytes), header, part, bytes)
    return null
  } catch (error) {
    return textOf(error)
  }
}

/**
 * What is wrong with a part whose bytes are what they are called: a clause; null where it has the rows and columns, or the arrays, that its trace
 * says. The columns are those that its file names: stages change, and what they made before is as good as it was.
 *
 * A table's rows are not hashed for the digest of its content. Bytes that are what their name says were not damaged, and a trace that is as it was
 * sealed says what its writer said: that digest is another one only where a faulty program wrote both. Whoever reads a table finds that out, row by
 * row, and refuses it by name, so that nothing wrong is used; to look for it here as well took ten times as long as all else together.
 */
export const contentWrong = (
  { artifact, kind, header, part }: Named,
  bytes: Verified
): Effect.Effect<string | null> => {
  if (artifact === null) return Effect.succeed(null)
  if (kind === "table" && isHeader(header)) return Effect.sync(() => tableWrong(header, part, bytes))
  const { name, version } = partsOf(artifact)
  const stored = { artifact, kind, content: part.content, rows: null, bytes: part.bytes, parts: [part], header }
  const reading = Checkpoint.make(name, version).decode(stored, () => Effect.succeed(bytes))
  return Effect.match(reading, { onFailure: ({ what }) => what, onSuccess: () => null })
}
