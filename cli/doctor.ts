import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import * as fs from "node:fs/promises"
import { createRequire } from "node:module"
import { availableParallelism, freemem, totalmem } from "node:os"
import * as path from "node:path"
import type { FileSystem } from "@effect/platform"
import { Effect, Option } from "effect"
import * as Backbone from "../models/Backbone.ts"
import * as Catalogue from "../services/Catalogue.ts"
import { Datasets } from "../services/Datasets.ts"
import * as EditionFiles from "../services/EditionFiles.ts"
import * as NetworkRuntime from "../services/NetworkRuntime.ts"
import * as OnnxruntimeInstall from "../services/OnnxruntimeInstall.ts"
import * as TensorflowInstall from "../services/TensorflowInstall.ts"
import { told } from "./option-text.ts"
import { Place } from "./Place.ts"
import { Reporter } from "./Reporter.ts"
import { formatBytes } from "./table-text.ts"

/** One thing that must be in order, and the way to put it so. */
interface Check {
  readonly name: string
  readonly ok: boolean
  readonly found: string
  readonly fix: string | null
}

const fine = (name: string, found: string): Check => ({ name, ok: true, found, fix: null })
const wrong = (name: string, found: string, fix: string): Check => ({ name, ok: false, found, fix })

const LEAST_NODE = [20, 12] as const
/** What a run of all of CIFAR-10 takes at its peak, and what its cache takes on the disk. */
const LEAST_MEMORY = 3e9
const LEAST_DISK = 2e9

const node = Effect.sync(() => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  const ok = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
  return ok
    ? fine("Node", process.version)
    : wrong("Node", process.version, `Install Node ${LEAST_NODE.join(".")} or later.`)
})

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
const tensorflow = (root: string): Effect.Effect<Check, never, FileSystem.FileSystem> =>
  TensorflowInstall.manifest.pipe(
    Effect.flatMap((manifest) =>
      Effect.promise(async () => {
        const require = createRequire(path.join(root, "package.json"))
        const folder = path.dirname(require.resolve("@tensorflow/tfjs-node-gpu/package.json"))
        const digest = await sha256Of(path.join(folder, "lib/napi-v8/tfjs_binding.node")).catch(() => null)
        if (digest === manifest.binding) return fine("TensorFlow", `${manifest.tensorflow} (${manifest.device})`)
        const found =
          digest === null ? "its Node binding is missing" : "its Node binding is not the one that was compiled"
        return wrong("TensorFlow", found, "Run node bin/provision-tensorflow.mjs.")
      })
    ),
    Effect.catchAll((error) => {
      const { what, fix } = told(error)
      return Effect.succeed(wrong("TensorFlow", what, fix ?? "Run npm ci."))
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

const FIXES: Readonly<Record<string, string>> = {
  "TensorFlow computes": "Run node bin/provision-tensorflow.mjs.",
  "ONNX runtime": "Run npm ci, or do without it: --runtime tensorflow."
}

const probe = (root: string, name: string, program: string) =>
  Effect.async<Check>((resume) => {
    const options = { cwd: root, timeout: 60_000, env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" } }
    execFile(process.execPath, ["--input-type=module", "-e", program], options, (error, _stdout, stderr) => {
      const why = /^\w*Error.*$/m.exec(stderr)?.[0] ?? error?.signal ?? `exit code ${error?.code}`
      const fix = FIXES[name] ?? "Run npm ci."
      resume(Effect.succeed(error === null ? fine(name, "works") : wrong(name, why, fix)))
    })
  })

const packages = (root: string) =>
  Effect.forEach(Object.entries(PROBES), ([name, program]) => probe(root, name, program), { concurrency: 2 })

/** Only where it is installed: the package is optional. */
const onnxruntime = (root: string) =>
  Effect.flatMap(OnnxruntimeInstall.versionFrom(path.join(root, "package.json")), (version) =>
    Option.isNone(version)
      ? Effect.succeed([])
      : Effect.map(probe(root, "ONNX runtime", 'await import("onnxruntime-node")'), (check) => [check])
  )

/** What `--runtime auto` means on this machine. */
const networkRuntime = NetworkRuntime.choose("auto").pipe(
  Effect.map(({ fact, notice }) => fine("network runtime", notice === null ? fact : `${fact} (${notice})`)),
  Effect.catchAll((error) => {
    const { what, fix } = told(error)
    return Effect.succeed(wrong("network runtime", what, fix ?? "Run npm ci."))
  })
)

const memory = Effect.sync(() => {
  const found = `${formatBytes(totalmem())}, ${formatBytes(freemem())} of it free, ${availableParallelism()} cores`
  return totalmem() >= LEAST_MEMORY
    ? fine("memory", found)
    : wrong("memory", found, `Use a machine with ${formatBytes(LEAST_MEMORY)} or more.`)
})

const writable = (name: string, directory: string) =>
  Effect.promise(async () => {
    try {
      await fs.mkdir(directory, { recursive: true })
      const probe = path.join(directory, `.probe-${process.pid}`)
      await fs.writeFile(probe, "probe")
      await fs.rm(probe)
      const { bavail, bsize } = await fs.statfs(directory)
      const free = bavail * bsize
      return free >= LEAST_DISK
        ? fine(name, `${directory}, ${formatBytes(free)} free`)
        : wrong(name, `${directory}, ${formatBytes(free)} free`, "Free some space, or set PIPELINE_HOME.")
    } catch (error) {
      return wrong(
        name,
        error instanceof Error ? error.message : String(error),
        "Correct its permissions, or set PIPELINE_HOME or PIPELINE_RESULTS."
      )
    }
  })

const origin = (from: EditionFiles.Origin): string =>
  EditionFiles.Origin.$match(from, {
    Lies: ({ label, at }) => `${label}, ${at}`,
    Downloads: ({ label, url, bytes }) =>
      `${label}, will be downloaded${bytes === null ? "" : ` (${formatBytes(bytes)})`} from ${url}`,
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
        const { what, expected, fix } = told(error)
        return Effect.succeed(wrong(name, `${what}; expected ${expected}`, fix ?? "Set PIPELINE_MIRROR."))
      })
    )
  const cifar10 = Catalogue.datasets.filter(({ name }) => name === "cifar10")
  return [
    ...(yield* Effect.forEach(cifar10, (entry) => one(`dataset ${entry.name}`, entry))),
    yield* one("MobileNetV2 weights", Catalogue.weights(Backbone.weightsOf(Backbone.get("mobilenet_v2_1.0_224")))),
    fine("without them", "npx pipeline run transfer --dataset sample --backbone random needs no network")
  ]
})

/** What is and is not in order, and the fix. Exit code 1 if anything is not. */
export const doctor = Effect.gen(function* () {
  const reporter = yield* Reporter
  const { root, home, results } = yield* Place
  const checks = [
    yield* node,
    yield* platform,
    yield* tensorflow(root),
    ...(yield* packages(root)),
    ...(yield* onnxruntime(root)),
    yield* networkRuntime,
    yield* memory,
    yield* writable("cache", home),
    yield* writable("results", results),
    ...(yield* datasets)
  ]
  for (const { name, ok, found, fix } of checks)
    yield* reporter.print(`${ok ? "ok   " : "WRONG"} ${name}: ${found}${fix === null ? "" : `. ${fix}`}`)
  const failed = checks.filter(({ ok }) => !ok)
  yield* reporter.print(
    failed.length === 0 ? "everything is in order" : `${failed.length} of ${checks.length} are not in order`
  )
  yield* reporter.document({ schema: 1, status: failed.length === 0 ? "done" : "failed", checks })
  return failed.length === 0 ? 0 : 1
})
