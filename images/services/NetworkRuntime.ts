/**
 * Which runtime computes a frozen network on this machine.
 *
 * @module
 */
import type { FileSystem } from "@effect/platform"
import { Effect, Option, Schema } from "effect"
import { Explained, Machine, Text } from "headrace"
import { optimization } from "./Onnxruntime.ts"
import * as OnnxruntimeInstall from "./OnnxruntimeInstall.ts"
import * as OwnPlace from "./OwnPlace.ts"
import * as Processor from "./Processor.ts"
import * as TensorflowInstall from "./TensorflowInstall.ts"

/** What computes a frozen network; `auto` is the fastest one that this machine has. */
export const Request = Schema.Literal("auto", "tensorflow", "onnxruntime")
export type Request = typeof Request.Type
/** A runtime that is chosen. */
export type Name = Exclude<Request, "auto">

/** The parameter asks for the ONNX runtime, and the project does not have it. */
export class OnnxMissing extends Explained.TaggedError<OnnxMissing>()("OnnxMissing", {}, () => ({
  what: "The ONNX runtime isn't installed",
  expected: 'the optional package onnxruntime-node, since the parameter runtime is "onnxruntime"',
  fix: Text.text`Run npm install, or set ${Text.setting("runtime", "tensorflow")}.`
})) {}

/** A runtime as a key holds it: `fact` names it with all of the machine that changes its bytes. */
export interface Choice {
  readonly name: Name
  readonly fact: string
  /** What a person should know of the choice: one sentence, or null. */
  readonly notice: string | null
}

/**
 * Decides without loading either; `from` is a file beside or below which node_modules is sought. `auto`: TensorFlow where it computes on a GPU, else the ONNX runtime, which does an image
 * in less processor time (bench/extraction-runtimes.mjs), else TensorFlow on the CPU.
 */
export const chooseFrom = (
  from: string,
  request: Request
): Effect.Effect<
  Choice,
  OnnxMissing | TensorflowInstall.TensorflowMissing | Machine.ThreadsInvalid,
  FileSystem.FileSystem
> =>
  Effect.gen(function* () {
    const onnx = yield* OnnxruntimeInstall.versionFrom(from)
    const vectors = yield* Processor.instructions
    if (request === "onnxruntime")
      return Option.isSome(onnx) ? onOnnxruntime(onnx.value, vectors) : yield* new OnnxMissing()
    const { tensorflow, device } = yield* TensorflowInstall.manifestFrom(from)
    if (request === "auto" && device === "cpu" && Option.isSome(onnx)) return onOnnxruntime(onnx.value, vectors)
    const lacking = request === "auto" && device === "cpu"
    return {
      name: "tensorflow",
      fact: `tensorflow ${tensorflow}, ${vectors}, ${yield* Machine.threads} threads`,
      notice: lacking ? "TensorFlow computes the features; onnxruntime-node, which is faster, is not installed" : null
    }
  })

/** Threads don't count: each image is computed by one. */
const onOnnxruntime = (version: string, vectors: string): Choice => ({
  name: "onnxruntime",
  fact: `onnxruntime ${version}, ${vectors}, ${optimization} optimizations`,
  notice: null
})

/** The choice of this installation. */
export const choose = (request: Request) => Effect.suspend(() => chooseFrom(OwnPlace.file(), request))
