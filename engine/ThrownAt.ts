import { Context } from "effect"

/**
 * Finds the place in the project's own sources that an error was thrown at, such as `stages/train.ts:14`; null where that is not
 * known, as in a process whose program was not bundled.
 */
export class ThrownAt extends Context.Reference<ThrownAt>()("headrace/ThrownAt", {
  defaultValue:
    () =>
    (_: Error): string | null =>
      null
}) {}

/**
 * What of a failure nobody meant, such as a `TypeError`: the error itself, or what caused it. One that has a tag was meant by
 * whoever made it, and says what there is to say.
 */
export const unmeant = (error: unknown): Error | null => {
  if (!(error instanceof Error)) return null
  return "_tag" in error ? unmeant(error.cause) : error
}
