import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Code } from "../../cache/Key.ts"
import { smallProject } from "../rig/small-project.ts"

// The law of keys: whatever is edited in reach of a stage, a second run equals a run from an empty cache.

const PINNED = JSON.stringify({ name: "pinned", version: "1.0.0", type: "module", exports: "./index.js" })
const LINKED = JSON.stringify({ name: "linked", version: "1.0.0", type: "module", exports: "./index.js" })
const constant = (value: number) => `export const value = ${value}\n`
const paths = (to: string) => `{
  // read by what tsconfig.json extends
  "compilerOptions": { "paths": { "mapped": ["./models/mapped-${to}.ts"] }, },
}`

const PARTS: Readonly<Record<string, string>> = {
  "tsconfig.json": '{ "extends": "./config/base.json", "compilerOptions": { "target": "ES2022" } }',
  "config/base.json": '{ "extends": "../paths.json" }',
  "paths.json": paths("a"),
  "lib/helper.ts": constant(0),
  "lib/left.ts": constant(0),
  "lib/right.ts": constant(1),
  "stages/scale.json": '{ "value": 0 }',
  "stages/list.json": "[0]",
  "stages/more.mts": constant(0),
  "stages/plain.mjs": constant(0),
  "stages/late/index.ts": constant(0),
  "models/base.ts": constant(0),
  "models/again.ts": 'export { value } from "./base.ts"\n',
  "models/lazy.ts": constant(0),
  "models/mapped-a.ts": constant(0),
  "models/mapped-b.ts": constant(1),
  "artifacts/Scale.ts": constant(0),
  "node_modules/pinned/package.json": PINNED,
  "node_modules/pinned/index.js": 'export { value } from "./inner.js"\n',
  "node_modules/pinned/inner.js": constant(0),
  "../linked/package.json": LINKED,
  "../linked/index.js": constant(0),
  "../shared/one/value.ts": constant(0),
  "../shared/two/value.ts": constant(1),
  "stages/value.ts": `
    import { value as helper } from "../lib/helper.ts"
    import { value as left } from "../lib/left.ts"
    import { value as right } from "../lib/right.ts"
    import scale from "./scale.json" with { type: "json" }
    import list from "./list.json"
    import { value as more } from "./more.mts"
    import { value as plain } from "./plain.mjs"
    import { value as late } from "./late"
    import { value as again } from "../models/again.ts"
    import { value as artifact } from "../artifacts/Scale.ts"
    import { value as mapped } from "mapped"
    import { value as pinned } from "pinned"
    import { value as linked } from "linked"
    import { value as shared } from "./shared/value.ts"
    export const value = async () => {
      const lazy = (await import("../models/lazy.ts")).value
      return {
        helper, left, right, scale: scale.value, list: list[0], more, plain, late, again, artifact, mapped, pinned, linked,
        shared, lazy
      }
    }
  `
}

