import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Tensorflow, type Tf } from "../../../images/services/Tensorflow.ts"
import { trace } from "../../../images/services/trace-operations.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor

const held = <T extends Tensor>(tensor: T) =>
  Effect.acquireRelease(Effect.succeed(tensor), (tensor) => Effect.sync(() => tensor.dispose()))

/** What becomes of a program of one float32 [2, 3] tensor, traced as the node `x`. */
const traceOf = (program: (tf: Tf, x: Tensor) => Tensor) =>
  Effect.gen(function* () {
    const { tf } = yield* Tensorflow
    const x = yield* held(tf.ones([2, 3]))
    return yield* trace(tf, "t_", [{ tensor: x, node: "x" }], () => [program(tf, x)])
  })

layer(Tensorflow.live)("a traced program", (it) => {
  it.scoped("computes as a graph what it computes eagerly, and its gradient, for other values too", () =>
    Effect.gen(function* () {
      const { tf, graph } = yield* Tensorflow
      const program = (tf: Tf, x: Tensor) =>
        tf.grad((x) => tf.sum(tf.mul(tf.square(tf.relu(tf.sub(x, 0.5))), tf.reshape(tf.transpose(x), [2, 3]))))(x)
      const { nodes, outputs } = yield* traceOf(program)
      const placeholder = {
        name: "x",
        op: "Placeholder",
        inputs: [],
        attrs: { dtype: { type: "float" }, shape: { shape: [2, 3] } }
      } as const
      const run = yield* graph({ nodes: [placeholder, ...nodes], input: "x", output: outputs[0] ?? "" })
      const other = tf.tensor2d([0.1, 0.9, -3, 4, 0.7, 2], [2, 3])
      const [ours, eager] = [run(other), program(tf, other)]
      expect([...ours.dataSync()]).toStrictEqual([...eager.dataSync()])
      tf.dispose([other, ours, eager])
    })
  )

  it.scoped("is refused when something was computed beside its tensors: chance, a clock, a mask, a read value", () =>
    Effect.gen(function* () {
      const why = (program: (tf: Tf, x: Tensor) => Tensor) =>
        Effect.map(Effect.flip(traceOf(program)), ({ message }) => message)
      expect(yield* why((tf, x) => tf.mul(x, tf.tensor2d([1, 0, 1, 1, 0, 1], [2, 3])))).toContain(
        "Mul reads a constant float32 [2, 3] that was computed while it ran; expected literals only"
      )
      expect(yield* why((tf, x) => tf.dropout(x, 0.5, undefined, 3))).toContain("cannot become a graph")
      expect(yield* why((tf, x) => tf.add(x, tf.randomUniform([2, 3])))).toContain("cannot become a graph")
      const { tf } = yield* Tensorflow
      const rate = yield* held(tf.scalar(0.1))
      expect(yield* why((tf, x) => tf.mul(x, rate))).toContain("Mul reads a float32 [] that it was not given")
      let calls = 0
      expect(yield* why((tf, x) => tf.mul(x, ++calls))).toContain("two runs differ, first in t_0_Const")
      expect(yield* why((tf, x) => tf.mul(x, x.dataSync()[0] ?? 0))).toContain("it reads a tensor's values")
      const rows = [3, 1, 4, 1, 5, 2, 0, 5, 3]
      expect(yield* why((tf, x) => tf.gather(tf.reshape(x, [6]), tf.tensor1d(rows, "int32")))).toContain("int32 [9]")
    })
  )

  it.scoped("leaves no tensor and no change behind, refused or not", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const x = yield* Effect.acquireRelease(
        Effect.sync(() => tf.ones([2, 3])),
        (x) => Effect.sync(() => x.dispose())
      )
      const before = { tensors: tf.memory().numTensors, own: Object.keys(tf.backend()) }
      yield* trace(tf, "t_", [{ tensor: x, node: "x" }], () => [tf.square(x)])
      yield* Effect.flip(
        trace(tf, "t_", [{ tensor: x, node: "x" }], () => [tf.mul(tf.square(x), x.dataSync()[0] ?? 0)])
      )
      expect({ tensors: tf.memory().numTensors, own: Object.keys(tf.backend()) }).toStrictEqual(before)
    })
  )
})
