import { existsSync, readFileSync } from "node:fs"
import { SourceMap } from "node:module"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { type Frame, framesOf, here, isLibrary, programFolder } from "./program-files.ts"

// as it is before anybody replaces it
const readText = readFileSync

/** What the bundler wrote beside the bundle; null where that is gone. Read where something was thrown, and not before. */
const readMap = (file: string): SourceMap | null =>
  existsSync(file) ? new SourceMap(JSON.parse(readText(file, "utf8"))) : null

let known: SourceMap | null | undefined

/** A line of a source. */
interface Place {
  readonly file: string
  readonly line: number
}

/** The line of the source that code in the bundle was made of; null for any other code. */
const sourceOf = ({ url, line, column }: Frame): Place | null => {
  if (!url.startsWith("file:") || fileURLToPath(url) !== here) return null
  known ??= readMap(`${here}.map`)
  const entry = known?.findEntry(line - 1, column - 1)
  return entry === undefined || !("originalSource" in entry)
    ? null
    : { file: path.resolve(path.dirname(here), entry.originalSource), line: entry.originalLine + 1 }
}

/** Folders of Headrace's own that a worker's code comes from. */
const HEADRACE = new Set<string | null>(["api", "artifacts", "cache", "engine", "files", "kinds", "project", "worker"])

/** Finds the topmost line of the project's own sources, by names as seen from its folder: what lies in no package, and is not Headrace's. */
export const thrownIn =
  (root: string) =>
  (error: Error): string | null => {
    for (const frame of framesOf(error.stack ?? "")) {
      const place = sourceOf(frame)
      if (place === null) continue
      const name = path.relative(root, place.file)
      if (!name.startsWith("..") && !isLibrary(name) && !HEADRACE.has(programFolder(name)))
        return `${name}:${place.line}`
    }
    return null
  }
