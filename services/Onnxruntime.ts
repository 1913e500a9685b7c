import { Context, Effect, Layer, Schema, type Scope } from "effect"
import { type OnnxModel, onnxFile } from "./onnx-model.ts"

export class OnnxUnloadable extends Schema.TaggedError<OnnxUnloadable>()("OnnxUnloadable", { what: Schema.String }) {
  override get message() {
    return `The ONNX runtime cannot be loaded: ${this.what}; expected the package onnxruntime-node and its native library for this machine. Set the parameter runtime to "tensorflow" (--runtime tensorflow), or run npm ci again.`
  }
}

/** What of the runtime's settings changes bytes: a fact of whatever it computes. Other levels fuse and lay out otherwise. */
export const optimization = "all"

export interface Session {
  /** One call of the network: row-major float32 in the model's input shape, to its output shape. */
  readonly run: (values: Float32Array) => Effect.Effect<Float32Array>
}

/** Networks on the CPU by onnxruntime-node, loaded by the first session: a machine may be without. */
export class Onnxruntime extends Context.Tag("headrace/Onnxruntime")<
  Onnxruntime,
  { readonly session: (model: OnnxModel, threads: number) => Effect.Effect<Session, OnnxUnloadable, Scope.Scope> }
>() {
  static readonly live: Layer.Layer<Onnxruntime> = Layer.succeed(this, {
    session: (model, threads) =>
      Effect.gen(function* () {
        const { InferenceSession, Tensor } = yield* load
        const session = yield* Effect.acquireRelease(
          Effect.tryPromise({
            try: () =>
              InferenceSession.create(onnxFile(model), {
                executionProviders: ["cpu"],
                executionMode: "sequential",
                graphOptimizationLevel: optimization,
                intraOpNumThreads: threads,
                interOpNumThreads: 1,
                logSeverityLevel: 3
              }),
            catch: unloadable
          }),
          (session) => Effect.promise(() => session.release())
        )
        const { input, output } = model
        return {
          run: (values) =>
            Effect.promise(async () => {
              const found = await session.run({ [input.name]: new Tensor("float32", values, input.shape) })
              return found[output.name]?.data as Float32Array
            })
        }
      })
  })
}

const unloadable = (error: unknown) =>
  new OnnxUnloadable({ what: (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "" })

type Ort = typeof import("onnxruntime-node")

const load: Effect.Effect<Ort, OnnxUnloadable> = Effect.tryPromise({
  try: async () => {
    const module = await import("onnxruntime-node")
    return (module as { default?: Ort }).default ?? module
  },
  catch: unloadable
})
