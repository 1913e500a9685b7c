import { Effect } from "effect"
import * as TraceDisk from "../../cache/trace-disk.ts"
import * as Collector from "../../engine/gc/Collector.ts"
import type { Held, Unit } from "../../engine/gc/Policy.ts"
import { Place } from "../../project/Place.ts"
import type { Store } from "../../ui/Api.ts"
import * as Budget from "../budget/Budget.ts"

/** All that `gc` may take goes: the newest run of each pipeline stays, and what is pinned. */
const ALL = { bytes: 0, recordsBefore: null, keeping: { last: 1, since: null } }

const DAY_DIGITS = 10

/** The files of units, each byte with the first that has it: an object may be of several. */
const firstOf = (units: ReadonlyArray<Unit>): ReadonlyArray<readonly [unit: Unit, files: ReadonlyArray<Held>]> => {
  const seen = new Set<string>()
  return units.map((unit) => {
    const own = unit.files.filter(({ inode }) => !seen.has(inode))
    for (const { inode } of own) seen.add(inode)
    return [unit, own]
  })
}

const sizeOf = (files: ReadonlyArray<Held>): number => files.reduce((sum, { bytes }) => sum + bytes, 0)

const groupsOf = ({ inventory, decision }: Collector.Survey): Store["groups"] => {
  const goes = new Map<string, number>()
  for (const { unit, frees } of decision.goes) goes.set(unit.group, (goes.get(unit.group) ?? 0) + frees)
  const groups = new Map<string, Omit<Store["groups"][number], "goes">>()
  for (const [{ group, seconds }, files] of firstOf(inventory.units)) {
    const known = groups.get(group) ?? { group, bytes: 0, files: 0, seconds: 0 }
    groups.set(group, {
      group,
      bytes: known.bytes + sizeOf(files),
      files: known.files + files.length,
      seconds: known.seconds + seconds
    })
  }
  return [...groups.values()]
    .map((group) => ({ ...group, goes: goes.get(group.group) ?? 0 }))
    .sort((a, b) => b.bytes - a.bytes)
}

const daysOf = ({ inventory }: Collector.Survey): Store["days"] => {
  const days = new Map<string, number>()
  for (const [, files] of firstOf(inventory.units))
    for (const { modified, bytes } of files) {
      const day = new Date(modified).toISOString().slice(0, DAY_DIGITS)
      days.set(day, (days.get(day) ?? 0) + bytes)
    }
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, bytes]) => ({ day, bytes }))
}

/** Looks at all of the store; nothing of it is touched. */
export const storeNow = Effect.gen(function* () {
  const { home } = yield* Place
  const now = yield* Collector.timeAt(home)
  const looked = Collector.survey(home, ALL, { onLooked: () => Effect.void }, now)
  // as it lies there: who looks at everything uses nothing of it
  const survey = yield* Effect.provide(looked, TraceDisk.layerDisk(home))
  const store: Store = {
    home,
    bytes: survey.decision.before,
    budget: yield* Budget.budgetOf(home, process.env),
    groups: groupsOf(survey),
    spared: [...survey.decision.spared].map(([why, bytes]) => ({ why, bytes })),
    days: daysOf(survey)
  }
  return store
})
