import { writeFileSync } from "node:fs"
import path from "node:path"
import { build } from "esbuild"
import { run } from "./process-tree.mjs"
import { root } from "./product.mjs"

/** Writes the rows that `train` holds out for validation, as JSON, so that a peer holds out the same. Gives the file. */
export const writeHeldOut = async (images, { validationSplit, seed }, file) => {
  const program = `import { Effect } from "effect"
    import { split } from "./models/Training.ts"
    const { validation } = Effect.runSync(split(${images}, ${validationSplit}, ${seed}))
    console.log(JSON.stringify([...validation]))`
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    packages: "external"
  })
  // imports of text given by --eval resolve from the working directory
  const args = ["--input-type=module", "--eval", outputFiles[0].text]
  const { stdout } = await run(process.execPath, args, { cwd: root })
  writeFileSync(file, stdout)
  return path.resolve(file)
}
