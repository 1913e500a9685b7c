import { defineConfig } from "vitest/config"
import usual from "./vitest.config.ts"

/** The counts take as long as they take: whatever hangs is ended after many times that. */
const LONG_MILLIS = 12 * 3_600_000

/** The tests of what must survive, with the counts of `test/rig/fault-counts.ts` that take long. */
export default defineConfig({
  ...usual,
  test: {
    ...usual.test,
    include: ["test/**/*.faults.test.ts"],
    env: { HEADRACE_FAULTS: "long" },
    testTimeout: LONG_MILLIS
  }
})
