import * as path from "node:path"
import { Effect, Option, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Disk from "../cache/disk.ts"
import type { StoreFailed } from "../cache/ObjectStore.ts"
import * as Seal from "../cache/Seal.ts"

// What people say of runs: sealed files `marks/<run>.json` beside their records, which say what happened and stay as they are. No key knows of them.

export const Marks = Schema.Struct({
  /** Words by which runs are found again. */
  tags: Schema.Array(Schema.String),
  note: Schema.String,
  /** Whether lists leave the run out, unless they are asked for all. */
  hidden: Schema.Boolean
})
export type Marks = typeof Marks.Type

export const NONE: Marks = { tags: [], note: "", hidden: false }

const decode = Schema.decodeOption(BoundedJson.schema(Marks))
/** Somebody may write an essay. */
export const MOST_BYTES = 1024 * 1024
/** Files that are read side by side. */
const TOGETHER = 16

const folderIn = (home: string): string => path.join(home, "marks")
const fileOf = (home: string, run: string): string => path.join(folderIn(home), `${run}.json`)

const isNone = ({ tags, note, hidden }: Marks): boolean => tags.length === 0 && note === "" && !hidden

/** Says of a run what is to be said of it from now on; nothing takes what was said away. */
export const put = (home: string, run: string, marks: Marks): Effect.Effect<void, StoreFailed> =>
  isNone(marks)
    ? Disk.removeIfThere(fileOf(home, run))
    : Disk.publish(fileOf(home, run), Seal.bytesOf(JSON.stringify(marks)))

/** What is said of each run of which something is; what cannot be read says nothing. */
export const all = (home: string): Effect.Effect<ReadonlyMap<string, Marks>> =>
  Effect.gen(function* () {
    const names = (yield* Disk.listIfThere(folderIn(home))).filter((name) => name.endsWith(".json"))
    const found = yield* Effect.forEach(
      names,
      (name) =>
        Effect.map(
          Effect.orElseSucceed(Disk.readTextIfThere(path.join(folderIn(home), name), MOST_BYTES), () => null),
          (text) => {
            const opened = text === null ? null : Seal.open(text)
            const marks = opened === null ? null : Option.getOrNull(decode(opened))
            return [path.basename(name, ".json"), marks] as const
          }
        ),
      { concurrency: TOGETHER }
    )
    return new Map(found.flatMap(([run, marks]) => (marks === null ? [] : [[run, marks] as const])))
  })
