import { createRequire } from "node:module"
import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, type Option, Schema } from "effect"

const Package = Schema.parseJson(Schema.Struct({ version: Schema.NonEmptyString }))

/**
 * The version of onnxruntime-node, such as "1.30.0", if it is installed with a native library for this machine: found
 * without loading it. `from` is a file beside or below which node_modules is sought.
 */
export const versionFrom = (from: string): Effect.Effect<Option.Option<string>, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const { resolve } = createRequire(from)
    const manifest = yield* Effect.try(() => resolve("onnxruntime-node/package.json"))
    // where its own loader looks
    yield* Effect.try(() =>
      resolve(`onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`)
    )
    const { version } = yield* Effect.flatMap(files.readFileString(manifest), Schema.decode(Package))
    return version
  }).pipe(Effect.option)
