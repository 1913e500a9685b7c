import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import * as TestShare from "../../../images/services/TestShare.ts"

const pathsOf = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}/${at}.jpg`)

type Choose = (classes: ReadonlyArray<ReadonlyArray<string>>, fraction: number) => ReadonlySet<string>

const choose: Choose = (classes, fraction) => TestShare.choose(classes, (path) => path, fraction)

/** What went before: each image by its own hash, whatever becomes of its class. */
const blind: Choose = (classes, fraction) =>
  new Set(
    classes.flat().filter((path) => createHash("sha256").update(path).digest().readUInt32BE(0) / 2 ** 32 < fraction)
  )

const datasets = fc.record({
  counts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 8 }),
  fraction: fc.double({ min: 0.01, max: 0.9, noNaN: true })
})

const sharesHold = (choose: Choose) =>
  fc.property(datasets, ({ counts, fraction }) => {
    const classes = counts.map((count, label) => pathsOf(`c${label}`, count))
    const tested = choose(classes, fraction)
    return classes.every((paths) => {
      const count = paths.filter((path) => tested.has(path)).length
      const isFair = Math.abs(count - fraction * paths.length) <= 0.5 || count === 1 || count === paths.length - 1
      return count < paths.length && (paths.length === 1 || count > 0) && isFair
    })
  })

describe("the share of a dataset that is tested on", () => {
  it("is every class's own, and leaves each at least one image to train on; a choice blind to classes is not", () => {
    fc.assert(sharesHold(choose))
    expect(() => fc.assert(sharesHold(blind))).toThrow()
  })

  it("an added image moves at most one other of its class, and none of another", () => {
    fc.assert(
      fc.property(datasets, fc.nat(), ({ counts, fraction }, which) => {
        const classes = counts.map((count, label) => pathsOf(`c${label}`, count))
        const changed = which % classes.length
        const more = classes.map((paths, label) => (label === changed ? [...paths, `c${label}/added.jpg`] : paths))
        const [before, after] = [choose(classes, fraction), choose(more, fraction)]
        const moved = classes.map((paths) => paths.filter((path) => before.has(path) !== after.has(path)).length)
        return moved.every((count, label) => count <= (label === changed ? 1 : 0))
      })
    )
  })

  it("is the same in whatever order the files are listed, and however their system spells é", () => {
    const paths = pathsOf("café", 20)
    const tested = [...choose([paths], 0.3)]
    expect(tested).toHaveLength(6)
    expect([...choose([[...paths].reverse()], 0.3)]).toStrictEqual(tested)
    const decomposed = [...choose([paths.map((path) => path.normalize("NFD"))], 0.3)]
    expect(decomposed.map((path) => path.normalize("NFC"))).toStrictEqual(tested)
  })
})
