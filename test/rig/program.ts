import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { Effect } from "effect"
import { build } from "esbuild"
import { root } from "./bundle.ts"

/** A program of `test/rig`, bundled where it finds the packages of this checkout: what it prints, in an environment. */
export const program = (name: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const home = join(root, ".pipeline")
      mkdirSync(home, { recursive: true })
      const folder = mkdtempSync(join(home, "program-"))
      const outfile = join(folder, `${name}.mjs`)
      const entryPoints = [join(root, "test/rig", `${name}.ts`)]
      await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", packages: "external" })
      return { folder, outfile }
    }),
    ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true }))
  ).pipe(
    Effect.map(
      ({ outfile }) =>
        (env: Readonly<Record<string, string>>) =>
          Effect.promise(async () => {
            const { stdout } = await promisify(execFile)(process.execPath, [outfile], {
              env: { ...process.env, ...env }
            })
            return stdout
          })
    )
  )
