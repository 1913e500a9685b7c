import { Either, type ParseResult, Schema } from "effect"
import { Header } from "../../artifacts/ArrowTable.ts"
import type { Stored, StoredPart } from "../../artifacts/Artifact.ts"
import type { Digest } from "../../artifacts/Digest.ts"
import { phrase } from "../../artifacts/SchemaRefusal.ts"
import type { Key } from "../Key.ts"
import * as Seal from "../Seal.ts"
import { type ChunkTrace, isOf, type Trace } from "../Trace.ts"
import { ofChunk, whole } from "../TraceFormat.ts"
import { corrupt, unreadable, type Wrong } from "./Reading.ts"
import type { Placed } from "./There.ts"

// What the traces of a store tell of its objects, and what is wrong with a trace by itself.

/** A trace that can be believed, as far as it tells by itself. */
export interface Told {
  readonly what: "trace" | "trace of a chunk"
  readonly file: string
  readonly bytes: number
  /** The digest of the file, as it was read. */
  readonly seen: Digest
  readonly stage: string
  readonly key: Key
  /** Null for the trace of a chunk, which any node may have had made. */
  readonly node: Pick<Trace, "pipeline" | "node" | "seconds" | "chunks"> | null
  /** The parts that it names, each with the artifact that it is of. */
  readonly named: ReadonlyArray<Named>
}

/** A part that a trace names. */
export interface Named {
  readonly part: StoredPart
  /** Null where that is not told, as by the trace of a chunk. */
  readonly artifact: string | null
  readonly kind: string
  readonly header: unknown
}

const isHeader = Schema.is(Header)

/** Whether what a trace says of a table holds together. */
const tableWrong = (name: string, { kind, parts, rows, bytes, header }: Stored): string | null => {
  const sum = parts.reduce((all, part) => all + part.bytes, 0)
  if (sum !== bytes) return `it says that ${name} has ${bytes} bytes, and names ${sum}`
  if (kind !== "table") return null
  if (!isHeader(header)) return `what it says of the columns of ${name} is none`
  const counted = parts.reduce((all, part) => all + (part.rows ?? 0), 0)
  return counted === rows ? null : `it says that ${name} has ${rows} rows, and names chunks of ${counted}`
}

const namedBy = (trace: Trace | ChunkTrace): ReadonlyArray<Named> =>
  "part" in trace
    ? [{ part: trace.part, artifact: null, kind: "table", header: trace.header }]
    : Object.values(trace.outputs).flatMap(({ artifact, kind, header, parts }) =>
        parts.map((part) => ({ part, artifact, kind, header }))
      )

/** What a sealed trace tells that lies in the place of this stage and key. */
export const read = (
  sealed: string,
  { _tag, stage, key }: Placed<"Trace" | "ChunkTrace">["content"]
): Either.Either<Pick<Told, "node" | "named">, Wrong> => {
  const text = Seal.open(sealed)
  if (text === null) return Either.left(corrupt("its bytes were damaged"))
  const decoded: Either.Either<Trace | ChunkTrace, ParseResult.ParseError> =
    _tag === "Trace" ? whole.decode(text) : ofChunk.decode(text)
  if (Either.isLeft(decoded)) return Either.left(unreadable(phrase(decoded.left)))
  const trace = decoded.right
  const ownStage = "text" in trace ? trace.text.stage : trace.stage
  // a file that was moved or copied speaks of another key
  if (trace.key !== key || ownStage !== stage) return Either.left(corrupt("it belongs to another key"))
  if (!isOf(trace, key)) return Either.left(corrupt("its key is not that of the text it gives for it"))
  if ("part" in trace) return Either.right({ node: null, named: namedBy(trace) })
  for (const [name, stored] of Object.entries(trace.outputs)) {
    const wrong = tableWrong(name, stored)
    if (wrong !== null) return Either.left(unreadable(wrong))
  }
  const { pipeline, node, seconds, chunks } = trace
  return Either.right({ node: { pipeline, node, seconds, chunks }, named: namedBy(trace) })
}

/** Which traces name an object, and as what. */
export type Naming = { readonly told: Told; readonly named: Named }

/** The same by object: what a store's traces say of all that they name. */
export const byObject = (all: ReadonlyArray<Told>): ReadonlyMap<Digest, ReadonlyArray<Naming>> => {
  const found = new Map<Digest, Array<Naming>>()
  for (const told of all)
    for (const named of told.named) {
      const namings = found.get(named.part.object)
      if (namings === undefined) found.set(named.part.object, [{ told, named }])
      else namings.push({ told, named })
    }
  return found
}
