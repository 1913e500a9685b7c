import { defineConfig } from "vitest/config"
import usual from "./vitest.config.ts"

/** The tests of what must survive, with the counts of `test/rig/fault-counts.ts` that take long. */
export default defineConfig({
  ...usual,
  test: { ...usual.test, include: ["test/**/*.faults.test.ts"], env: { HEADRACE_FAULTS: "long" } }
})
