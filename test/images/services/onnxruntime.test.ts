import { readdirSync } from "node:fs"
import { expect, it } from "@effect/vitest"
import { Effect, TestServices } from "effect"
import { Onnxruntime } from "../../../images/services/Onnxruntime.ts"
import type { OnnxModel } from "../../../images/services/onnx-model.ts"

/** Doubles three numbers. */
const doubling: OnnxModel = {
  nodes: [{ name: "y", op: "Mul", inputs: ["x", "two"], attributes: {} }],
  constants: [{ name: "two", shape: [], data: Float32Array.of(2) }],
  input: { name: "x", shape: [3] },
  output: { name: "y", shape: [3] }
}

it.layer(Onnxruntime.live)("Onnxruntime", (it) => {
  it.scoped("answers each of many batches at once with its own result, and leaves the caller's values alone", () =>
    Effect.gen(function* () {
      const { session } = yield* Onnxruntime
      const { run } = yield* session(doubling, 2)
      const given = Array.from({ length: 40 }, (_, index) => Float32Array.of(index, -index, 0.5))
      const found = yield* Effect.forEach(given, run, { concurrency: "unbounded" })
      expect(found).toEqual(given.map((values) => values.map((value) => value * 2)))
      expect(given[39]).toEqual(Float32Array.of(39, -39, 0.5))
    })
  )

  it.scoped("answers each caller on one thread, be it asked for many batches or for one", () =>
    Effect.gen(function* () {
      const { session } = yield* Onnxruntime
      const { run } = yield* session(doubling, 1)
      const [many, one] = [Float32Array.from({ length: 30 }, (_, index) => index), Float32Array.of(7, 8, 9)]
      const found = yield* Effect.all([run(many), run(one)], { concurrency: "unbounded" })
      expect(found).toEqual([many.map((value) => value * 2), one.map((value) => value * 2)])
    })
  )

  it.effect("ends its threads with the scope, and starts again", () =>
    Effect.gen(function* () {
      const { session } = yield* Onnxruntime
      const threads = () => readdirSync("/proc/self/task").length
      const before = threads()
      const once = Effect.scoped(
        Effect.gen(function* () {
          const { run } = yield* session(doubling, 3)
          const within = threads()
          return { found: yield* run(Float32Array.of(1, 2, 3)), started: within - before }
        })
      )
      for (const { found, started } of [yield* once, yield* once]) {
        expect(found).toEqual(Float32Array.of(2, 4, 6))
        expect(started).toBeGreaterThanOrEqual(3)
        // the pool that resolves files may stay
        expect(threads() - before).toBeLessThan(3)
      }
    })
  )

  it.effect("lets a thread finish the batch that it is at before it ends: else the runtime would end the process", () =>
    Effect.gen(function* () {
      const { session } = yield* Onnxruntime
      const many = new Float32Array(3 * 2000)
      for (let round = 0; round < 20; round++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { run } = yield* session(doubling, 2)
            yield* Effect.forkDaemon(Effect.all([run(many), run(many), run(many)], { concurrency: "unbounded" }))
            yield* Effect.sleep(`${round % 5} millis`)
          })
        )
      }
    }).pipe(TestServices.provideLive)
  )

  it.scoped("fails at once, naming the parameter to set, when it is given no whole batch", () =>
    Effect.gen(function* () {
      const { session } = yield* Onnxruntime
      const { run } = yield* session(doubling, 1)
      const error = yield* Effect.flip(run(Float32Array.of(1, 2)))
      expect(error.message).toMatch(/failed at a batch: .*; expected .*runtime: "tensorflow"/)
      expect(yield* run(Float32Array.of(1, 2, 3))).toEqual(Float32Array.of(2, 4, 6))
    })
  )

  it.scoped("refuses a network that it can't load, naming the parameter to set", () =>
    Effect.gen(function* () {
      const { session } = yield* Onnxruntime
      const broken = { ...doubling, nodes: [{ name: "y", op: "Nonsense", inputs: ["x"], attributes: {} }] }
      const error = yield* Effect.flip(session(broken, 2))
      expect(error._tag).toBe("OnnxUnloadable")
      expect(error.message).toMatch(/cannot be loaded: .*Nonsense.*; expected .*runtime: "tensorflow"/)
    })
  )
})
