import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { pipeline } from "node:stream/promises"
import { Effect, Option, Schema } from "effect"
import * as BoundedFile from "../../artifacts/BoundedFile.ts"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import { Digest } from "../../artifacts/Digest.ts"
import { causeText, codeOf } from "../../cache/disk.ts"
import { StoreFailed } from "../../cache/ObjectStore.ts"
import { UsageInvalid } from "../command/Usage.ts"

/** The index that an export leaves in its folder: a later one may replace what it lists, and nothing else. */
export const INDEX = ".export.json"
const Index = BoundedJson.schema(Schema.Array(Schema.Tuple(Schema.String, Digest)))

/** A name and a digest for each file. */
const MOST_INDEX_BYTES = 64 * 1024 * 1024
const NAMED = 5

export const unwritable = (file: string, cause: unknown): StoreFailed =>
  new StoreFailed({
    what: `The export cannot be written: ${file} (${causeText(cause)})`,
    expected: "a folder that you may create or replace, with room",
    fix: "Correct the permissions of its parent or free some space, or name another folder with --to."
  })

const refuse = (what: string): UsageInvalid =>
  new UsageInvalid({
    what,
    expected: "a folder of its own: a new one, an empty one, or that of an earlier export",
    fix: "Name another one with --to."
  })

const sha256 = async (file: string): Promise<string> => {
  const hash = createHash("sha256")
  await pipeline(createReadStream(file), hash)
  return hash.digest("hex")
}

/** What lies in a folder that no export put there, or that was changed since. */
const foreign = async (folder: string): Promise<ReadonlyArray<string>> => {
  const text = await BoundedFile.readLarge(path.join(folder, INDEX), MOST_INDEX_BYTES).catch(() => "")
  const index = Option.getOrNull(Schema.decodeUnknownOption(Index)(text.toString()))
  if (index === null) return fs.readdir(folder)
  const listed = new Map(index)
  const entries = await fs.readdir(folder, { withFileTypes: true })
  const found: Array<string> = []
  for (const entry of entries) {
    const digest = listed.get(entry.name)
    const own = entry.isFile() && digest !== undefined && (await sha256(path.join(folder, entry.name))) === digest
    if (!own && entry.name !== INDEX) found.push(entry.name)
  }
  return found
}

/** The folder that an export is written to. */
interface Target {
  /** Absolute, and free of links. */
  readonly folder: string
  /** Whether an earlier export lies there, which is replaced. */
  readonly isExport: boolean
}

/** The folder that `--to` names, once it is clear that nobody's files lie there. */
export const targetOf = (to: string): Effect.Effect<Target, UsageInvalid | StoreFailed> =>
  Effect.gen(function* () {
    const given = path.resolve(to)
    const io = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: (cause) => unwritable(given, cause) })
    const there = yield* io(() =>
      fs.lstat(given).catch((cause) => (codeOf(cause) === "ENOENT" ? null : Promise.reject(cause)))
    )
    if (there === null) return { folder: given, isExport: false }
    const folder = yield* Effect.mapError(
      io(() => fs.realpath(given)),
      () => refuse(`${given} is a link to nowhere`)
    )
    if (!(yield* io(() => fs.stat(folder))).isDirectory()) return yield* refuse(`${given} is a file`)
    // it is replaced as a whole, and whoever stands in it would stand in a removed one
    const here = yield* io(() => fs.realpath(process.cwd()))
    if (`${here}/`.startsWith(`${folder}/`)) return yield* refuse(`${given} is the folder that you are in`)
    const names = yield* io(() => foreign(folder))
    if (names.length === 0) return { folder, isExport: (yield* io(() => fs.readdir(folder))).length > 0 }
    const others = names.length > NAMED ? ` and ${names.length - NAMED} more` : ""
    return yield* refuse(
      `${given} holds what no export wrote or what was changed since: ${names.slice(0, NAMED).join(", ")}${others}`
    )
  })
