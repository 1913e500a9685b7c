import { take } from "../cache/remote/for-worker.ts"

/**
 * What the command gave to this worker to read a shared store by; null where it gave nothing. Imported before any file of the project
 * is loaded, after which no part of the process, and none that it starts, finds it in the environment.
 */
export const given = take(process.env)
