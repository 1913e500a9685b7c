import { createRequire } from "node:module"
import path from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, Schema } from "effect"
import { Explained } from "headrace"
import * as OwnPlace from "./OwnPlace.ts"

/**
 * What the installation provisioned, as `provision/tensorflow.mjs` wrote it: the native version, which is a fact of every
 * stage that computes with TensorFlow, its device, and the sha256 of the compiled Node binding.
 */
const Manifest = Schema.Struct({
  tensorflow: Schema.NonEmptyString,
  device: Schema.Literal("cpu", "gpu"),
  binding: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/))
})
export type Manifest = typeof Manifest.Type

/** Native TensorFlow isn't there, or not in full; `reason` says what was found. `machine`: one that it isn't made for. */
export class TensorflowMissing extends Explained.TaggedError<TensorflowMissing>()(
  "TensorflowMissing",
  { reason: Schema.String, machine: Schema.optional(Schema.String) },
  ({ reason, machine }) =>
    machine === undefined
      ? {
          what: `Native TensorFlow isn't installed (${reason})`,
          expected: "what an installation sets up",
          fix: "Run npx headrace-images provision."
        }
      : {
          what: `This machine is ${machine}, and native TensorFlow isn't installed on it`,
          expected: "linux x64 with glibc, which its libraries are taken for",
          fix: "Run this on such a machine or in such a container; stages that need no TensorFlow run here."
        }
) {}

/** This machine in words, where TensorFlow's libraries are not made for it; `provision/platform.mjs` decides by the same. */
export const unsupported = (): string | null => {
  const { platform, arch, report } = process
  if (platform !== "linux" || arch !== "x64") return `${platform} ${arch}`
  const told = report?.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } } | undefined
  return told?.header.glibcVersionRuntime === undefined ? "linux x64 without glibc" : null
}

const missing = (reason: string): TensorflowMissing => {
  const machine = unsupported()
  return new TensorflowMissing({ reason, ...(machine === null ? {} : { machine }) })
}

/** Reads the manifest; TensorFlow itself isn't loaded. `from` is a file beside or below which node_modules is sought. */
export const manifestFrom = (from: string): Effect.Effect<Manifest, TensorflowMissing, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const packageJson = yield* Effect.try({
      try: () => createRequire(from).resolve("@tensorflow/tfjs-node-gpu/package.json"),
      catch: () => missing("the package @tensorflow/tfjs-node-gpu wasn't found")
    })
    const deps = path.join(path.dirname(packageJson), "deps")
    const file = path.join(deps, "headrace.json")
    const manifest = yield* files.readFileString(file).pipe(
      Effect.mapError(() => missing(`${file} can't be read`)),
      Effect.flatMap((text) =>
        Schema.decode(Schema.parseJson(Manifest))(text).pipe(Effect.mapError(() => missing(`${file} isn't a manifest`)))
      )
    )
    const library = path.join(deps, "lib/libtensorflow_cc.so.2")
    const present = yield* files.exists(library).pipe(Effect.orElseSucceed(() => false))
    if (!present) return yield* missing(`${library} is gone`)
    return manifest
  })

/** This installation's manifest. */
export const manifest: Effect.Effect<Manifest, TensorflowMissing, FileSystem.FileSystem> = Effect.suspend(() =>
  manifestFrom(OwnPlace.file())
)

/** The native TensorFlow version, such as "2.21.0". */
export const version: Effect.Effect<string, TensorflowMissing, FileSystem.FileSystem> = Effect.map(
  manifest,
  ({ tensorflow }) => tensorflow
)
