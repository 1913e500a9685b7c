import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { LongestFirst } from "./test/rig/longest-first.ts"
import { PATIENCE_MILLIS } from "./test/rig/patience.ts"

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    // as tsconfig.json has it
    alias: [
      { find: /^headrace$/, replacement: at("api/headrace.ts") },
      { find: /^headrace\/(.*)$/, replacement: at("api/$1.ts") },
      { find: /^headrace-images$/, replacement: at("images/project.ts") },
      { find: /^headrace-images\/(.*)$/, replacement: at("images/$1.ts") }
    ]
  },
  test: {
    globalSetup: ["test/rig/build-project.ts"],
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/rig/needs-reporter.ts"],
    // a process a file: native TensorFlow, thread pools and signals are the process's own
    pool: "forks",
    // more than cores of a small machine: many wait for a clock, a disk or another process
    poolOptions: { forks: { maxForks: 3 } },
    sequence: { sequencer: LongestFirst },
    // only what hangs is ended, and says itself for what it waits
    testTimeout: 2 * PATIENCE_MILLIS,
    hookTimeout: 2 * PATIENCE_MILLIS,
    teardownTimeout: PATIENCE_MILLIS
  }
})
