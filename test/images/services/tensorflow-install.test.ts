import path from "node:path"
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { partsOf } from "../../../artifacts/Explained.ts"
import { manifest, manifestFrom, TensorflowMissing, version } from "../../../images/services/TensorflowInstall.ts"

/** A project directory with the package, and with `deps` as its provisioned files. */
const project = (deps: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const root = yield* files.makeTempDirectoryScoped()
    const directory = path.join(root, "node_modules/@tensorflow/tfjs-node-gpu")
    yield* files.makeDirectory(path.join(directory, "deps/lib"), { recursive: true })
    yield* files.writeFileString(path.join(directory, "package.json"), `{"name":"@tensorflow/tfjs-node-gpu"}`)
    for (const [name, text] of Object.entries(deps))
      yield* files.writeFileString(path.join(directory, "deps", name), text)
    return path.join(root, ".pipeline/build/pipeline.js")
  })

const provisioned = JSON.stringify({ tensorflow: "2.21.0", device: "cpu", recipe: "r", binding: "a".repeat(64) })

const refused = (deps: Readonly<Record<string, string>>) =>
  project(deps).pipe(
    Effect.flatMap((from) => Effect.flip(manifestFrom(from))),
    Effect.map((error) => {
      expect(error).toBeInstanceOf(TensorflowMissing)
      expect(error.message).toContain("expected what an installation sets up")
      expect(error.message).toContain("npx headrace-images provision")
      return error.reason
    })
  )

it.layer(NodeFileSystem.layer)("TensorflowInstall", (it) => {
  it.effect("this checkout's native version is known without loading TensorFlow", () =>
    Effect.gen(function* () {
      expect(yield* version).toMatch(/^2\.\d+\.\d+$/)
      expect((yield* manifest).device).toBe("cpu")
      const maps = yield* Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString("/proc/self/maps"))
      expect(maps).not.toContain("libtensorflow")
    })
  )

  it.scoped("the manifest is found from a bundle below the project's root", () =>
    Effect.gen(function* () {
      const from = yield* project({ "headrace.json": provisioned, "lib/libtensorflow_cc.so.2": "" })
      expect(yield* manifestFrom(from)).toEqual({ tensorflow: "2.21.0", device: "cpu", binding: "a".repeat(64) })
    })
  )

  it.scoped("a package that was never provisioned, a broken manifest and a lost library are told apart", () =>
    Effect.gen(function* () {
      expect(yield* refused({})).toMatch(/headrace\.json can't be read$/)
      expect(yield* refused({ "headrace.json": "{" })).toMatch(/headrace\.json isn't a manifest$/)
      expect(yield* refused({ "headrace.json": provisioned })).toMatch(/libtensorflow_cc\.so\.2 is gone$/)
    })
  )

  it.scoped("on a machine that it is not made for, that is the reason, with the way out", () =>
    Effect.gen(function* () {
      const from = yield* project({})
      const arch = Object.getOwnPropertyDescriptor(process, "arch") ?? {}
      yield* Effect.acquireRelease(
        Effect.sync(() => Object.defineProperty(process, "arch", { ...arch, value: "arm64" })),
        () => Effect.sync(() => Object.defineProperty(process, "arch", arch))
      )
      expect(partsOf(yield* Effect.flip(manifestFrom(from)))).toEqual({
        what: `This machine is ${process.platform} arm64, and native TensorFlow isn't installed on it`,
        expected: "linux x64 with glibc, which its libraries are taken for",
        fix: "Run this on such a machine or in such a container; stages that need no TensorFlow run here."
      })
    })
  )

  it.scoped("a project without the package is told so", () =>
    Effect.gen(function* () {
      const root = yield* Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())
      const error = yield* Effect.flip(manifestFrom(path.join(root, "pipeline.js")))
      expect(error.reason).toBe("the package @tensorflow/tfjs-node-gpu wasn't found")
    })
  )
})
