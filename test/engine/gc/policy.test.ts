import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  choose,
  type Decision,
  type Goal,
  type Policy,
  RECORDS_SHARE,
  type Spared,
  type Turn,
  type Unit
} from "../../../engine/gc/Policy.ts"
import { unitOf } from "../../rig/gc-unit.ts"

// What a policy must never do, as properties over random stores, each beside twins that must break it.

const TURNS: ReadonlyArray<Turn> = ["rubbish", "priced", "small", "trace", "record"]
const SPARED: ReadonlyArray<Spared> = [
  "pinned",
  "in use",
  "newest run",
  "kept run",
  "not uploaded",
  "just written",
  "the store's own"
]

/** A file by its number; every third has the bytes of another one. */
const held = (at: number) => {
  const inode = at % 3 === 2 ? at - 1 : at
  return { file: `f${at}`, inode: `i${inode}`, bytes: 100 + inode, names: inode % 3 === 1 ? 2 : 1, modified: 0 }
}

const FILES = 30
const units: fc.Arbitrary<ReadonlyArray<Unit>> = fc
  .array(
    fc.record({
      turn: fc.constantFrom(...TURNS),
      files: fc.uniqueArray(fc.nat({ max: FILES - 1 }), { maxLength: 3 }),
      seconds: fc.nat({ max: 1000 }),
      uses: fc.integer({ min: 1, max: 5 }),
      made: fc.nat({ max: 1000 }),
      spared: fc.option(fc.constantFrom(...SPARED), { freq: 2 }),
      needs: fc.array(fc.nat({ max: 20 }), { maxLength: 2 }),
      after: fc.array(fc.nat({ max: FILES - 1 }), { maxLength: 2 })
    }),
    { minLength: 1, maxLength: 20 }
  )
  .map((drawn) =>
    drawn.map(({ files, needs, after, ...rest }, at) => ({
      ...rest,
      group: rest.turn,
      key: `k${at}`,
      // traces and records are nobody's objects
      files: ["trace", "record"].includes(rest.turn) ? [held(FILES + 3 * at)] : files.map(held),
      folder: null,
      isRead: false,
      makes: [`c${at}`],
      needs: needs.map((need) => `c${need}`),
      after: rest.turn === "trace" ? after.map((file) => `f${file}`) : []
    }))
  )
const goals: fc.Arbitrary<Goal> = fc.record({
  bytes: fc.option(fc.nat({ max: 4000 }), { freq: 4 }),
  recordsBefore: fc.option(fc.nat({ max: 1000 }), { freq: 2 })
})
const given = fc.tuple(units, goals)

/** The bytes of what lies there once some files are gone: each once, and no less for a name that goes. */
const sizeWithout = (all: ReadonlyArray<Unit>, gone: ReadonlySet<string>): number => {
  const names = new Map<string, number>()
  const bytes = new Map<string, number>()
  const seen = new Set<string>()
  for (const { files } of all)
    for (const file of files) {
      if (seen.has(file.file)) continue
      seen.add(file.file)
      names.set(file.inode, (names.get(file.inode) ?? file.names) - (gone.has(file.file) ? 1 : 0))
      bytes.set(file.inode, file.bytes)
    }
  return [...bytes].reduce((sum, [inode, size]) => sum + ((names.get(inode) ?? 0) > 0 ? size : 0), 0)
}
const filesOf = ({ goes }: Pick<Decision, "goes">): ReadonlySet<string> =>
  new Set(goes.flatMap(({ files }) => files.map(({ file }) => file)))

type Law = (policy: Policy) => (given: readonly [ReadonlyArray<Unit>, Goal]) => void
const holds = (law: Law, numRuns = 300) => fc.assert(fc.property(given, law(choose)), { numRuns })
const breaks = (law: Law, twin: Policy) => {
  const { errorInstance } = fc.check(fc.property(given, law(twin)), { numRuns: 500, seed: 42, endOnFailure: true })
  expect(errorInstance).toMatchObject({ name: "AssertionError" })
}

/** Takes what is kept for one reason as if nothing spoke for it. */
const blindTo =
  (reason: Spared): Policy =>
  (all, goal) =>
    choose(
      all.map((unit) => (unit.spared === reason ? { ...unit, spared: null } : unit)),
      goal
    )
