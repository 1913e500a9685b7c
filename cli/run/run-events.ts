import { Clock, Effect, Layer } from "effect"
import type * as Text from "../../artifacts/Text.ts"
import * as Reason from "../../cache/Reason.ts"
import type { Progress } from "../../engine/Progress.ts"
import { RunEvent, RunEvents } from "../../engine/RunEvent.ts"
import { formatBytes, formatCounted, formatSeconds, truncate } from "../../kinds/format.ts"
import { sentence, shown } from "../command/option-text.ts"
import { lastPrinted } from "../terminal/printed-text.ts"
import { Reporter } from "../terminal/Reporter.ts"
import * as Running from "../terminal/Running.ts"

/** Of what a node printed that failed. */
const LINES_PRINTED = 10

/** Tells a person what a run does, as it does it: a replaced line on a terminal, a line now and then elsewhere. */
export const layer: Layer.Layer<RunEvents, never, Reporter> = Layer.effect(
  RunEvents,
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const running = Running.make(reporter.terminal)
    // what to know of a source concerns those who get results of it: not a plan, nor somebody who looks at what is kept
    let isRun = false
    const begins = Effect.sync(() => {
      isRun = true
    })

    const progressed = (name: string, progress: Progress) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        running.progressed(name, progress, now)
        if (!running.isDue(now)) return
        const lines = running.lines()
        if (reporter.terminal) return yield* reporter.status(truncate(lines.join(" · "), reporter.columns - 1))
        yield* Effect.forEach(lines, (line) => reporter.note(`  ${line}`), { discard: true })
      })
    const ended = (name: string, line: string) => {
      running.ended(name)
      return reporter.note(line)
    }

    /** The first remark on a result stands in its node's line, others below. */
    const tellAll = (line: string, [first, ...others]: ReadonlyArray<Text.Text>) =>
      Effect.zipRight(
        reporter.note(first === undefined ? line : `${line}: ${shown(first)}`),
        Effect.forEach(others, (remark) => reporter.note(`  note: ${shown(remark)}`), { discard: true })
      )

    const publish = RunEvent.$match({
      RunStarted: () => begins,
      SweepStarted: () => begins,
      TuneStarted: () => begins,
      RungStarted: () => Effect.void,
      TrialChosen: () => Effect.void,
      PointSettled: () => Effect.void,
      SourceResolved: ({ source, label, notice }) => {
        running.allEnded()
        return Effect.zipRight(
          reporter.note(`${source}: ${label}`),
          notice === null || !isRun ? Effect.void : reporter.note(`  note: ${shown(notice)}`)
        )
      },
      NodeReused: ({ node, told, reasons }) =>
        tellAll([`${node}: cached`, ...reasons.map(Reason.render)].join(", "), told),
      NodeWaiting: ({ node }) => reporter.note(`${node}: somebody else is computing the same; waiting`),
      NodeStarted: ({ node, reasons }) =>
        reporter.note(`${node}: runs, since ${reasons.map(Reason.render).join("; ")}`),
      NodePlaced: ({ node, by }) => reporter.note(`${node}: computed by ${by}`),
      NodeProgress: ({ node, progress }) => progressed(node, progress),
      Fetching: ({ what, done, total }) => progressed(what, { done, total, unit: "bytes", reused: 0, note: null }),
      NodeRan: ({ node, seconds, rows, bytes, chunks, told }) => {
        // of a row stage these are its table's; elsewhere a sum over tables of different things
        const size = [rows === null || chunks === null ? [] : [formatCounted(rows, "row")], formatBytes(bytes)]
          .flat()
          .join(", ")
        const some =
          chunks === null || chunks.reused === 0
            ? ""
            : `, ${chunks.ran} of ${formatCounted(chunks.ran + chunks.reused, "chunk")} computed`
        running.ended(node)
        return tellAll(`${node}: done in ${formatSeconds(seconds)} (${size}${some})`, told)
      },
      NodeFailed: ({ node, error, printed }) =>
        Effect.zipRight(
          ended(node, `${node}: FAILED. ${sentence(error)}`),
          Effect.forEach(lastPrinted(printed, LINES_PRINTED, "all in the report and --json"), reporter.note, {
            discard: true
          })
        ),
      NodeSkipped: ({ node, because }) => ended(node, `${node}: skipped, since ${because.join(", ")} failed`),
      Warned: ({ message }) => reporter.note(`warning: ${shown(message)}`),
      RunFinished: () => reporter.status("")
    })
    return { publish }
  })
)
