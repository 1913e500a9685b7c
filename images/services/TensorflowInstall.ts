import { createRequire } from "node:module"
import path from "node:path"
import { FileSystem } from "@effect/platform"
import { Effect, Schema } from "effect"
import { Explained } from "headrace"

/**
 * What `npm ci` provisioned, as bin/provision-tensorflow.mjs wrote it: the native version, which is a fact of every
 * stage that computes with TensorFlow, its device, and the sha256 of the compiled Node binding.
 */
const Manifest = Schema.Struct({
  tensorflow: Schema.NonEmptyString,
  device: Schema.Literal("cpu", "gpu"),
  binding: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/))
})
export type Manifest = typeof Manifest.Type

/** Native TensorFlow isn't there, or not in full; `reason` says what was found. */
export class TensorflowMissing extends Explained.TaggedError<TensorflowMissing>()(
  "TensorflowMissing",
  { reason: Schema.String },
  ({ reason }) => ({
    what: `Native TensorFlow isn't installed (${reason})`,
    expected: "what npm ci sets up",
    fix: "Run npm ci, or node bin/provision-tensorflow.mjs where the packages are installed."
  })
) {}

/** Reads the manifest; TensorFlow itself isn't loaded. `from` is a file beside or below which node_modules is sought. */
export const manifestFrom = (from: string): Effect.Effect<Manifest, TensorflowMissing, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const packageJson = yield* Effect.try({
      try: () => createRequire(from).resolve("@tensorflow/tfjs-node-gpu/package.json"),
      catch: () => new TensorflowMissing({ reason: "the package @tensorflow/tfjs-node-gpu wasn't found" })
    })
    const deps = path.join(path.dirname(packageJson), "deps")
    const file = path.join(deps, "headrace.json")
    const manifest = yield* files.readFileString(file).pipe(
      Effect.mapError(() => new TensorflowMissing({ reason: `${file} can't be read` })),
      Effect.flatMap((text) =>
        Schema.decode(Schema.parseJson(Manifest))(text).pipe(
          Effect.mapError(() => new TensorflowMissing({ reason: `${file} isn't a manifest` }))
        )
      )
    )
    const library = path.join(deps, "lib/libtensorflow_cc.so.2")
    const present = yield* files.exists(library).pipe(Effect.orElseSucceed(() => false))
    if (!present) return yield* new TensorflowMissing({ reason: `${library} is gone` })
    return manifest
  })

/** This installation's manifest: the one beside the running code, a source file as well as the bundle in `.pipeline/build`. */
export const manifest: Effect.Effect<Manifest, TensorflowMissing, FileSystem.FileSystem> = Effect.suspend(() =>
  manifestFrom(import.meta.url)
)

/** The native TensorFlow version, such as "2.21.0". */
export const version: Effect.Effect<string, TensorflowMissing, FileSystem.FileSystem> = Effect.map(
  manifest,
  ({ tensorflow }) => tensorflow
)
