import { defineConfig } from "vitest/config"
import { PATIENCE_MILLIS } from "./test/rig/patience.ts"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/rig/needs-reporter.ts"],
    // a process a file: native TensorFlow, thread pools and signals are the process's own
    pool: "forks",
    poolOptions: { forks: { maxForks: 2 } },
    // only what hangs is ended, and says itself for what it waits
    testTimeout: 2 * PATIENCE_MILLIS,
    hookTimeout: 2 * PATIENCE_MILLIS,
    teardownTimeout: PATIENCE_MILLIS
  }
})
