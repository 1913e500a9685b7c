import { defineConfig } from "vitest/config"

// what loads TensorFlow takes longer than vitest waits by default
export default defineConfig({ test: { testTimeout: 60_000 } })
