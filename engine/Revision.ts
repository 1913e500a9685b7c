import { Context, Effect, Fiber, Schema } from "effect"

/** What version control knows of the project's files: the commit that they are of, and whether any of them is otherwise. */
export const Revision = Schema.Struct({ commit: Schema.String, isDirty: Schema.Boolean })
export type Revision = typeof Revision.Type

/** Finds it out, for the record of a run. Null outside of version control, which is where nobody says otherwise. */
export class CurrentRevision extends Context.Reference<CurrentRevision>()("headrace/CurrentRevision", {
  defaultValue: (): Effect.Effect<Revision | null> => Effect.succeed(null)
}) {}

/**
 * Begins to find it out, beside the work of a run, which may be over in less time; what it yields waits for no more than a
 * second. The files count as they are when it begins.
 */
export const asking: Effect.Effect<Effect.Effect<Revision | null>> = Effect.gen(function* () {
  const find = yield* CurrentRevision
  const finding = yield* Effect.forkDaemon(find)
  return Fiber.join(finding).pipe(
    // also where nothing else is to be interrupted any more, as at the end of a run
    Effect.interruptible,
    Effect.timeoutTo({ duration: "1 second", onTimeout: () => null, onSuccess: (found) => found }),
    Effect.zipLeft(Fiber.interruptFork(finding))
  )
})
