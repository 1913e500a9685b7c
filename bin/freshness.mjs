import { readFileSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { listed } from "./registry.mjs"
import { fromRoot, kindAt, realAt, sha256, toAbsolute } from "./sources.mjs"

/**
 * What a build was made of, by paths from the root: `contents`, the digest of every file that was read; `places`, what is
 * where an import was, or would be, looked for before it was found; `links`, where paths lead; `lists`, the
 * files in `stages/` and `pipelines/`.
 */
export const basisOf = (root, { sources, resolution, lists }) => {
  const byPath = (entries) => Object.fromEntries(entries.map(([path, value]) => [fromRoot(root, path), value]).sort())
  return {
    contents: byPath([...sources.files].map(([path, { digest }]) => [path, digest])),
    places: byPath([...resolution.places]),
    links: byPath([...resolution.links].map(([path, real]) => [path, fromRoot(root, real)])),
    lists
  }
}

const linksHold = (root, links) =>
  Object.entries(links).every(([path, real]) => realAt(toAbsolute(root, path)) === toAbsolute(root, real))
const placesHold = (root, places) =>
  Object.entries(places).every(([path, kind]) => kindAt(toAbsolute(root, path)) === kind)
const listsHold = (root, lists) => isDeepStrictEqual(listed(root), lists)

/** Whether a build of this basis is one of the project as it is. `sources` reads, each file once for all builds asked of. */
export const holds = (root, { contents, places, links, lists }, sources) => {
  try {
    return (
      listsHold(root, lists) &&
      Object.entries(contents).every(([path, digest]) => sources.read(toAbsolute(root, path)).digest === digest) &&
      placesHold(root, places) &&
      linksHold(root, links)
    )
  } catch {
    // a file that is gone
    return false
  }
}

/** As many looks at one folder as are worth less than one at its listing, which other files change as well. */
const FEW = 8

/**
 * What the launcher compares, by path from the root: stamps of the files and links, and, for places where nothing may appear,
 * of the nearest folder that is there, whose stamp changes with its listing.
 */
export const stampsOf = (root, basis, sources, stampOf) => {
  const stamps = {}
  const add = (path) => {
    stamps[fromRoot(root, path)] = sources.files.get(path)?.stamp ?? stampOf(path)
  }
  const byFolder = new Map()
  for (const path of Object.keys(basis.places)) {
    let folder = dirname(toAbsolute(root, path))
    while (kindAt(folder) !== "folder") folder = dirname(folder)
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), toAbsolute(root, path)])
  }
  for (const [folder, paths] of byFolder) for (const path of paths.length > FEW ? [folder] : paths) add(path)
  for (const path of [...Object.keys(basis.contents), ...Object.keys(basis.links), ...Object.keys(basis.lists)])
    add(toAbsolute(root, path))
  return stamps
}

/** Whether nothing changed since the files were read and the stamps were taken. */
export const stillHolds = (root, basis, sources, stampOf) =>
  [...sources.files].every(([path, { stamp }]) => stampOf(path) === stamp) &&
  placesHold(root, basis.places) &&
  linksHold(root, basis.links) &&
  listsHold(root, basis.lists)

/** The basis of a build that was kept; null where its file is damaged. */
export const readBasis = (file) => {
  try {
    // in big integers: Node takes the next link that it resolves for a pipe if the last numbers that it was given were a pipe's
    return statSync(file, { bigint: true }).isFile() ? JSON.parse(readFileSync(file, "utf8")) : null
  } catch {
    return null
  }
}

/** Two builds of one id hold the same: the same files in the same places, with imports that lead to the same. */
export const idOf = ({ contents, lists }, metafiles) => {
  const edges = Object.values(metafiles).map(({ inputs }) =>
    Object.entries(inputs).map(([path, { imports }]) => [path, imports.map(({ path: to }) => to)])
  )
  return sha256(JSON.stringify([contents, lists, edges])).slice(0, 16)
}
