/**
 * Remarks: what a stage says of its result to people. They enter no key and no digest.
 *
 * @module
 */
import { Context, Effect } from "effect"
import type * as Text from "../artifacts/Text.ts"

/**
 * What a stage says of its result to people, such as which classes it found; null where there is nothing to say after all. It is a
 * function of the inputs and parameters, as the result is: it is kept with that, and told again by every run that reuses it.
 */
export type Remark = Effect.Effect<Text.Text | null>

/** Who listens to a stage's remarks while it is computed. Nobody does by default. */
export class RemarkListener extends Context.Reference<RemarkListener>()("headrace/RemarkListener", {
  defaultValue: (): ((remark: Remark) => Effect.Effect<void>) => () => Effect.void
}) {}

/**
 * Tells people of the result. The effect is run when the outputs are written, so that a stage may count the rows of a table as they
 * pass.
 *
 * @example
 * const told = (left: number, all: number) =>
 *   Remark.tell(Effect.sync(() => `${left} of ${all} rows were left out: they had no rent`))
 */
export const tell = (remark: Remark): Effect.Effect<void> => Effect.flatMap(RemarkListener, (listen) => listen(remark))