/** Edits of one project, each of which changes the value as it says. */
const edits = () => {
  const project = smallProject(PARTS)
  project.link("node_modules/linked", project.at("../linked"))
  project.link("stages/shared", project.at("../shared/one"))
  const now: Record<string, number> = Object.fromEntries(
    ["helper", "left", "scale", "list", "more", "plain", "late", "again", "artifact", "mapped", "pinned", "linked"].map(
      (name) => [name, 0]
    )
  )
  Object.assign(now, { right: 1, shared: 0, lazy: 0 })
  let last = 1
  const edit = (part: string, file: string, textOf = constant) => ({
    [`${part}: ${file}`]: () => {
      project.write(file, textOf(++last))
      now[part] = last
    }
  })
  /** Of the package that a nearer one hides. */
  let installed = 0
  const all: Readonly<Record<string, () => void>> = {
    ...edit("helper", "lib/helper.ts"),
    ...edit("scale", "stages/scale.json", (value) => `{ "value": ${value} }`),
    ...edit("list", "stages/list.json", (value) => `[${value}]`),
    ...edit("more", "stages/more.mts"),
    ...edit("plain", "stages/plain.mjs"),
    ...edit("again", "models/base.ts"),
    ...edit("lazy", "models/lazy.ts"),
    ...edit("artifact", "artifacts/Scale.ts"),
    ...edit("linked", "../linked/index.js"),
    "left and right change places": () => {
      const [left, right] = [project.read("lib/left.ts"), project.read("lib/right.ts")]
      project.write("lib/left.ts", right)
      project.write("lib/right.ts", left)
      Object.assign(now, { left: now.right, right: now.left })
    },
    "what tsconfig.json extends maps elsewhere": () => {
      now.mapped = 1 - (now.mapped ?? 0)
      project.write("paths.json", paths(now.mapped === 0 ? "a" : "b"))
    },
    "a folder's link leads elsewhere": () => {
      now.shared = 1 - (now.shared ?? 0)
      project.link("stages/shared", project.at(now.shared === 0 ? "../shared/one" : "../shared/two"))
    },
    "an installed package is patched": () => {
      installed = ++last
      project.write("node_modules/pinned/inner.js", constant(last))
      if (!project.exists("stages/node_modules")) now.pinned = last
    },
    "a nearer file appears, or goes": () => {
      now.late = project.exists("stages/late.ts") ? 0 : ++last
      if (now.late === 0) project.remove("stages/late.ts")
      else project.write("stages/late.ts", constant(last))
    },
    "a nearer package appears, or goes": () => {
      if (project.exists("stages/node_modules")) {
        project.remove("stages/node_modules")
        now.pinned = installed
      } else {
        now.pinned = ++last
        project.write("stages/node_modules/pinned/package.json", PINNED)
        project.write("stages/node_modules/pinned/index.js", constant(last))
      }
    }
  }
  return { project, now, all }
}

/** Ways of making a key of code: the real one, and broken ones. */
const keys: Readonly<Record<string, (code: Code) => string>> = {
  real: ({ digest }) => digest,
  "without JSON": ({ files, packages }) =>
    JSON.stringify([Object.entries(files).filter(([file]) => !file.endsWith(".json")), packages]),
  "without artifacts/": ({ files, packages }) =>
    JSON.stringify([Object.entries(files).filter(([file]) => !file.startsWith("artifacts/")), packages]),
  "without imports": ({ files, packages }) => JSON.stringify([files["stages/value.ts"], packages]),
  "without where imports lead": ({ files, packages }) => JSON.stringify([Object.values(files).sort(), packages]),
  "with packages by version": ({ files, packages }) =>
    JSON.stringify([files, Object.values(packages).map((version) => version.split(" ")[0])])
}

/** Whether a cache under these keys would have given another value than the one computed anew. */
const isStale = (keyOf: (code: Code) => string, history: ReadonlyArray<{ code: Code; value: string }>): boolean => {
  const kept = new Map<string, string>()
  return history.some(({ code, value }) => {
    const found = kept.get(keyOf(code))
    kept.set(keyOf(code), found ?? value)
    return found !== undefined && found !== value
  })
}

it("after any edits of whatever a stage reaches, the second run equals a run from an empty cache; broken keys don't", async () => {
  const { project, now, all } = edits()
  const history: Array<{ code: Code; value: string }> = []
  const look = async () => {
    const { codes, value } = await project.run()
    history.push({ code: codes.value as Code, value: JSON.stringify(value) })
    return value
  }
  expect(await look()).toEqual(now)
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(Object.keys(all), { minLength: Object.keys(all).length }), async (order) => {
      for (const name of order) {
        all[name]?.()
        // of the text as it is now, and not of an earlier build
        expect([name, await look()]).toEqual([name, now])
      }
    }),
    { numRuns: 2, endOnFailure: true }
  )
  expect(
    Object.entries(keys)
      .filter(([, keyOf]) => isStale(keyOf, history))
      .map(([name]) => name)
  ).toEqual(Object.keys(keys).filter((name) => name !== "real"))
})
