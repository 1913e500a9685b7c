import { Clock, Effect } from "effect"
import type { RunEvent } from "../../engine/RunEvent.ts"
import { formatCounted, formatSeconds, truncate } from "../../kinds/format.ts"
import { sentence } from "../command/option-text.ts"
import { metricsOf } from "../report/metrics.ts"
import { isAccuracy, numberText, wordsOf } from "../terminal/numbers.ts"
import { Reporter } from "../terminal/Reporter.ts"
import * as Running from "../terminal/Running.ts"
import { type Settled, sweepTable } from "./sweep-table.ts"

/** Lines of the screen that are left to what was said before. */
const LINES_LEFT = 8
/** As many numbers as a line tells of a point that has no accuracy; the table has the others. */
const MOST_TOLD = 4

type PointSettled = Extract<RunEvent, { readonly _tag: "PointSettled" }>

interface Told {
  readonly varied: ReadonlyArray<string>
  /** Each point's values of these, in a few words. */
  readonly values: ReadonlyArray<ReadonlyArray<string>>
}

/** Tells of a sweep as it runs: on a terminal as a table, elsewhere a line a point. */
export const sweepEvents = ({ varied, values }: Told, tellShared: (event: RunEvent) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    /** By point: one that is settled anew is told of by what it is now, in its place. */
    const settled = new Map<number, Settled>()
    const running = Running.make(reporter.terminal)
    let shared: ReadonlySet<string> = new Set()
    /** Which machine computes what, where others do. */
    const placed = new Map<string, string>()
    let firstRan: number | undefined
    let computed = 0

    /** By the rate of the points that had to be computed. */
    const timeLeft = (now: number): string => {
      const left = values.length - settled.size
      if (firstRan === undefined || computed < 2 || left === 0) return ""
      const each = (now - firstRan) / 1000 / (computed - 1)
      return `, ${formatSeconds(each)} a point, ${formatSeconds(each * left)} left`
    }
    /** How many nodes each machine is at. */
    const machines = (): ReadonlyArray<string> => {
      const counts = new Map<string, number>()
      for (const by of placed.values()) counts.set(by, (counts.get(by) ?? 0) + 1)
      return counts.size === 0
        ? []
        : [
            [...counts]
              .sort()
              .map(([by, count]) => `${by}: ${count}`)
              .join(" · ")
          ]
    }
    const ended = (node: string) => {
      placed.delete(node)
      running.ended(node)
    }
    const draw = (now: number) => {
      const failed = [...settled.values()].filter(({ error }) => error !== null).length
      const counts = [
        `${settled.size} of ${formatCounted(values.length, "point")}`,
        ...(failed > 0 ? [`${failed} failed`] : [])
      ]
      const lines = [
        ...(settled.size === 0
          ? []
          : sweepTable(varied, [...settled.values()], {
              rows: Math.max(3, reporter.rows - LINES_LEFT),
              columns: reporter.columns - 1
            }).split("\n")),
        `${counts.join(", ")}${timeLeft(now)}`,
        ...machines(),
        ...running.lines()
      ]
      return reporter.status(lines.map((line) => truncate(line, reporter.columns - 1)).join("\n"))
    }
    const redraw = Effect.flatMap(Clock.currentTimeMillis, (now) => (running.isDue(now) ? draw(now) : Effect.void))
    const plain = ({ point, ran, metrics, error }: Settled) => {
      const accuracies = [...metrics].filter(([name]) => isAccuracy(name))
      const told = accuracies.length > 0 ? accuracies : [...metrics].slice(0, MOST_TOLD)
      const what = varied.map((name, at) => `${wordsOf(name)} ${values[point]?.[at]}`).join(", ")
      const found = told.map(([name, value]) => `${wordsOf(name)} ${numberText(name, value)}`).join(", ")
      const how = error === null ? found || (ran ? "done" : "cached") : `FAILED. ${sentence(error)}`
      return reporter.note(`point ${settled.size} of ${values.length}: ${what}: ${how}`)
    }

    const settledOf = ({ point, ran, error, documents }: PointSettled): Settled => ({
      point,
      ran,
      error,
      values: values[point] ?? [],
      metrics: new Map(metricsOf(documents).map(({ name, value }) => [name, value]))
    })

    const tell = (event: RunEvent): Effect.Effect<void> =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        switch (event._tag) {
          case "SweepStarted":
            shared = event.shared
            return yield* tellShared(event)
          case "PointSettled": {
            const one = settledOf(event)
            settled.set(one.point, one)
            if (event.ran) {
              firstRan ??= now
              computed += 1
            }
            if (!reporter.terminal) return yield* plain(one)
            return event.ran ? yield* redraw : undefined
          }
          case "NodeProgress":
            // of what is computed for one point alone the point's own line tells
            if (!reporter.terminal) return shared.has(event.node) ? yield* tellShared(event) : undefined
            running.progressed(event.node, event.progress, now)
            return yield* redraw
          case "NodePlaced":
            placed.set(event.node, event.by)
            if (shared.has(event.node)) return yield* tellShared(event)
            return reporter.terminal ? yield* redraw : undefined
          case "NodeFailed":
            ended(event.node)
            if (shared.has(event.node)) return yield* tellShared(event)
            return reporter.terminal
              ? yield* reporter.note(`${event.node}: FAILED. ${sentence(event.error)}`)
              : undefined
          case "NodeReused":
          case "NodeStarted":
          case "NodeRan":
            ended(event.node)
            return shared.has(event.node) ? yield* tellShared(event) : undefined
          case "NodeSkipped":
          case "RunStarted":
            return
          default:
            return yield* tellShared(event)
        }
      })
    // a thousand points that are cached are three thousand such events, of which nothing is told
    const publish = (event: RunEvent): Effect.Effect<void> => {
      if (event._tag === "NodeReused" && !shared.has(event.node)) return Effect.sync(() => running.ended(event.node))
      if (event._tag === "PointSettled" && !event.ran && event.error === null)
        return Effect.sync(() => void settled.set(event.point, settledOf(event)))
      return tell(event)
    }
    return { publish, settled }
  })
