import * as fs from "node:fs"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** What starts commands and servers: of the files that use these the shortest takes as long as most others. */
const STARTS = /from "\.{1,2}\/(?:.*\/)?rig\/(?:bad-input|cli|cluster|outside)\.ts"/

/**
 * Begins with the files that take longest, so that none of them is still at work when everything else is done: where nobody has run them here yet, with those
 * that start commands, the largest first.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const sorted = await super.sort(files)
    const { root } = this.ctx.config
    const isKnown = ({ project, moduleId }: TestSpecification) =>
      this.ctx.cache.getFileTestResults(`${project.name}:${moduleId.slice(root.length + 1)}`) !== undefined
    if (sorted.some(isKnown)) return sorted
    const starts = new Set(sorted.filter(({ moduleId }) => STARTS.test(fs.readFileSync(moduleId, "utf8"))))
    return [...starts, ...sorted.filter((file) => !starts.has(file))]
  }
}
