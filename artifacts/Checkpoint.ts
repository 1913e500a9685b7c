/**
 * States of iterating stages: what `Stage.iterate` keeps after a step, so that a killed training goes on from there and more epochs
 * go on from fewer.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { type Artifact, ArtifactUnreadable, id, type Stored, type Write } from "./Artifact.ts"
import * as BoundedJson from "./BoundedJson.ts"
import { cellSize } from "./Column.ts"
import type { Verified } from "./Verified.ts"

/** Where an iterating stage stands: arrays by name, whose data is row-major of their shape, and texts by name that say the rest. */
export interface State {
  readonly arrays: Readonly<Record<string, { readonly shape: ReadonlyArray<number>; readonly data: Float32Array }>>
  readonly texts: Readonly<Record<string, string>>
}

/** The states of an iterating stage as it declares them: see `Stage.iterate`. */
export interface Checkpoint<Name extends string> extends Artifact<Name, State> {
  readonly kind: "checkpoint"
  /** Stores bytes that `encode` made of a state before. */
  readonly keep: <E>(bytes: Uint8Array, write: Write<E>) => Effect.Effect<Stored, E>
}

const Length = Schema.Int.pipe(Schema.nonNegative())
const Entry = Schema.Struct({
  dtype: Schema.Literal("F32"),
  shape: Schema.Array(Length),
  data_offsets: Schema.Tuple(Length, Length)
})
const Header = BoundedJson.schema(
  Schema.Struct(
    { __metadata__: Schema.Record({ key: Schema.String, value: Schema.String }) },
    Schema.Record({
      key: Schema.String,
      value: Schema.Union(Entry, Schema.Record({ key: Schema.String, value: Schema.String }))
    })
  )
)

const ALIGNMENT = 8

/**
 * A state in the safetensors format: the length of the header as uint64, the header as JSON that is padded with blanks, then the
 * arrays one after the other.
 */
export const encode = ({ arrays, texts }: State): Uint8Array => {
  let end = 0
  const entries = Object.entries(arrays).map(([name, { shape, data }]) => {
    const start = end
    end += data.byteLength
    return [name, { dtype: "F32", shape, data_offsets: [start, end] }]
  })
  const json = JSON.stringify({ __metadata__: texts, ...Object.fromEntries(entries) })
  const text = Buffer.from(json)
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT
  const bytes = Buffer.alloc(ALIGNMENT + length + end, " ")
  bytes.writeBigUInt64LE(BigInt(length))
  text.copy(bytes, ALIGNMENT)
  let at = ALIGNMENT + length
  for (const { data } of Object.values(arrays)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

/** The state that `encode` wrote; throws on anything else, also where the header speaks of bytes that are not there. */
const decode = (bytes: Verified): State => {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.length < ALIGNMENT ? -1 : Number(view.readBigUInt64LE())
  if (length < 0 || ALIGNMENT + length > view.length) throw new Error("its header is cut off")
  const { __metadata__: texts, ...entries } = Schema.decodeSync(Header)(
    view.toString("utf8", ALIGNMENT, ALIGNMENT + length)
  )
  const data = view.subarray(ALIGNMENT + length)
  const arrays: Record<string, State["arrays"][string]> = {}
  let end = 0
  for (const [name, entry] of Object.entries(entries)) {
    if (!Schema.is(Entry)(entry)) throw new Error(`"${name}" is no array`)
    const [from, to] = entry.data_offsets
    if (from !== end || to - from !== 4 * cellSize(entry.shape) || to > data.length)
      throw new Error(`"${name}" lies at ${from} to ${to} of ${data.length} bytes`)
    // a copy of its own is aligned, and outlives the file's bytes
    arrays[name] = { shape: entry.shape, data: new Float32Array(new Uint8Array(data.subarray(from, to)).buffer) }
    end = to
  }
  if (end !== data.length) throw new Error(`${data.length - end} bytes belong to no array`)
  return { arrays, texts }
}

/** Declares the states of an iterating stage. Each is stored as one safetensors file of float32 arrays, which other tools open too. */
export const make = <const Name extends string>(name: Name, version: number): Checkpoint<Name> => {
  const artifact = id({ name, version })
  const keep: Checkpoint<Name>["keep"] = (bytes, write) =>
    Effect.map(write(bytes), (object) => ({
      artifact,
      kind: "checkpoint",
      content: object,
      rows: null,
      bytes: bytes.length,
      parts: [{ name: "state.safetensors", object, bytes: bytes.length, rows: null, content: object }],
      header: null
    }))
  return {
    name,
    version,
    kind: "checkpoint",
    keep,
    encode: (state, write) => keep(encode(state), write),
    decode: (stored, read) =>
      Effect.gen(function* () {
        const [part] = stored.parts
        if (part === undefined)
          return yield* new ArtifactUnreadable({ artifact, object: stored.content, what: "it has no parts" })
        const bytes = yield* read(part)
        return yield* Effect.try({
          try: () => decode(bytes),
          catch: (error) =>
            new ArtifactUnreadable({
              artifact,
              object: part.object,
              what: error instanceof Error ? error.message : String(error)
            })
        })
      })
  }
}
