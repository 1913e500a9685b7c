import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "../../../images/models/Layer.ts"
import * as Network from "../../../images/models/Network.ts"

const conv = (filters: number, padding: "same" | "valid" = "valid"): Layer => ({
  kind: "conv2d",
  filters,
  kernelSize: 3,
  padding,
  activation: "relu"
})
const pool: Layer = { kind: "max-pool", size: 2 }
const flatten: Layer = { kind: "flatten" }
const dense = (units: number): Layer => ({ kind: "dense", units, activation: "relu" })
const end: Layer = { kind: "dense", units: 10, activation: "softmax" }
const image = [32, 32, 3]

const refusal = (network: Network.Network, input: ReadonlyArray<number> = image, classes = 10) =>
  Effect.map(Effect.flip(Network.check(network, input, classes)), ({ message }) => message)

describe("a network", () => {
  it.effect("has the shapes, names and parameter count that Keras gives it", () =>
    Effect.gen(function* () {
      const simple = yield* Network.check([conv(32), pool, flatten, dense(128), end], image, 10)
      expect(simple.layers.map(({ output }) => output)).toStrictEqual([[30, 30, 32], [15, 15, 32], [7200], [128], [10]])
      expect(simple.layers.map(({ name }) => name)).toStrictEqual([
        "conv2d_0",
        "max_pool_1",
        "flatten_2",
        "dense_3",
        "dense_4"
      ])
      expect(Network.parameters(simple)).toBe(896 + 921_728 + 1290)
      const deep = yield* Network.check(
        [
          conv(32, "same"),
          pool,
          conv(64, "same"),
          { kind: "global-average-pooling" },
          { kind: "dropout", rate: 0.5 },
          end
        ],
        image,
        10
      )
      expect(deep.layers.map(({ output }) => output)).toStrictEqual([
        [32, 32, 32],
        [16, 16, 32],
        [16, 16, 64],
        [64],
        [64],
        [10]
      ])
      expect(Network.parameters(deep)).toBe(896 + 18_496 + 650)
    })
  )

  it.effect("that cannot be built is refused, naming the layer and the shapes", () =>
    Effect.gen(function* () {
      const pools = yield* refusal([conv(32), pool, pool, pool, pool, pool, flatten, end])
      expect(pools).toBe(
        "Layer 6 (max-pool) cannot be built: its 2x2 windows make [0, 0, 32] of [1, 1, 32]; expected an input of at least 2x2. Change it or the layers before it: [32, 32, 3] -> [30, 30, 32] -> [15, 15, 32] -> [7, 7, 32] -> [3, 3, 32] -> [1, 1, 32] so far."
      )
      expect(yield* refusal([conv(8), pool, conv(8), end], [5, 5, 3])).toContain(
        "Layer 3 (conv2d) cannot be built: its 3x3 kernel makes [-1, -1, 8] of [1, 1, 8]"
      )
      expect(yield* refusal([conv(8), end])).toContain(
        "Layer 2 (dense) cannot be built: its input is [30, 30, 8]; expected rows"
      )
      expect(yield* refusal([conv(0), flatten, end])).toContain("Layer 1 (conv2d) cannot be built: it has 0 filters")
      expect(yield* refusal([dense(1.5), end], [4])).toContain("Layer 1 (dense) cannot be built: it has 1.5 units")
      expect(yield* refusal([pool, end], [1280])).toContain("its input is [1280]; expected an image")
      expect(yield* refusal([{ kind: "dropout", rate: 1 }, end], [4])).toContain(
        "its rate is 1; expected a number from 0"
      )
      expect(yield* refusal([{ kind: "max-pool", size: 0 }, flatten, end])).toContain("its size is 0")
    })
  )

  it.effect("ends in a softmax over the classes, of which there are two at least", () =>
    Effect.gen(function* () {
      expect(yield* refusal([flatten, end], image, 0)).toContain("Layer 2 (dense) cannot be built: there are 0 classes")
      expect(yield* refusal([flatten, end], image, 3)).toContain(
        "it is the last and makes [10] of [3072]; expected dense softmax with a unit for each of the 3 classes"
      )
      expect(yield* refusal([flatten, dense(10)])).toContain("expected dense softmax")
      expect(yield* refusal([end, end], [4])).toContain(
        "Layer 1 (dense) cannot be built: it is a softmax amid the network"
      )
      expect(yield* refusal([])).toContain("the network has no layers")
      expect(yield* refusal([flatten, end], [0, 4, 3])).toContain("its input is [0, 4, 3]")
    })
  )

  it.effect("starts Glorot-uniform, other kernels from other seeds and in other layers, biases at zero", () =>
    Effect.gen(function* () {
      const network = yield* Network.check([flatten, dense(64), dense(64), end], [8, 8, 1], 10)
      const [first, bias, second] = Network.initialWeights(network, 1)
      const limit = Math.sqrt(6 / 128)
      const values = [...(first ?? [])]
      expect(Math.max(...values)).toBeLessThan(limit)
      expect(Math.max(...values)).toBeGreaterThan(0.99 * limit)
      expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length)).toBeLessThan(0.05 * limit)
      expect(bias).toStrictEqual(new Float32Array(64))
      expect(second).not.toStrictEqual(first)
      expect(Network.initialWeights(network, 2)[0]).not.toStrictEqual(first)
      expect(Network.initialWeights(network, 1)[0]).toStrictEqual(first)
    })
  )
})
