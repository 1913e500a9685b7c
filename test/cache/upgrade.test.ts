import { describe, expect, it } from "vitest"
import type { KeyText } from "../../cache/Key.ts"
import * as Reason from "../../cache/Reason.ts"
import { inProject, inRepository, type Made } from "../../cache/Release.ts"
import * as Upgrade from "../../cache/Upgrade.ts"
import { codeOf } from "../rig/code.ts"
import { textOf } from "../rig/store-contract.ts"

// What tells an upgrade of Headrace from what its user does.

const FILES = { "stages/train.ts": "one", "models/training.ts": "one" }
const code = (files: Readonly<Record<string, string>>, packages: Readonly<Record<string, string>> = {}) => ({
  ...codeOf(JSON.stringify([files, packages]), files),
  packages
})
const text: KeyText = { ...textOf("train", 1), format: 2, code: code(FILES, { headrace: "0.2.0", sharp: "0.34" }) }

const made: Made = { ...inRepository, version: "0.3.0" }
/** The sentences for a result that 0.2.0 wrote, by default, and of which now this differs; null where it is no upgrade. */
const told = (now: Partial<KeyText>, { by = "0.2.0", ours = made }: { by?: string; ours?: Made } = {}) =>
  Upgrade.reasons({ text, labels: {}, by }, { ...text, ...now }, {}, ours)?.map(Reason.render) ?? null

const edited = (file: string) => code({ ...FILES, [file]: "two" }, text.code.packages)
const packaged = (packages: Readonly<Record<string, string>>) => code(FILES, { ...text.code.packages, ...packages })

describe("is told as an upgrade:", () => {
  const other = "Headrace 0.3.0 makes another key of it than 0.2.0 did"

  it("another format, whatever the digests of code are, which cannot be compared", () => {
    const reasons = [other, "the cache format was 2, is 3"]
    expect(told({ format: 3 })).toEqual(reasons)
    expect(told({ format: 3, code: edited("stages/train.ts") })).toEqual(reasons)
  })

  it("another format of one version, as its developers have it", () => {
    expect(told({ format: 3 }, { by: "0.3.0" })?.[0]).toBe("Headrace 0.3.0 makes another key of it than it did before")
  })

  it("a digest of code that is made otherwise, of the same files", () => {
    const otherwise = { ...text.code, digest: codeOf("another way").digest }
    expect(told({ code: otherwise })).toEqual([other])
  })

  it("files of Headrace's own that changed, in its own repository", () => {
    expect(told({ code: edited("models/training.ts") })).toEqual([other, "code changed in models/training.ts"])
  })

  it("Headrace's own package, with the packages that come along with it", () => {
    expect(
      told({ code: packaged({ headrace: "0.3.0", sharp: "0.35" }) }, { ours: { ...inProject, version: "0.3.0" } })
    ).toEqual([other, "package headrace was 0.2.0, is 0.3.0", "package sharp was 0.34, is 0.35"])
  })

  it("what no version has signed, as the results of 0.1", () => {
    const { by: _, ...unsigned } = { text, labels: {}, by: "" }
    expect(Upgrade.reasons(unsigned, { ...text, format: 3 }, {}, made)?.map(Reason.render)[0]).toBe(
      "Headrace 0.3.0 makes another key of it than an earlier version did"
    )
  })
})

describe("is nobody's but the user's:", () => {
  it("the same edits under the same version", () => {
    for (const changed of [edited("models/training.ts"), packaged({ headrace: "0.3.0" })])
      expect(told({ code: changed }, { by: "0.3.0" })).toBeNull()
  })

  it("an edit of a stage, also where Headrace's own files changed with the version", () => {
    expect(told({ code: edited("stages/train.ts") })).toBeNull()
    expect(
      told({ code: code({ "stages/train.ts": "two", "models/training.ts": "two" }, text.code.packages) })
    ).toBeNull()
  })

  it("a file of Headrace's name in a project that is not Headrace's", () => {
    expect(told({ code: edited("models/training.ts") }, { ours: { ...inProject, version: "0.3.0" } })).toBeNull()
  })

  it("another package alone, whatever the version", () => {
    expect(told({ code: packaged({ sharp: "0.35" }) })).toBeNull()
  })

  it("a parameter, a fact, a variable or an input, also where the format changed", () => {
    const others: ReadonlyArray<Partial<KeyText>> = [
      { params: { n: 2 } },
      { facts: { threads: 4 } },
      { environment: { SCALE: "2" } },
      { inputs: { images: codeOf("other").digest } }
    ]
    for (const other of others) expect(told({ format: 3, ...other }), JSON.stringify(other)).toBeNull()
  })

  it("nothing at all", () => {
    expect(told({})).toBeNull()
  })
})