const frugal: Policy = (all, goal) => ({ ...choose(all, goal), goes: [] })
/** Counts bytes once for each name that they have. */
const miscounting: Policy = (all, goal) =>
  choose(
    all.map((unit) => ({ ...unit, files: unit.files.map((file) => ({ ...file, inode: file.file, names: 1 })) })),
    goal
  )
/** Removes an object with the first that holds it. */
const grabbing: Policy = (all, goal) => {
  const decision = choose(all, goal)
  return { ...decision, goes: decision.goes.map((going) => ({ ...going, files: going.unit.files })) }
}
/** Goes on though the goal is met. */
const greedy: Policy = (all, goal) => choose(all, { ...goal, bytes: goal.bytes === null ? null : 0 })
const inOneTurn: Policy = (all, goal) =>
  choose(
    all.map((unit) => ({ ...unit, turn: "priced", after: [] })),
    goal
  )
const dearestFirst: Policy = (all, goal) =>
  choose(
    all.map((unit) => ({ ...unit, seconds: 2000 - unit.seconds })),
    goal
  )

describe("nothing goes that is needed", () => {
  const law: Law =
    (policy) =>
    ([all, goal]) => {
      const gone = filesOf(policy(all, goal))
      const lost = all.filter(({ spared, files }) => spared !== null && files.some(({ file }) => gone.has(file)))
      expect(lost).toEqual([])
    }
  it("holds", () => holds(law))
  for (const reason of SPARED)
    it(`is broken by a policy that is blind to "${reason}"`, () => breaks(law, blindTo(reason)))
  it("is broken by a policy that removes what others hold as well", () => breaks(law, grabbing))
})

describe("what is said to be free is, and what is left has the size that is said", () => {
  const law: Law =
    (policy) =>
    ([all, goal]) => {
      const decision = policy(all, goal)
      const { before, after, goes } = decision
      expect(before).toBe(sizeWithout(all, new Set()))
      expect(after).toBe(sizeWithout(all, filesOf(decision)))
      expect(goes.reduce((sum, { frees }) => sum + frees, 0)).toBe(before - after)
    }
  it("holds", () => holds(law))
  it("is broken by a policy that counts bytes once a name", () => breaks(law, miscounting))
  it("is broken by a policy that frees nothing", () => breaks(law, frugal))
})

/** Whether a unit might still go where the store is too large. */
const mightGo = (all: ReadonlyArray<Unit>, goal: Goal, decision: Decision) => {
  const gone = filesOf(decision)
  const lost = new Set(decision.goes.map(({ unit }) => unit))
  const records = all
    .filter((unit) => unit.turn === "record" && !lost.has(unit))
    .reduce((sum, { files }) => sum + files.reduce((bytes, file) => bytes + file.bytes, 0), 0)
  const staying = new Set(all.flatMap(({ spared, files }) => (spared === null ? [] : files.map(({ inode }) => inode))))
  return all.filter((unit) => {
    if (unit.spared !== null || lost.has(unit)) return false
    if (unit.turn === "trace") return goal.bytes !== null && unit.after.every((file) => gone.has(file))
    if (unit.turn === "record") return goal.bytes !== null && records > goal.bytes * RECORDS_SHARE
    // what units that stay have as well is not freed by it
    if (unit.turn !== "rubbish" && unit.files.every(({ inode }) => staying.has(inode))) return false
    return unit.turn !== "small" || goal.bytes !== null
  })
}

describe("the goal is met, or nothing is left that may go", () => {
  const law: Law =
    (policy) =>
    ([all, goal]) => {
      const decision = policy(all, goal)
      if (goal.bytes === null || decision.after > goal.bytes) expect(mightGo(all, goal, decision)).toEqual([])
    }
  it("holds", () => holds(law))
  it("is broken by a policy that frees nothing", () => breaks(law, frugal))
})

it("what others have that stay is not lost in vain: nothing would be freed, and its cost would be told", () => {
  const unit = (key: string, spared: Spared | null) => unitOf({ key, spared, files: [held(1)], seconds: 10 })
  const decision = choose([unit("kept", "pinned"), unit("other", null)], { bytes: 0, recordsBefore: null })
  expect([decision.goes, decision.seconds]).toEqual([[], 0])
})

