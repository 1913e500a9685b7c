import { Effect } from "effect"
import { ClusterListener } from "../../cluster/Tasks.ts"
import { Reporter } from "../terminal/Reporter.ts"

/** Tells people what they are to know of the machines that compute. */
export const telling = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Reporter, ({ note }) =>
    Effect.provideService(work, ClusterListener, (message) => note(`warning: ${message}`))
  )
