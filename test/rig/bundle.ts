import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as esbuild from "esbuild"

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..")

/** Bundles a program of `test/rig` as the build does the real one's, next to packages that stay outside. */
export const bundle = async (entry: string, outfile: string): Promise<string> => {
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    logLevel: "silent",
    external: ["vitest", "@effect/vitest"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
    }
  })
  return outfile
}
