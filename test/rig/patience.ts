import { availableParallelism, loadavg } from "node:os"

/** How many processes want each core of this machine, one at least. */
const crowd = Math.max(1, (loadavg()[0] ?? 0) / availableParallelism())

/** What takes longer than this hangs: many times what any test takes alone, and as many times more as the machine is busy. */
export const PATIENCE_MILLIS = Math.round(300_000 * crowd)
