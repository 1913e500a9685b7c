import path from "node:path"
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import * as Machine from "../../../engine/Machine.ts"
import { choose, chooseFrom } from "../../../images/services/NetworkRuntime.ts"
import * as Processor from "../../../images/services/Processor.ts"

const binding = `bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`

/** A project with TensorFlow for a device, and with files of onnxruntime-node, if any. */
const project = (device: "cpu" | "gpu", onnx: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const root = yield* files.makeTempDirectoryScoped()
    const write = (file: string, text: string) =>
      Effect.zipRight(
        files.makeDirectory(path.dirname(path.join(root, file)), { recursive: true }),
        files.writeFileString(path.join(root, file), text)
      )
    const tensorflow = "node_modules/@tensorflow/tfjs-node-gpu"
    yield* write(`${tensorflow}/package.json`, "{}")
    yield* write(`${tensorflow}/deps/lib/libtensorflow_cc.so.2`, "")
    yield* write(
      `${tensorflow}/deps/headrace.json`,
      JSON.stringify({ tensorflow: "2.21.0", device, binding: "a".repeat(64) })
    )
    for (const [name, text] of Object.entries(onnx)) yield* write(`node_modules/onnxruntime-node/${name}`, text)
    return path.join(root, ".pipeline/build/worker.mjs")
  })

const vectors = Effect.runSync(Processor.instructions)
const installed = { "package.json": '{"version":"1.30.0"}', [binding]: "" }

it.layer(NodeFileSystem.layer)("the runtime of a network", (it) => {
  it.scoped("is by default the ONNX runtime on a CPU and TensorFlow on a GPU", () =>
    Effect.gen(function* () {
      const cpu = yield* chooseFrom(yield* project("cpu", installed), "auto")
      expect(cpu).toEqual({
        name: "onnxruntime",
        fact: `onnxruntime 1.30.0, ${vectors}, all optimizations`,
        notice: null
      })
      const gpu = yield* chooseFrom(yield* project("gpu", installed), "auto")
      expect([gpu.name, gpu.notice]).toEqual(["tensorflow", null])
    })
  )

  it.scoped("is by default TensorFlow, with a notice, where the other is missing or not for this machine", () =>
    Effect.gen(function* () {
      for (const onnx of [{}, { "package.json": '{"version":"1.30.0"}' }]) {
        const { name, fact, notice } = yield* chooseFrom(yield* project("cpu", onnx), "auto")
        expect([name, fact]).toEqual(["tensorflow", `tensorflow 2.21.0, ${vectors}, ${yield* Machine.threads} threads`])
        expect(notice).toContain("onnxruntime-node")
      }
    })
  )

  it.scoped("is the one asked for by name, or an error that names the parameter", () =>
    Effect.gen(function* () {
      const { name, notice } = yield* chooseFrom(yield* project("cpu", installed), "tensorflow")
      expect([name, notice]).toEqual(["tensorflow", null])
      const missing = yield* Effect.either(chooseFrom(yield* project("cpu", {}), "onnxruntime"))
      expect(Either.isLeft(missing) && missing.left._tag).toBe("OnnxMissing")
      expect(Either.isLeft(missing) && missing.left.message).toContain('runtime: "tensorflow"')
    })
  )

  it.effect("is found for this checkout without being loaded", () =>
    Effect.gen(function* () {
      expect((yield* choose("onnxruntime")).fact).toMatch(/^onnxruntime 1\.\d+\.\d+, \w+, all optimizations$/)
      const maps = yield* Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString("/proc/self/maps"))
      expect(maps).not.toContain("onnxruntime")
    })
  )
})
