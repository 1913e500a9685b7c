/** Measures float32 matrix products by TensorFlow: prints one JSON line, the GFLOP/s of each of some rounds by shape. */
import { Effect } from "effect"
import { Tensorflow } from "../../images/services/Tensorflow.ts"

/** [rows, inner, columns]: a large square, and the forward product of a dense 2048 head at batch 512. */
const shapes = { square: [2048, 2048, 2048], head: [512, 1280, 2048] } as const
const ROUNDS = 15
const PRODUCTS = 10

const measured = Effect.map(Tensorflow, ({ tf }) =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, [rows, inner, columns]]) => {
      const a = tf.randomUniform([rows, inner])
      const b = tf.randomUniform([inner, columns])
      const gigaflops = Array.from({ length: ROUNDS + 2 }, () => {
        const began = performance.now()
        for (let product = 0; product < PRODUCTS; product++) tf.dispose(tf.matMul(a, b))
        return (2 * rows * inner * columns * PRODUCTS) / ((performance.now() - began) * 1e6)
      })
      tf.dispose([a, b])
      // the first rounds fill caches
      return [name, gigaflops.slice(2)]
    })
  )
)

console.log(JSON.stringify(await Effect.runPromise(Effect.provide(measured, Tensorflow.live))))
