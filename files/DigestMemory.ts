import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Option, Schema } from "effect"
import * as BoundedFile from "../artifacts/BoundedFile.ts"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Seal from "../cache/Seal.ts"
import * as AtomicFile from "./AtomicFile.ts"

/**
 * What is remembered of one source, a file of two lines: a header, read at every start, and the digests of the single
 * files, read when some changed. Each line begins with the sha256 of its rest; a line that is damaged is forgotten.
 */
const Header = BoundedJson.schema(
  Schema.Struct({
    format: Schema.Literal(1),
    root: Schema.String,
    /** Over the paths and stamps of all files; null where a file was too young to be trusted. */
    fingerprint: Schema.NullOr(Schema.String),
    digest: Schema.String
  })
)
export type Header = typeof Header.Type
const Rows = BoundedJson.schema(Schema.Array(Schema.Tuple(Schema.String, Schema.String, Schema.String)))

/** Path, stamp, sha256. */
export type Row = (typeof Rows.Type)[number]

// a path is at most 4,096 bytes, six times that if every character needs a JSON escape
const headerBytes = 32_768
/** Two million files; beyond that all are hashed again. */
const mostBytes = 256 << 20

const line = <A, I>(schema: Schema.Schema<A, I>, read: () => string | undefined): Effect.Effect<Option.Option<A>> =>
  Effect.try(() => Seal.openLine(read() ?? "")).pipe(
    Effect.flatMap((text) => Schema.decodeUnknown(schema)(text)),
    Effect.option
  )

const headerIn = (file: string): Effect.Effect<Option.Option<Header>> =>
  line(Header, () => BoundedFile.readStart(file, headerBytes).toString("utf8").split("\n")[0])

export const header = (file: string, root: string): Effect.Effect<Option.Option<Header>> =>
  Effect.map(
    headerIn(file),
    Option.filter((found) => found.root === root)
  )

/** What is remembered of all sources of a folder of such files. */
export const headers = (directory: string): Effect.Effect<ReadonlyArray<Header>> =>
  Effect.gen(function* () {
    const names = yield* Effect.orElseSucceed(
      Effect.tryPromise(() => fs.readdir(directory)),
      () => []
    )
    const files = names.filter((name) => name.endsWith(".txt")).map((name) => path.join(directory, name))
    const found = yield* Effect.forEach(files, headerIn)
    return found.flatMap((one) => Option.toArray(one))
  })

export const rows = (file: string): Effect.Effect<ReadonlyArray<Row>> =>
  line(Rows, () => BoundedFile.read(file, mostBytes).toString("utf8").split("\n")[1]).pipe(
    Effect.map(Option.getOrElse(() => []))
  )

/** Memory only saves time, so that a read-only or full disk is no failure. */
export const save = (file: string, head: Header, kept: ReadonlyArray<Row>): Effect.Effect<void> =>
  AtomicFile.write(file, Seal.closeLine(JSON.stringify(head)) + Seal.closeLine(JSON.stringify(kept))).pipe(
    Effect.ignore
  )
