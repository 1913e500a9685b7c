import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/rig/needs-reporter.ts"],
    // a process a file: native TensorFlow, thread pools and signals are the process's own
    pool: "forks",
    poolOptions: { forks: { maxForks: 2 } },
    // only what hangs is ended: how long a test takes is the machine's affair, which others may keep busy
    testTimeout: 600_000,
    hookTimeout: 600_000
  }
})
