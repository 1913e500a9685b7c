import { Context, Effect } from "effect"
import type * as Text from "../artifacts/Text.ts"

/**
 * What a stage says of its result to people, such as which classes it found: a pure function of inputs and parameters as
 * the result is, kept in its trace, and told again by every run that reuses it. Null where there is nothing to say after all.
 */
export type Remark = Effect.Effect<Text.Text | null>

/** Where a stage's remarks go while it is computed. Nobody listens by default. */
export class RemarkListener extends Context.Reference<RemarkListener>()("headrace/RemarkListener", {
  defaultValue: (): ((remark: Remark) => Effect.Effect<void>) => () => Effect.void
}) {}

/** Tells of the result. The remark is made when the outputs are written: a stage may count its rows as they pass. */
export const tell = (remark: Remark): Effect.Effect<void> => Effect.flatMap(RemarkListener, (listen) => listen(remark))
