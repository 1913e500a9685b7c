import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { createRequire } from "node:module"
import { availableParallelism, freemem, totalmem } from "node:os"
import * as path from "node:path"
import type { FileSystem } from "@effect/platform"
import { Effect, Option } from "effect"
import { Explained, Kind, Project, Text } from "headrace"
import * as Backbone from "./models/Backbone.ts"
import * as Catalogue from "./services/Catalogue.ts"
import { Datasets } from "./services/Datasets.ts"
import * as EditionFiles from "./services/EditionFiles.ts"
import * as NetworkRuntime from "./services/NetworkRuntime.ts"
import * as OnnxruntimeInstall from "./services/OnnxruntimeInstall.ts"
import * as OwnPlace from "./services/OwnPlace.ts"
import * as TensorflowInstall from "./services/TensorflowInstall.ts"

type Check = Project.Check
const { fine, wrong } = Project

/** What a run of all of CIFAR-10 takes at its peak. */
const LEAST_MEMORY = 3e9

const platform = Effect.sync(() => {
  const machine = TensorflowInstall.unsupported()
  return machine === null
    ? fine("platform", `${process.platform} ${process.arch}`)
    : wrong("platform", machine, "Use Linux x64 with glibc for the stages that need TensorFlow; the others work here.")
})

const sha256Of = async (file: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const bytes of createReadStream(file)) hash.update(bytes as Uint8Array)
  return hash.digest("hex")
}

/** Whether what was provisioned is there, and the binding the one that was compiled. */
const tensorflow: Effect.Effect<Check, never, FileSystem.FileSystem> = TensorflowInstall.manifest.pipe(
  Effect.flatMap((manifest) =>
    Effect.promise(async () => {
      const require = createRequire(OwnPlace.file())
      const folder = path.dirname(require.resolve("@tensorflow/tfjs-node-gpu/package.json"))
      const digest = await sha256Of(path.join(folder, "lib/napi-v8/tfjs_binding.node")).catch(() => null)
      if (digest === manifest.binding) return fine("TensorFlow", `${manifest.tensorflow} (${manifest.device})`)
      const found =
        digest === null ? "its Node binding is missing" : "its Node binding is not the one that was compiled"
      return wrong("TensorFlow", found, "Run npx headrace-images provision.")
    })
  ),
  Effect.catchAll((error) => {
    const { what, fix } = Explained.explain(error)
    return Effect.succeed(wrong("TensorFlow", what, fix ?? "Run npm install."))
  })
)

/** Native packages, each loaded for real; TensorFlow also computes. A broken library ends this process, not the command. */
const PROBES: Readonly<Record<string, string>> = {
  sharp: 'await import("sharp")',
  "apache-arrow": 'await import("apache-arrow")',
  h5wasm: 'await import("h5wasm")',
  resvg: 'await import("@resvg/resvg-js")',
  vega: 'await import("vega")',
  "TensorFlow computes":
    'const util = await import("node:util"); util.default.isNullOrUndefined ??= (v) => v == null; const { default: tf } = await import("@tensorflow/tfjs-node-gpu"); if (tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0] !== 11) throw new Error("a wrong product")'
}

const FIXES: Readonly<Record<string, Text.Text>> = {
  "TensorFlow computes": "Run npx headrace-images provision.",
  "ONNX runtime": Text.text`Run npm install, or do without it: ${Text.setting("runtime", "tensorflow")}.`
}

const probe = (name: string, program: string) =>
  Effect.async<Check>((resume) => {
    const options = {
      cwd: path.dirname(OwnPlace.file()),
      timeout: 60_000,
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" }
    }
    execFile(process.execPath, ["--input-type=module", "-e", program], options, (error, _stdout, stderr) => {
      const why = /^\w*Error.*$/m.exec(stderr)?.[0] ?? error?.signal ?? `exit code ${error?.code}`
      const fix = FIXES[name] ?? "Run npm install."
      resume(Effect.succeed(error === null ? fine(name, "works") : wrong(name, why, fix)))
    })
  })

const packages = Effect.forEach(Object.entries(PROBES), ([name, program]) => probe(name, program), { concurrency: 2 })

/** Only where it is installed: the package is optional. */
const onnxruntime = Effect.flatMap(
  Effect.suspend(() => OnnxruntimeInstall.versionFrom(OwnPlace.file())),
  (version) =>
    Option.isNone(version)
      ? Effect.succeed([])
      : Effect.map(probe("ONNX runtime", 'await import("onnxruntime-node")'), (check) => [check])
)

/** What is chosen on this machine where nobody says. */
const networkRuntime = NetworkRuntime.choose("auto").pipe(
  Effect.map(({ fact, notice }) => fine("network runtime", notice === null ? fact : `${fact} (${notice})`)),
  Effect.catchAll((error) => {
    const { what, fix } = Explained.explain(error)
    return Effect.succeed(wrong("network runtime", what, fix ?? "Run npm install."))
  })
)

const memory = Effect.sync(() => {
  const found = `${Kind.formatBytes(totalmem())}, ${Kind.formatBytes(freemem())} of it free, ${availableParallelism()} cores`
  return totalmem() >= LEAST_MEMORY
    ? fine("memory", found)
    : wrong("memory", found, `Use a machine with ${Kind.formatBytes(LEAST_MEMORY)} or more.`)
})

const origin = (from: EditionFiles.Origin): string =>
  EditionFiles.Origin.$match(from, {
    Lies: ({ label, at }) => `${label}, ${at}`,
    Downloads: ({ label, url, bytes }) =>
      `${label}, will be downloaded${bytes === null ? "" : ` (${Kind.formatBytes(bytes)})`} from ${url}`,
    Cuts: ({ label, from }) => `${label}, will be cut out of ${origin(from)}`,
    Makes: ({ label }) => `${label}, will be made`
  })

/** What the default run needs, looked for but not fetched: that is for the run, which shows its progress. */
const datasets = Effect.gen(function* () {
  const { look } = yield* Datasets
  const one = (name: string, entry: Catalogue.Entry) =>
    look(entry).pipe(
      Effect.map((origins) => fine(name, origins.map(origin).join("; without a network: "))),
      Effect.catchAll((error) => {
        const { what, expected, fix } = Explained.explain(error)
        return Effect.succeed(
          wrong(name, Text.text`${what}; expected ${expected ?? "something else"}`, fix ?? "Set PIPELINE_MIRROR.")
        )
      })
    )
  const cifar10 = Catalogue.datasets.filter(({ name }) => name === "cifar10")
  return [
    ...(yield* Effect.forEach(cifar10, (entry) => one(`dataset ${entry.name}`, entry))),
    yield* one("MobileNetV2 weights", Catalogue.weights(Backbone.weightsOf(Backbone.get("mobilenet_v2_1.0_224")))),
    fine(
      "without them",
      Text.text`${Text.setting("dataset", "sample")} and ${Text.setting("backbone", "random")} need no network`
    )
  ]
})

/** What `pipeline doctor` looks at in a project that works on images. */
export const checks = Effect.gen(function* () {
  return [
    yield* platform,
    yield* tensorflow,
    ...(yield* packages),
    ...(yield* onnxruntime),
    yield* networkRuntime,
    yield* memory,
    ...(yield* datasets)
  ]
})
