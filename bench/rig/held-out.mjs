import { writeFileSync } from "node:fs"
import path from "node:path"
import { build } from "esbuild"
import { run } from "./process-tree.mjs"
import { root } from "./product.mjs"

/**
 * Writes the rows that `train` holds out for validation, as JSON, so that a peer holds out the same. `folder` has the chunks
 * of the table that is trained on, of which the labels are read. Gives the file.
 */
export const writeHeldOut = async (folder, { validationSplit, seed }, file) => {
  const program = `import { readdirSync, readFileSync } from "node:fs"
    import { tableFromIPC } from "apache-arrow"
    import { Effect } from "effect"
    import { draw } from "./images/models/HoldOut.ts"
    const folder = ${JSON.stringify(folder)}
    const chunks = readdirSync(folder).sort().map((name) => tableFromIPC(readFileSync(folder + "/" + name)))
    const labels = Int32Array.from(chunks.flatMap((table) => [...table.getChild("label")]))
    const classes = Array.from({ length: 1 + labels.reduce((most, label) => Math.max(most, label), 0) }, String)
    const { validation } = Effect.runSync(draw(labels, classes, ${validationSplit}, ${seed}))
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
