import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import * as fs from "node:fs/promises"
import { createRequire } from "node:module"
import { availableParallelism, freemem, totalmem } from "node:os"
import * as path from "node:path"
import type { FileSystem } from "@effect/platform"
import { Effect } from "effect"
import { explain } from "../engine/Failure.ts"
import { Datasets } from "../services/Datasets.ts"
import * as NetworkRuntime from "../services/NetworkRuntime.ts"
import * as TensorflowInstall from "../services/TensorflowInstall.ts"
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
  const found = `${process.platform} ${process.arch}`
  return found === "linux x64"
    ? fine("platform", found)
    : wrong("platform", found, "Use Linux x64: native TensorFlow is provisioned for it alone.")
})

const sha256Of = async (file: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const bytes of createReadStream(file)) hash.update(bytes as Uint8Array)
  return hash.digest("hex")
}

const tensorflow = (root: string): Effect.Effect<ReadonlyArray<Check>, never, FileSystem.FileSystem> =>
  TensorflowInstall.manifest.pipe(
    Effect.flatMap((manifest) =>
      Effect.promise(async () => {
        const binding = path.join(
          path.dirname(
            createRequire(path.join(root, "package.json")).resolve("@tensorflow/tfjs-node-gpu/package.json")
          ),
          "lib/napi-v8/tfjs_binding.node"
        )
        const digest = await sha256Of(binding).catch(() => "missing")
        const installed =
          digest === manifest.binding
            ? fine("TensorFlow", `${manifest.tensorflow} (${manifest.device})`)
            : wrong(
                "TensorFlow",
                `its Node binding is ${digest === "missing" ? "missing" : "not the one that was compiled"}`,
                "Run node bin/provision-tensorflow.mjs."
              )
        return installed.ok ? [installed, loads(root)] : [installed]
      })
    ),
    Effect.catchAll((error) => {
      const { what, fix } = explain(error)
      return Effect.succeed([wrong("TensorFlow", what, fix ?? "Run npm ci.")])
    })
  )

/** Loads TensorFlow in a process of its own: a broken library ends that one. */
const loads = (root: string): Check => {
  const program =
    "require('util').isNullOrUndefined ??= (v) => v == null; const tf = require('@tensorflow/tfjs-node-gpu'); console.log(tf.matMul([[1,2]],[[3],[4]]).dataSync()[0])"
  const { status, stdout, stderr, signal } = spawnSync(process.execPath, ["-e", program], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" }
  })
  return status === 0 && stdout.trim() === "11"
    ? fine("TensorFlow computes", "a matrix product")
    : wrong(
        "TensorFlow computes",
        signal ?? (stderr.trim().split("\n").at(-1) || "a wrong product"),
        "Run node bin/provision-tensorflow.mjs."
      )
}

const packages = (root: string) =>
  Effect.sync(() => {
    const require = createRequire(path.join(root, "package.json"))
    return ["sharp", "apache-arrow", "h5wasm/node", "@resvg/resvg-js"].map((name) => {
      try {
        require(name)
        return fine(`package ${name}`, "loads")
      } catch (error) {
        return wrong(
          `package ${name}`,
          error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error),
          "Run npm ci."
        )
      }
    })
  })

/** What `--runtime auto` means on this machine. */
const networkRuntime = NetworkRuntime.choose("auto").pipe(
  Effect.map(({ fact, notice }) => fine("network runtime", notice === null ? fact : `${fact} (${notice})`)),
  Effect.catchAll((error) => {
    const { what, fix } = explain(error)
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

const datasets = Effect.gen(function* () {
  const all = yield* Datasets
  const one = (name: string, resolve: Effect.Effect<{ readonly label: string }, Error>) =>
    resolve.pipe(
      Effect.map(({ label }) => fine(name, label)),
      Effect.catchAll((error) => {
        const { what, fix } = explain(error)
        return Effect.succeed(wrong(name, what, fix ?? "Set PIPELINE_MIRROR."))
      })
    )
  return [
    yield* one("dataset cifar10", all.resolve("cifar10", { refresh: false })),
    yield* one("MobileNetV2 weights", all.resolveWeights("mobilenet_v2_1.0_224_no_top", { refresh: false }))
  ]
})

/** What is and is not in order, and the fix. Exit code 1 if anything is not. */
export const doctor = Effect.gen(function* () {
  const reporter = yield* Reporter
  const { root, home, results } = yield* Place
  const checks = [
    yield* node,
    yield* platform,
    ...(yield* packages(root)),
    ...(yield* tensorflow(root)),
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
