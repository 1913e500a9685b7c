import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Onnxruntime } from "../../services/Onnxruntime.ts"
import type { OnnxModel } from "../../services/onnx-model.ts"

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

  it.effect("ends its threads with the scope, and starts again", () =>
    Effect.gen(function* () {
      const { session } = yield* Onnxruntime
      const once = Effect.scoped(Effect.flatMap(session(doubling, 2), ({ run }) => run(Float32Array.of(1, 2, 3))))
      expect([yield* once, yield* once]).toEqual([Float32Array.of(2, 4, 6), Float32Array.of(2, 4, 6)])
    })
  )

  it.scoped("refuses a network that it can't load, naming the parameter to set", () =>
    Effect.gen(function* () {
      const { session } = yield* Onnxruntime
      const broken = { ...doubling, nodes: [{ name: "y", op: "Nonsense", inputs: ["x"], attributes: {} }] }
      const error = yield* Effect.flip(session(broken, 2))
      expect(error._tag).toBe("OnnxUnloadable")
      expect(error.message).toMatch(/cannot be loaded: .*Nonsense.*; expected .*--runtime tensorflow/)
    })
  )
})
