import { Clock, Effect } from "effect"
import type { Reporter } from "../terminal/Reporter.ts"
import * as Running from "../terminal/Running.ts"

/** Tells how far the verifying of a store is, no more often than people look. */
export const progressing = ({ terminal, status, note }: typeof Reporter.Service) => {
  const running = Running.make(terminal)
  return (done: number, total: number, unit: string): Effect.Effect<void> =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      running.progressed("verifying", { done, total, unit, reused: 0, note: null }, now)
      if (!running.isDue(now)) return
      const [line = ""] = running.lines()
      yield* terminal ? status(line) : note(line)
    })
}
