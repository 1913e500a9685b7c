import { existsSync, readFileSync } from "node:fs"
import { SourceMap } from "node:module"
import { dirname, resolve } from "node:path"
import { fromRoot } from "./sources.mjs"

/** The topmost line of the project's own sources in the stack of what a bundle threw, such as `stages/train.ts:14`; null where there is none. */
export const thrownAt = ({ stack = "" }, bundle, root) => {
  const file = `${bundle}.map`
  if (!existsSync(file)) return null
  const map = new SourceMap(JSON.parse(readFileSync(file, "utf8")))
  for (const frame of stack.split("\n")) {
    const [, line, column] = frame.includes(`${bundle}:`) ? (/:(\d+):(\d+)\)?$/.exec(frame) ?? []) : []
    const { originalSource, originalLine } = line === undefined ? {} : map.findEntry(line - 1, column - 1)
    if (originalSource === undefined) continue
    const name = fromRoot(root, resolve(dirname(bundle), originalSource))
    if (!/(^|\/)(\.\.|node_modules)\//.test(name)) return `${name}:${originalLine + 1}`
  }
  return null
}
