import type { WorkerOptions } from "bullmq"
import type { Cluster } from "./Cluster.ts"

/** A worker's claim on a task holds for so long, and is renewed a few times within that. */
export const LOCK_MILLIS = 12_000
export const LOCK_RENEWED_EVERY = "4 seconds"
/** How often it is looked for claims that ran out. */
const STALLED_MILLIS = 4000
/** A task whose workers died so often is not given to a fourth: it may be what ends them. */
export const MOST_DEATHS = 3

/** The queue of what has one need. Its name takes no colon. */
export const queueOf = (need: string): string => need.slice(0, 32)

/** Nothing is kept of a task that is over: one that is asked for again would be told of the old end. */
export const JOB = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const

/** BullMQ's own look at the server writes to the terminal what is told already. */
export const options = ({ client, prefix }: Cluster) => ({ connection: client, prefix, skipVersionCheck: true })

/** `name`: as people are told of the worker. */
export const workerOptions = (cluster: Cluster, name: string): WorkerOptions => ({
  ...options(cluster),
  name,
  autorun: false,
  lockDuration: LOCK_MILLIS,
  stalledInterval: STALLED_MILLIS,
  maxStalledCount: MOST_DEATHS - 1,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 }
})

/** Why a worker refuses a task that ended as many others as may be. */
export const TOO_MANY_DIED = "its workers died"

/** Why a worker gives a task up, which is no answer: whoever still waits hands it out again. */
export const NOBODY_WAITS = "nobody waits for it"
