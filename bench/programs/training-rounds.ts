/**
 * Measures training steps: eager, compiled and by Keras, taking turns. The argument is JSON: the `python` that has Keras,
 * the `script` of bench/peers, the number of `rounds`. Prints the results as one JSON line, the last.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { Effect } from "effect"
import * as Random from "../../api/random.ts"
import * as DenseHead from "../../images/models/DenseHead.ts"
import * as Network from "../../images/models/Network.ts"
import { plain, type Setup, type Stepper } from "../../images/models/Stepper.ts"
import * as Compiled from "../../images/models/training-compiled.ts"
import * as Eager from "../../images/models/training-eager.ts"
import { Tensorflow } from "../../images/services/Tensorflow.ts"
import { deepCnn } from "../../pipelines/deep-cnn.ts"
import { simpleCnn } from "../../pipelines/simple-cnn.ts"

/** What is printed for each network: milliseconds of a training step, eager, compiled and by Keras, taking turns. */
interface Result {
  readonly name: string
  readonly parameters: number
  readonly batchSize: number
  /** By round, in milliseconds. */
  readonly eager: ReadonlyArray<number>
  readonly compiled: ReadonlyArray<number>
  readonly keras: ReadonlyArray<number>
  /** The furthest that a loss of the first steps is from the compiled step's, without dropout. */
  readonly difference: { readonly eager: number; readonly keras: number }
}

interface Case {
  readonly name: string
  readonly layers: Network.Network
  readonly input: ReadonlyArray<number>
  readonly batchSize: number
  readonly steps: number
}

const image = [32, 32, 3]
const head = Network.withEnd(DenseHead.layers({ units: 2048, dropout: 0.5 }), 10)

const cases: ReadonlyArray<Case> = [
  {
    name: "simple-cnn",
    layers: Network.withEnd(simpleCnn.params.network.default, 10),
    input: image,
    batchSize: 64,
    steps: 30
  },
  {
    name: "deep-cnn",
    layers: Network.withEnd(deepCnn.params.network.default, 10),
    input: image,
    batchSize: 64,
    steps: 15
  },
  { name: "dense head, batch 64", layers: head, input: [1280], batchSize: 64, steps: 30 },
  { name: "dense head, batch 512", layers: head, input: [1280], batchSize: 512, steps: 10 }
]

const learningRate = 1e-3
const checkedSteps = 20
const rows = 12_800

/** Images or features of ten classes, each class around a centre of its own. */
const dataOf = (size: number) => {
  const draw = (step: number, count: number) =>
    Random.uniform({ seed: 1, purpose: "weights", epoch: 0, step }, count, 1)
  const centres = draw(1, 10 * size)
  const inputs = draw(2, rows * size)
  const labels = Int32Array.from({ length: rows }, (_, row) => (row * 7) % 10)
  inputs.forEach((value, at) => {
    inputs[at] = value + 0.2 * (centres[(labels[Math.floor(at / size)] ?? 0) * size + (at % size)] ?? 0)
  })
  return { inputs, labels }
}

/** Keras in a process of its own, which answers a line with a line. */
const keras = (python: string, script: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(python, [script], { stdio: ["pipe", "pipe", "ignore"] })
        return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
      }),
      ({ child }) => Effect.sync(() => child.kill())
    ),
    ({ child, lines }) =>
      (request: object): Effect.Effect<Record<string, never>> =>
        Effect.promise(async () => {
          child.stdin.write(`${JSON.stringify(request)}\n`)
          const { value, done } = await lines.next()
          if (done) throw new Error("Keras ended early; expected an answer. Run bench/peers/keras-training.py by hand.")
          return JSON.parse(value)
        })
  )

const folderOf = (arrays: Readonly<Record<string, Float32Array | Int32Array>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(tmpdir(), "headrace-bench-"))
      for (const [name, array] of Object.entries(arrays)) writeFileSync(join(folder, name), array)
      return folder
    }),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )

const batchOf = (size: number, step: number) => Int32Array.from({ length: size }, (_, at) => (step * size + at) % rows)

