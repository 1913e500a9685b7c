import * as esbuild from "esbuild"
import { root } from "./bundle.ts"

/** Project files, by paths from its root, with the project files that each imports; types are no imports. */
export type Imports = ReadonlyMap<string, ReadonlyArray<string>>

/** The imports of these files and of all that they reach, as the bundler finds them. */
export const importsOf = async (entryPoints: Array<string>): Promise<Imports> => {
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    outdir: "unused",
    write: false,
    metafile: true,
    logLevel: "silent"
  })
  return new Map(
    Object.entries(metafile.inputs).map(([file, input]) => [
      file,
      input.imports.flatMap((one) => (one.external === true ? [] : [one.path]))
    ])
  )
}

/** These files and all that they reach by import. */
export const reach = (imports: Imports, from: ReadonlyArray<string>): ReadonlySet<string> => {
  const seen = new Set(from)
  for (const each of seen) for (const next of imports.get(each) ?? []) seen.add(next)
  return seen
}
