import { Cause, Effect, Exit } from "effect"

/**
 * Runs a command and ends the process with its exit code: 130 when it is interrupted, by Ctrl-C, by being told to end, or
 * with its terminal. An interrupted command has the time to write its record; a second Ctrl-C leaves it none.
 */
export const runToEnd = (command: Effect.Effect<void>): void => {
  const fiber = Effect.runFork(command)
  let interrupted = false
  const interrupt = () => {
    interrupted = true
    fiber.unsafeInterruptAsFork(fiber.id())
  }
  process.on("SIGINT", () => (interrupted ? process.exit(130) : interrupt()))
  process.on("SIGTERM", interrupt)
  process.on("SIGHUP", interrupt)
  fiber.addObserver((exit) => {
    if (Exit.isSuccess(exit)) return process.exit()
    if (!Cause.isInterruptedOnly(exit.cause)) console.error(`This is a bug: ${Cause.pretty(exit.cause)}`)
    process.exit(Cause.isInterruptedOnly(exit.cause) ? 130 : 1)
  })
}
