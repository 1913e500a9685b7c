import { Effect, Layer } from "effect"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import * as Collector from "../../engine/gc/Collector.ts"
import * as Needed from "../../engine/gc/Needed.ts"
import type { Decision } from "../../engine/gc/Policy.ts"
import { formatBytes, formatCount, formatSeconds } from "../../kinds/format.ts"
import { Place } from "../../project/Place.ts"
import * as Budget from "../budget/Budget.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"

/** What somebody asks for; null for what was not said. */
export interface Limits {
  /** In bytes. */
  readonly size: number | null
  /** In milliseconds. */
  readonly age: number | null
  /** Of how many runs of each pipeline results are kept. */
  readonly last: number | null
}

/** A size, or that all goes which is not kept, of what can be made again. */
const askedOf = (home: string, { size, age, last }: Limits): Effect.Effect<Collector.Asked, Budget.BudgetInvalid> =>
  Effect.gen(function* () {
    const isPlain = size === null && age === null && last === null
    const since = yield* Needed.sinceOf(age)
    return {
      bytes: isPlain ? yield* Budget.budgetOf(home, process.env) : size,
      recordsBefore: since,
      keeping: { last: last ?? 1, since }
    }
  })

interface Group {
  readonly group: string
  readonly bytes: number
  readonly files: number
  readonly seconds: number
}

/** What goes, by stages and kinds of things, the largest first. */
const groupsOf = ({ goes }: Decision): ReadonlyArray<Group> => {
  const groups = new Map<string, Group>()
  for (const { unit, files, frees } of goes) {
    const { bytes, files: count, seconds } = groups.get(unit.group) ?? { bytes: 0, files: 0, seconds: 0 }
    groups.set(unit.group, {
      group: unit.group,
      bytes: bytes + frees,
      files: count + files.length,
      seconds: seconds + unit.seconds
    })
  }
  return [...groups.values()].sort((a, b) => b.bytes - a.bytes)
}

const right = (header: string) => ({ header, align: "right" as const })

/** How many files and traces were looked at between two words of it. */
const TOLD_EVERY = 2000

const listener = Effect.gen(function* () {
  const { status } = yield* Reporter
  let [looked, told, freed] = [0, 0, 0]
  return {
    onLooked: (count: number) =>
      Effect.suspend(() => {
        looked += count
        if (looked < told + TOLD_EVERY) return Effect.void
        told = looked
        return status(`looking at the store: ${formatCount(looked)} files and traces`)
      }),
    onRemoved: (bytes: number) =>
      Effect.suspend(() => {
        freed += bytes
        return status(`making room: ${formatBytes(freed)} free`)
      })
  } satisfies Collector.Listener<never>
})

/** What is told at the end: `freed` is null where nothing was to be removed. */
const tell = (
  home: string,
  asked: Collector.Asked,
  { decision }: Collector.Survey,
  removed: { readonly bytes: number; readonly spared: number } | null
) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const { before, seconds, spared } = decision
    const groups = groupsOf(decision)
    const freed = removed === null ? before - decision.after : removed.bytes
    const after = before - freed
    yield* reporter.status("")
    if (groups.length > 0)
      yield* reporter.print(
        `${table(
          [{ header: removed === null ? "would go" : "went" }, right("files"), right("size"), right("to make again")],
          groups.map(({ group, files, bytes, seconds }) => [
            group,
            formatCount(files),
            formatBytes(bytes),
            seconds === 0 ? "" : formatSeconds(seconds)
          ])
        )}\n`
      )
    const what = removed === null ? "would be freed" : "freed"
    yield* reporter.print(
      groups.length === 0
        ? `nothing to remove: the store holds ${formatBytes(before)}`
        : `${formatBytes(freed)} of ${formatBytes(before)} ${what}, ${formatBytes(after)} left; to make it all again would take ${formatSeconds(seconds)}`
    )
    const reasons = [...spared].map(([why, bytes]) => `${formatBytes(bytes)} ${why}`)
    if (reasons.length > 0) yield* reporter.print(`kept whatever the size: ${reasons.join(", ")}`)
    if (asked.bytes !== null && after > asked.bytes)
      yield* reporter.note(
        `note: The store is larger than ${formatBytes(asked.bytes)}: the rest is kept. See pipeline pin for what is pinned, and pipeline list for the newest runs.`
      )
    yield* reporter.document({
      schema: 1,
      status: "done",
      dryRun: removed === null,
      home,
      goal: asked.bytes,
      before,
      after,
      freed,
      seconds,
      spared: Object.fromEntries(spared),
      usedMeanwhile: removed?.spared ?? 0,
      groups
    })
    return 0
  })

/** Makes this machine's store smaller, or says what that would be. */
export const collect = (limits: Limits, isDry: boolean) =>
  Effect.gen(function* () {
    const { home } = yield* Place
    const asked = yield* askedOf(home, limits)
    const hear = yield* listener
    // as they lie there: who looks at everything uses nothing of it
    const own = Layer.mergeAll(TraceDisk.layerDisk(home), LeaseDisk.layerDisk(home))
    if (isDry) {
      const survey = Collector.survey(home, asked, hear, yield* Collector.timeAt(home))
      return yield* tell(home, asked, yield* Effect.provide(survey, own), null)
    }
    const collected = yield* Effect.provide(Collector.collect(home, asked, hear), own)
    return yield* tell(home, asked, collected, collected.removed)
  })