describe("nothing goes once the goal is met", () => {
  const law: Law =
    (policy) =>
    ([all, goal]) => {
      const { goes, before } = policy(all, goal)
      let size = before
      for (const { unit, frees } of goes) {
        const isAskedFor = unit.turn === "record" && goal.recordsBefore !== null && unit.made < goal.recordsBefore
        if (!isAskedFor) expect(size).toBeGreaterThan(goal.bytes ?? -1)
        size -= frees
      }
    }
  it("holds", () => holds(law))
  it("is broken by a policy that goes on", () => breaks(law, greedy))
})

describe("what says more for its bytes goes later", () => {
  const law: Law =
    (policy) =>
    ([all, goal]) => {
      const turns = policy(all, goal).goes.flatMap(({ unit }) => {
        const mine = all.find(({ key }) => key === unit.key)
        return mine === undefined || mine.turn === "record" ? [] : [TURNS.indexOf(mine.turn)]
      })
      expect(turns).toEqual([...turns].sort((a, b) => a - b))
    }
  it("holds", () => holds(law))
  it("is broken by a policy with one turn for all", () => breaks(law, inOneTurn))
})

const unit = (name: string, more: Partial<Unit> = {}): Unit => ({
  turn: "priced",
  group: "train",
  files: [{ file: name, inode: name, bytes: 100, names: 1, modified: 0 }],
  folder: null,
  isRead: false,
  seconds: 1,
  uses: 1,
  made: 0,
  spared: null,
  key: name,
  makes: [`${name} made`],
  needs: [],
  after: [],
  ...more
})
const order = ({ goes }: Decision): ReadonlyArray<string | null> => goes.map(({ unit: { key } }) => key)

describe("what is cheapest to lose goes first", () => {
  const law: Law =
    (policy) =>
    ([all, goal]) => {
      // each alone in its bytes, and made of nothing that is kept
      const alone = all.map((one, at) => unit(`u${at}`, { seconds: one.seconds, uses: one.uses }))
      const priceOf = ({ seconds, uses }: Unit) => seconds * uses
      const bytes = goal.bytes === null ? 0 : (goal.bytes / 4000) * alone.length * 100
      const gone = new Set(policy(alone, { ...goal, bytes }).goes.map(({ unit: { key } }) => key))
      const dearest = Math.max(0, ...alone.filter(({ key }) => gone.has(key)).map(priceOf))
      for (const one of alone.filter(({ key }) => !gone.has(key))) expect(priceOf(one)).toBeGreaterThanOrEqual(dearest)
    }
  it("holds", () => holds(law))
  it("is broken by a policy that takes the dearest first", () => breaks(law, dearestFirst))
})

it("a result is as dear as what it takes to make it, with what is gone above it", () => {
  const parent = unit("features", { seconds: 1, makes: ["features"] })
  const child = unit("head", { seconds: 2, needs: ["features"] })
  const other = unit("other", { seconds: 2.5 })
  // the parent is the cheapest; once it is gone the child takes three seconds, and the other goes before it
  expect(order(choose([parent, child, other], { bytes: 100, recordsBefore: null }))).toEqual(["features", "other"])
  const before = unit("ancestor", { seconds: 100, files: [], makes: ["ancestor"] })
  const dear = unit("features", { seconds: 1, needs: ["ancestor"] })
  expect(order(choose([dear, other], { bytes: 100, recordsBefore: null }, [before]))).toEqual(["other"])
})

it("what it takes to make all again is told once for what several need, also where contents lead back to themselves", () => {
  const parent = unit("features", { seconds: 10, makes: ["features"] })
  const heads = ["a", "b"].map((name) => unit(name, { seconds: 1, needs: ["features"] }))
  expect(choose([parent, ...heads], { bytes: 0, recordsBefore: null }).seconds).toBe(12)
  const same = unit("same", { seconds: 1, makes: ["same"], needs: ["same"] })
  expect(choose([same], { bytes: 0, recordsBefore: null }).seconds).toBe(1)
})

it("of what is found again and again, more is lost", () => {
  const all = [unit("once", { seconds: 3 }), unit("often", { seconds: 2, uses: 4 })]
  expect(order(choose(all, { bytes: 100, recordsBefore: null }))).toEqual(["once"])
})

it("a trace stays as long as an object of it does", () => {
  const object = unit("object", { spared: "pinned" })
  const trace = unit("trace", { turn: "trace", after: ["object"] })
  expect(order(choose([object, trace], { bytes: 0, recordsBefore: null }))).toEqual([])
})
