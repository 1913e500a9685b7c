import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { build } from "esbuild"

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The program of a process, bundled where it finds the packages of this checkout. */
const program = Effect.acquireRelease(
  Effect.promise(async () => {
    const home = join(root, ".pipeline")
    mkdirSync(home, { recursive: true })
    const folder = mkdtempSync(join(home, "training-repeats-"))
    const outfile = join(folder, "train-once.mjs")
    const entryPoints = [join(root, "test", "rig", "train-once-worker.ts")]
    await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", packages: "external" })
    return { folder, outfile }
  }),
  ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

it.scoped("a seeded training gives the same bits in every process", () =>
  Effect.gen(function* () {
    const { outfile } = yield* program
    const env = { ...process.env, TF_NUM_INTRAOP_THREADS: "2", TF_NUM_INTEROP_THREADS: "1" }
    const run = Effect.promise(() => promisify(execFile)(process.execPath, [outfile], { env }))
    const [first, second] = [yield* run, yield* run].map(({ stdout }) => /digest (\w{64})/.exec(stdout)?.[1])
    expect(first).toBeDefined()
    expect(second).toBe(first)
  })
)
