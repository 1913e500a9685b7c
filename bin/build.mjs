// Bundles the command and the worker, and digests the code of every stage. Only `pipeline.mjs` calls it, and only when
// something that a build is made of may have changed.
import { randomUUID } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { bundle } from "./bundle.mjs"
import { codeOf } from "./code.mjs"
import { CORE } from "./core.mjs"
import { basisOf, holds, idOf, readBasis, stampsOf, stillHolds } from "./freshness.mjs"
import { listed, projectText, stageFiles, writeProject } from "./registry.mjs"
import { resolutionOf } from "./resolution.mjs"
import { sourcePackagesOf } from "./source-packages.mjs"
import { kindAt, sourcesOf, upwards } from "./sources.mjs"
import { tsconfigOf } from "./tsconfig.mjs"
import { BASIS, isWhole, replaceIn, writeDigests } from "./whole.mjs"

/** Builds that no command has started from for this long are removed. */
const KEPT_MILLIS = 7 * 24 * 3600 * 1000
/** Builds that were overtaken by an edit before somebody stops editing. */
const ATTEMPTS = 10
const UNWRITABLE = new Set(["EACCES", "EDQUOT", "ENOSPC", "EPERM", "EROFS"])

/** The bundler is the program's, not the project's. */
const bundler = () => createRequire(join(CORE, "package.json"))("esbuild")

/** Ends the bundler of a build that is given up. */
export const stop = () => bundler().stop()

const asideIn = (folder) => join(folder, `.tmp-${randomUUID()}`)

/** Half a folder must not be found under its name. */
const removeWhole = (path) => {
  const aside = asideIn(dirname(path))
  renameSync(path, aside)
  rmSync(aside, { recursive: true, force: true })
}

const foldersIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(folder, name))
    : []

/** Commands that started from an older build run on from it; each touches its build when it starts. */
const removeOldBuilds = (buildHome) => {
  for (const path of foldersIn(buildHome)) {
    try {
      if (Date.now() - statSync(path).mtimeMs >= KEPT_MILLIS) removeWhole(path)
    } catch {
      // another command removes it, or nobody can
    }
  }
}

/** Writes the bundles and the code of the project as it is into a folder; gives their id, basis and stamps. */
const makeIn = async (directory, root, stampOf) => {
  const esbuild = bundler()
  const sources = sourcesOf(stampOf)
  const resolution = resolutionOf(sources)
  const lists = listed(root)
  const packages = sourcePackagesOf(root, sources, resolution)
  const stages = stageFiles(root, lists, packages)
  const project = projectText(root, lists.pipelines, stages, sources)
  writeProject(root, project)
  for (const file of readdirSync(import.meta.dirname))
    if (file.endsWith(".mjs")) sources.read(join(import.meta.dirname, file))
  // what is installed, of which packages that stay outside of the bundles are a part
  const installed = join(root, "node_modules", ".package-lock.json")
  resolution.probe(installed)
  if (kindAt(installed) === "file") sources.read(installed)
  const tsconfig = tsconfigOf(root, sources, resolution.probe)
  const metafiles = await bundle({ esbuild, root, directory, project, packages, stages, tsconfig, sources, resolution })
  const codes = await codeOf({ esbuild, root, metafiles, packages, stages, tsconfig, sources, resolution })
  const basis = basisOf(root, { sources, resolution, lists })
  const stamps = stampsOf(root, basis, sources, stampOf)
  writeFileSync(join(directory, BASIS), JSON.stringify(basis))
  // beside the bundle packages are found as the project finds them
  writeFileSync(join(directory, "import.mjs"), "export default (name) => import(name)\n")
  writeFileSync(join(directory, "code.json"), JSON.stringify(codes, null, 1))
  writeDigests(directory)
  return { id: idOf(basis, metafiles), stamps, current: stillHolds(root, basis, sources, stampOf) }
}

/** As `makeIn`, again until nothing changed meanwhile: a result would be kept under the code of another text otherwise. */
const makeCurrent = async (directory, root, stampOf) => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const made = await makeIn(directory, root, stampOf)
    if (made.current) return made
  }
  throw new Error("the sources changed again and again while they were built")
}

/** Says which build is the current one; whoever can't write that down finds it by its contents the next time. */
const keepStamps = (buildHome, id, stamps) => {
  const file = join(buildHome, `current.json.${process.pid}`)
  try {
    writeFileSync(file, JSON.stringify({ id, stamps }))
    renameSync(file, join(buildHome, "current.json"))
  } catch (error) {
    rmSync(file, { force: true })
    if (!UNWRITABLE.has(error.code)) throw error
  }
}

/** A kept build of the same contents, as after an edit that was taken back. One that is damaged is none. */
const findKept = (root, buildHome, stampOf) => {
  const sources = sourcesOf(stampOf)
  for (const directory of foldersIn(buildHome)) {
    if (!existsSync(join(directory, "code.json"))) continue
    const basis = readBasis(join(directory, BASIS))
    if (basis === null || !holds(root, basis, sources) || !isWhole(directory)) continue
    const stamps = stampsOf(root, basis, sources, stampOf)
    if (stillHolds(root, basis, sources, stampOf)) return { id: basename(directory), stamps }
  }
  return null
}

const makeKept = async (root, buildHome, stampOf) => {
  mkdirSync(buildHome, { recursive: true })
  const aside = asideIn(buildHome)
  mkdirSync(aside)
  try {
    const { id, stamps } = await makeCurrent(aside, root, stampOf)
    const directory = join(buildHome, id)
    // another command may have built the same in the meantime, and run from it
    if (!existsSync(join(directory, "code.json"))) {
      try {
        renameSync(aside, directory)
      } catch (error) {
        if (!existsSync(join(directory, "code.json"))) throw error
      }
    } else if (isWhole(directory)) renameSync(join(aside, BASIS), join(directory, BASIS))
    else {
      console.error(`warning: The build ${directory} was damaged: it is made anew.`)
      replaceIn(directory, aside)
    }
    return { id, stamps }
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Under folders that have the packages which the project's folder and those above it have: the worker looks for them there. */
const makeTemporary = async (root, stampOf) => {
  const temporary = mkdtempSync(join(realpathSync(tmpdir()), "headrace-build-"))
  const remove = () => rmSync(temporary, { recursive: true, force: true })
  try {
    let directory = temporary
    for (const folder of upwards(root).reverse()) {
      const packages = join(folder, "node_modules")
      if (kindAt(packages) !== "folder") continue
      directory = join(directory, "inner")
      mkdirSync(directory)
      symlinkSync(realpathSync(packages), join(directory, "node_modules"))
    }
    await makeCurrent(directory, root, stampOf)
    return { directory, remove }
  } catch (error) {
    remove()
    throw error
  }
}

/**
 * The folder of a build of the project as it is, made if need be. Where it can't be kept it is a temporary one, for
 * the caller to `remove`; null for one that stays. Paths given to `stampOf` are absolute.
 */
export const build = async ({ root, buildHome, stampOf }) => {
  const known = findKept(root, buildHome, stampOf)
  if (known !== null) {
    keepStamps(buildHome, known.id, known.stamps)
    removeOldBuilds(buildHome)
    return { directory: join(buildHome, known.id), remove: null }
  }
  try {
    const { id, stamps } = await makeKept(root, buildHome, stampOf)
    keepStamps(buildHome, id, stamps)
    removeOldBuilds(buildHome)
    return { directory: join(buildHome, id), remove: null }
  } catch (error) {
    if (!UNWRITABLE.has(error.code)) throw error
    return makeTemporary(root, stampOf)
  }
}
