import * as path from "node:path"
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node"
import type { Need } from "./needs.ts"

type Lacking = Pick<Need, "what" | "remedy">

/** All that this machine lacks for a test, by the suites around it. */
const lacksOf = (test: TestCase): ReadonlyArray<Lacking> => {
  const found: Array<Lacking> = []
  for (let at: TestSuite | TestModule = test.parent; at.type === "suite"; at = at.parent) {
    found.unshift(...(at.meta().lacks ?? []))
  }
  return found
}

/** Prints, after everything else, which tests were not run, and what this machine lacks for them. */
export default class NeedsReporter implements Reporter {
  private vitest: Vitest | undefined

  onInit(vitest: Vitest) {
    this.vitest = vitest
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>) {
    const byNeed = new Map<string, Array<string>>()
    for (const test of modules.flatMap(({ children }) => [...children.allTests("skipped")])) {
      const lacks = lacksOf(test)
      if (lacks.length === 0) continue
      const needed = lacks.map(({ what, remedy }) => `${what} (${remedy})`).join(" and ")
      const file = path.relative(this.vitest?.config.root ?? "", test.module.moduleId)
      byNeed.set(needed, [...(byNeed.get(needed) ?? []), `${file} > ${test.fullName}`])
    }
    const count = [...byNeed.values()].flat().length
    if (count === 0) return
    const lines = [...byNeed].flatMap(([needed, names]) => [
      `  ${names.length} ${names.length === 1 ? "needs" : "need"} ${needed}:`,
      ...names.map((name) => `    ${name}`)
    ])
    const title = `${count} ${count === 1 ? "test" : "tests"} not run:`
    // the other reporters print at this same moment, this one last
    this.vitest?.logger.log(["", title, ...lines, ""].join("\n"))
  }
}
