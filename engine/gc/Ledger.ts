import { appendFileSync } from "node:fs"
import * as path from "node:path"
import { Effect, Option, Schema } from "effect"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import * as Disk from "../../cache/disk.ts"
import type { StoreFailed } from "../../cache/ObjectStore.ts"
import * as Seal from "../../cache/Seal.ts"

// What is remembered between removals, in the folder `gc/`. All of it may be lost: a store is measured anew, and prices forget a little.

const folderIn = (home: string): string => path.join(home, "gc")
const sizeFile = (home: string): string => path.join(folderIn(home), "size.log")
const foundFile = (home: string): string => path.join(folderIn(home), "found.json")

/** How large a store is, as far as that is known without looking. */
export interface Size {
  /** When it was last measured; null where it never was. */
  readonly measured: number | null
  /** What runs have written since, or a little more. */
  readonly written: number
}

const MOST_SIZE_BYTES = 1024 * 1024
const MOST_FOUND_BYTES = 256 * 1024 * 1024

const numberIn = (line: string): number => {
  const number = Number(line.slice(2))
  return Number.isFinite(number) && number >= 0 ? number : 0
}

const quietly = (file: string, most: number): Effect.Effect<string | null> =>
  Effect.orElseSucceed(Disk.readTextIfThere(file, most), () => null)

/** What is known of the size; a log that cannot be read, or has grown long, is none. */
export const size = (home: string): Effect.Effect<Size> =>
  Effect.map(quietly(sizeFile(home), MOST_SIZE_BYTES), (text) => {
    const lines = (text ?? "").split("\n")
    const at = lines.findLastIndex((line) => line.startsWith("= "))
    const written = lines.slice(at + 1).filter((line) => line.startsWith("+ "))
    return {
      measured: at < 0 ? null : numberIn(lines[at] ?? ""),
      written: written.reduce((sum, line) => sum + numberIn(line), 0)
    }
  })

/** Notes that a run has written so many bytes. One line is appended at once, so that runs that end together are all counted. */
export const wrote = (home: string, bytes: number): Effect.Effect<void> =>
  Disk.makeFolder(folderIn(home)).pipe(
    Effect.zipRight(Effect.try(() => appendFileSync(sizeFile(home), `+ ${Math.round(bytes)}\n`))),
    Effect.ignore
  )

/** Notes how large the store is now. */
export const measured = (home: string, bytes: number): Effect.Effect<void, StoreFailed> =>
  Disk.publish(sizeFile(home), new TextEncoder().encode(`= ${Math.round(bytes)}\n`))

const Found = BoundedJson.schema(Schema.Record({ key: Schema.String, value: Schema.Int }))
const decode = Schema.decodeOption(Found)

/** How often results were found by runs whose records are gone, by key. */
export const found = (home: string): Effect.Effect<ReadonlyMap<string, number>> =>
  Effect.map(quietly(foundFile(home), MOST_FOUND_BYTES), (sealed) => {
    const text = sealed === null ? null : Seal.open(sealed)
    return new Map(Object.entries(text === null ? {} : Option.getOrElse(decode(text), () => ({}))))
  })

export const rememberFound = (home: string, counts: ReadonlyMap<string, number>): Effect.Effect<void, StoreFailed> =>
  Disk.publish(foundFile(home), Seal.bytesOf(JSON.stringify(Object.fromEntries(counts))))

/** Whether something is said for the first time of this store. */
export const isFirst = (home: string, topic: string): Effect.Effect<boolean> =>
  Effect.orElseSucceed(
    Disk.publishNew(path.join(folderIn(home), `${topic}.said`), new Uint8Array(), Disk.storeFailed),
    () => false
  )