const lossesOf = (stepper: Stepper, size: number) => {
  for (let step = 0; step < checkedSteps; step++) stepper.step(batchOf(size, step), 1, step + 1)
  return stepper.losses().map(({ loss }) => loss)
}

const timeOf = (stepper: Stepper, { batchSize, steps }: Case, from: number) => {
  const order = Random.shuffle(
    { seed: 1, purpose: "order", epoch: from, step: 0 },
    Int32Array.from({ length: rows }, (_, at) => at)
  )
  let begin = 0
  for (let step = 0; step < steps + 5; step++) {
    if (step === 5) begin = performance.now()
    const at = (step * batchSize) % (rows - batchSize + 1)
    stepper.step(order.slice(at, at + batchSize), 1, from + step)
  }
  stepper.losses()
  return (performance.now() - begin) / steps
}

const furthest = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  Math.max(...a.map((value, at) => Math.abs(value - (b[at] ?? Number.NaN))))

const measure = (one: Case, peer: Effect.Effect.Success<ReturnType<typeof keras>>, rounds: number) =>
  Effect.gen(function* () {
    const { tf } = yield* Tensorflow
    const { name, batchSize, steps } = one
    const size = one.input.reduce((product, length) => product * length, 1)
    const data = dataOf(size)
    const validation = { inputs: data.inputs.subarray(0, size), batchRows: 1 }
    const setupOf = (layers: Network.Network) =>
      Effect.map(Network.check(layers, one.input, 10), (network): Setup => {
        const optimizer = { kind: "adam", learningRate } as const
        const stepsPerEpoch = Math.ceil(rows / batchSize)
        return { ...plain, ...data, network, optimizer, batchSize, stepsPerEpoch, seed: 2, lookEvery: 100 }
      })
    const setup = yield* setupOf(one.layers)
    const weights = Network.initialWeights(setup.network, setup.seed)
    const folder = yield* folderOf({
      "inputs.f32": data.inputs,
      "labels.i32": data.labels,
      "weights.f32": Float32Array.from(weights.flatMap((array) => [...array]))
    })
    yield* peer({ do: "open", name, layers: one.layers, input: one.input, folder, batchSize, learningRate })
    const difference = yield* Effect.scoped(
      Effect.gen(function* () {
        const plain = yield* setupOf(
          one.layers.map((layer) => (layer.kind === "dropout" ? { ...layer, rate: 0 } : layer))
        )
        const ours = lossesOf(yield* Compiled.open(plain, validation), batchSize)
        const eager = lossesOf(yield* Eager.open(tf, plain), batchSize)
        const { losses } = yield* peer({ do: "losses", name, steps: checkedSteps })
        return { eager: furthest(eager, ours), keras: furthest(losses ?? [], ours) }
      })
    )
    const compiled = yield* Compiled.open(setup, validation)
    const eager = yield* Eager.open(tf, setup)
    const times = { eager: [] as Array<number>, compiled: [] as Array<number>, keras: [] as Array<number> }
    for (let round = 0; round < rounds; round++) {
      const from = 1 + round * (steps + 5)
      times.eager.push(timeOf(eager, one, from))
      times.compiled.push(timeOf(compiled, one, from))
      times.keras.push((yield* peer({ do: "time", name, steps })).milliseconds ?? Number.NaN)
    }
    return { name, parameters: Network.parameters(setup.network), batchSize, ...times, difference } satisfies Result
  }).pipe(Effect.scoped)

const [request = "{}"] = process.argv.slice(2)
const { python, script, rounds } = JSON.parse(request) as {
  readonly python: string
  readonly script: string
  readonly rounds: number
}
const results = Effect.gen(function* () {
  const peer = yield* keras(python, script)
  return yield* Effect.forEach(cases, (one) => measure(one, peer, rounds))
})

Effect.runPromise(results.pipe(Effect.scoped, Effect.provide(Tensorflow.live))).then((found) =>
  console.log(JSON.stringify(found))
)
