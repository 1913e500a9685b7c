/**
 * Networks computed by the ONNX runtime.
 *
 * @module
 */
import { createRequire } from "node:module"
import { Worker } from "node:worker_threads"
import { Context, Effect, Layer, Schema, type Scope } from "effect"
import { Explained, Text } from "headrace"
import * as OwnPlace from "./OwnPlace.ts"
import { type OnnxModel, onnxFile } from "./onnx-model.ts"
import { onnxStream, type StreamAnswer, type StreamData } from "./onnx-stream.ts"

/** The ONNX runtime is not installed, or its native library does not load on this machine. */
export class OnnxUnloadable extends Explained.TaggedError<OnnxUnloadable>()(
  "OnnxUnloadable",
  { what: Schema.String },
  ({ what }) => ({
    what: `The ONNX runtime cannot be loaded: ${what}`,
    expected: "the package onnxruntime-node with its native library for this machine",
    fix: Text.text`Set ${Text.setting("runtime", "tensorflow")}, or run npm install again.`
  })
) {}

/** A thread of the runtime failed at a batch, or is gone. */
export class OnnxFailed extends Explained.TaggedError<OnnxFailed>()(
  "OnnxFailed",
  { what: Schema.String },
  ({ what }) => ({
    what: `The ONNX runtime failed at a batch: ${what}`,
    expected: "what the network makes of it",
    fix: Text.text`Run again, or set ${Text.setting("runtime", "tensorflow")}.`
  })
) {}

/** What of the settings changes bytes: a fact of whatever is computed. Another level fuses and lays out otherwise. */
export const optimization = "all"

/**
 * One thread for all of an operation: its sums come out the same on every number of cores, and no core waits for another.
 * The cores are kept busy by as many streams.
 */
const options = {
  executionProviders: ["cpu"],
  executionMode: "sequential",
  graphOptimizationLevel: optimization,
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 3
}

/** A network, on several threads. */
export interface Session {
  /**
   * A whole number of batches: row-major float32 in the model's input shape, to its output shape, one after the other on
   * one thread. Run several at once, to keep every thread busy.
   */
  readonly run: (values: Float32Array) => Effect.Effect<Float32Array, OnnxFailed>
  /** How long the threads were inside the network so far, added up. */
  readonly busyMilliseconds: Effect.Effect<number>
}

/** Networks on the CPU by onnxruntime-node, which is loaded by the first session: a machine may be without it. */
export class Onnxruntime extends Context.Tag("headrace/Onnxruntime")<
  Onnxruntime,
  {
    /** Opens a network on so many threads, which end when the scope closes. */
    readonly session: (model: OnnxModel, streams: number) => Effect.Effect<Session, OnnxUnloadable, Scope.Scope>
  }
>() {
  static readonly live: Layer.Layer<Onnxruntime> = Layer.succeed(this, {
    session: (model, streams) =>
      Effect.gen(function* () {
        const runtime = yield* Effect.try({
          try: () => createRequire(OwnPlace.file()).resolve("onnxruntime-node"),
          catch: () => new OnnxUnloadable({ what: "onnxruntime-node is not installed" })
        })
        const { input, output } = model
        const stop = new Int32Array(new SharedArrayBuffer(4))
        const data: StreamData = { runtime, model: onnxFile(model), options, input, output, stop }
        const threads = yield* Effect.all(
          Array.from({ length: streams }, () => start(data)),
          { concurrency: "unbounded" }
        )
        let busyMilliseconds = 0
        return {
          run: (values) =>
            Effect.flatMap(ask(threads, values), (answer) => {
              if (!("found" in answer))
                return new OnnxFailed({ what: "failed" in answer ? answer.failed : "no answer" })
              busyMilliseconds += answer.milliseconds
              return Effect.succeed(answer.found)
            }),
          busyMilliseconds: Effect.sync(() => busyMilliseconds)
        }
      })
  })
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? ""

/** A thread, and who waits for its answers, which come in the order of the questions. */
interface Stream {
  readonly worker: Worker
  readonly waiting: Array<(answer: StreamAnswer) => void>
  /** Why it answers nothing any more; null while it does. */
  ended: string | null
}

/** A question waits at its thread, not here: the thread goes on at once, also where this one has to wait for a core. */
const ask = (streams: ReadonlyArray<Stream>, values: Float32Array): Effect.Effect<StreamAnswer> =>
  Effect.async((resume) => {
    const load = ({ ended, waiting }: Stream) => (ended === null ? waiting.length : Number.POSITIVE_INFINITY)
    const { worker, waiting, ended } = streams.reduce((least, one) => (load(one) < load(least) ? one : least))
    if (ended !== null) return resume(Effect.succeed({ failed: ended }))
    waiting.push((answer) => resume(Effect.succeed(answer)))
    // a copy goes over, whole: the caller may fill its own anew
    const copy = values.slice()
    worker.postMessage(copy, [copy.buffer])
  })

/** Ends a thread after the batch that it is at; one that answers nothing is ended all the same. */
const end = (worker: Worker, stop: Int32Array): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const late = setTimeout(() => void worker.terminate(), LATE_MILLIS)
    worker.once("exit", () => {
      clearTimeout(late)
      resume(Effect.void)
    })
    Atomics.store(stop, 0, 1)
    worker.postMessage(null)
    // a thread that has ended before says so no more
    if (worker.threadId === -1) {
      clearTimeout(late)
      resume(Effect.void)
    }
  })

/** Many times as long as a batch takes. */
const LATE_MILLIS = 5000

const start = (workerData: StreamData): Effect.Effect<Stream, OnnxUnloadable, Scope.Scope> =>
  Effect.gen(function* () {
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => new Worker(onnxStream, { eval: true, workerData })),
      (worker) => end(worker, workerData.stop)
    )
    const stream: Stream = { worker, waiting: [], ended: null }
    const first = yield* Effect.async<StreamAnswer>((resume) => {
      stream.waiting.push((answer) => resume(Effect.succeed(answer)))
      const gone = (failed: string) => {
        stream.ended ??= failed
        for (const answer of stream.waiting.splice(0)) answer({ failed })
      }
      worker.on("message", (answer: StreamAnswer) => stream.waiting.shift()?.(answer))
      worker.on("error", (error) => gone(firstLine(error.message)))
      worker.on("exit", (code) => gone(`its thread ended with exit code ${code}`))
    })
    if ("failed" in first) return yield* new OnnxUnloadable({ what: firstLine(first.failed) })
    return stream
  })
