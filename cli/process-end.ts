import { Cause, Effect, Exit } from "effect"
import * as Masked from "../artifacts/Masked.ts"

/** A pipe that nobody reads any more (`pipeline list | head -1`), a terminal that was closed. */
const isGone = ({ code }: NodeJS.ErrnoException): boolean => code === "EPIPE" || code === "EIO"

/** How long an interrupted command is waited for. */
export interface Patience {
  /** A worker that does not answer must not keep its command from ending. */
  readonly millis: number
  /** Nor may a disk, which may take its time for what is being written. */
  readonly writingMillis: number
}
const PATIENCE: Patience = { millis: 4_500, writingMillis: 30_000 }
const LOOK_MILLIS = 50

export type LastWrites = ReturnType<typeof lastWrites>

/** Knows whether something is being written that an interrupted command must not lose. */
export const lastWrites = () => {
  let under = 0
  return {
    isWriting: (): boolean => under > 0,
    during: <A, E, R>(write: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          under += 1
        }),
        () => write,
        () =>
          Effect.sync(() => {
            under -= 1
          })
      )
  }
}

/**
 * Runs a command and ends the process with its exit code: 130 when it is interrupted, by Ctrl-C, by being told to end, or
 * with its terminal. An interrupted command has some seconds to write its record, and more as long as it is writing it; a
 * second Ctrl-C leaves it none, and `abandoned` is called for the last words.
 */
export const runToEnd = (
  command: Effect.Effect<void>,
  abandoned: () => void,
  isWriting: () => boolean,
  patience: Patience = PATIENCE
): void => {
  const fiber = Effect.runFork(command)
  let interrupted = false
  const abandon = () => {
    abandoned()
    process.exit(130)
  }
  const abandonOnceWritten = (until: number) => {
    if (!isWriting() || performance.now() > until) return abandon()
    setTimeout(abandonOnceWritten, LOOK_MILLIS, until).unref()
  }
  const interrupt = () => {
    if (interrupted) return
    interrupted = true
    setTimeout(abandonOnceWritten, patience.millis, performance.now() + patience.writingMillis).unref()
    fiber.unsafeInterruptAsFork(fiber.id())
  }
  process.on("SIGINT", () => (interrupted ? abandon() : interrupt()))
  process.on("SIGTERM", interrupt)
  process.on("SIGHUP", interrupt)
  let unwritten = false
  process.stdout.on("error", (error) => {
    // answers come last: nobody is kept waiting for the end
    if (isGone(error) || unwritten) return
    unwritten = true
    const fix = "Free some, or send it elsewhere."
    process.stderr.write(`error: The answer cannot be written (${error.message}); expected room for it. ${fix}\n`)
  })
  process.stderr.on("error", (error) => {
    // a run would go on for hours, and nobody would know
    if (isGone(error)) interrupt()
  })
  fiber.addObserver((exit) => {
    if (unwritten) process.exitCode = 1
    if (Exit.isSuccess(exit)) return process.exit()
    if (!Cause.isInterruptedOnly(exit.cause)) console.error(`This is a bug: ${Masked.urls(Cause.pretty(exit.cause))}`)
    process.exit(Cause.isInterruptedOnly(exit.cause) ? 130 : 1)
  })
}
