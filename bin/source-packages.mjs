import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { realAt } from "./sources.mjs"

/** The packages that a manifest names. */
const namedIn = ({ dependencies, devDependencies, optionalDependencies }) =>
  Object.keys({ ...devDependencies, ...dependencies, ...optionalDependencies })

/** What the manifests of a project and of packages written for Headrace name: all packages, and those that may be missing. */
export const namedBy = (root, packages, sources) => {
  const manifests = [sources.json(join(root, "package.json")), ...packages.map(({ manifest }) => manifest)]
  return {
    named: manifests.flatMap(namedIn),
    optional: new Set(manifests.flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies)))
  }
}

/**
 * The packages among a project's that are written for Headrace, Headrace itself among them: they are bundled, and their files
 * count by what they say, as the project's own do. A manifest says so by its field `headrace`: `{ "stages": FOLDER }`, where the
 * folder has a file a stage, which exports it by that name; or `{}`.
 */
export const sourcePackagesOf = (root, sources, resolution) =>
  namedIn(sources.json(join(root, "package.json")))
    .sort()
    .flatMap((name) => {
      const at = resolution.packageFolder(root, name)
      const folder = at === null ? null : realAt(at)
      if (folder === null) return []
      const manifest = sources.json(join(folder, "package.json"))
      if (name !== "headrace" && manifest.headrace === undefined) return []
      const { stages } = manifest.headrace ?? {}
      return [{ name, folder, manifest, stages: stages === undefined ? [] : stageFilesIn(join(folder, stages)) }]
    })

/** Whether the files in a folder are those of one of these packages, and not of a package that lies within it. */
export const isOf = (packages, folder) =>
  packages.some(
    (each) => folder.startsWith(join(each.folder, "/")) && !folder.slice(each.folder.length).includes("/node_modules/")
  )

/** The files of the stages in a folder, sorted. */
const stageFilesIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(".js"))
        .sort()
        .map((file) => join(folder, file))
    : []
