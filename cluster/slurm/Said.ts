import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import { Clock, Effect, Either, Schema } from "effect"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import { Said } from "../Answer.ts"

// What a job says of its task while it computes: lines at the end of a file, which the command follows.

const json = BoundedJson.schema(Said)
const decode = Schema.decodeEither(json)
const encode = Schema.encodeSync(json)

/** So much is read at a time, and no line is longer. */
const MOST_BYTES = 64 * 1024
/** How often a job says how far it is, at most. */
const TELLING_NANOS = 500_000_000n

/** Opening never waits, as a FIFO's would. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/** Bytes of a regular file from an offset on, as many as there is room for; none where there is no such file. */
const readFrom = async (file: string, offset: number): Promise<Buffer> => {
  const opened = await fs.open(file, FLAGS)
  try {
    if (!(await opened.stat()).isFile()) return Buffer.alloc(0)
    const { bytesRead, buffer } = await opened.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, offset)
    return buffer.subarray(0, bytesRead)
  } finally {
    await opened.close()
  }
}

/** The end of a regular file, as text; empty where there is no such file. */
export const endOf = (file: string, most: number): Effect.Effect<string> =>
  Effect.promise(async () => {
    const { size } = await fs.stat(file)
    const bytes = await readFrom(file, Math.max(0, size - Math.min(most, MOST_BYTES)))
    return bytes.toString("utf8")
  }).pipe(
    Effect.sandbox,
    Effect.orElseSucceed(() => "")
  )

/** Gives at each call what was said since the last. What is no such line is passed over: it tells nobody anything. */
export const follow = (file: string): Effect.Effect<ReadonlyArray<Said>> => {
  let offset = 0
  const next = async (): Promise<ReadonlyArray<Said>> => {
    const bytes = await readFrom(file, offset).catch(() => Buffer.alloc(0))
    const end = bytes.lastIndexOf(0x0a) + 1
    // a line without an end in sight is none
    offset += end === 0 && bytes.length === MOST_BYTES ? bytes.length : end
    const lines = bytes.subarray(0, end).toString("utf8").split("\n").slice(0, -1)
    return lines.map((line) => decode(line)).flatMap((said) => (Either.isRight(said) ? [said.right] : []))
  }
  return Effect.promise(next)
}

/** Says something of a task, unless how far it is was said just now. What can't be written is not said: the work goes on. */
export const saying = (file: string): ((said: Said) => Effect.Effect<void>) => {
  let told = 0n
  return (said) =>
    Effect.gen(function* () {
      if (said._tag === "Progressed") {
        const now = yield* Clock.currentTimeNanos
        if (told !== 0n && now - told < TELLING_NANOS) return
        told = now
      }
      yield* Effect.ignore(Effect.tryPromise(() => fs.appendFile(file, `${encode(said)}\n`)))
    })
}
