import { formatSeconds } from "../../kinds/format.ts"
import { valueText } from "../command/option-text.ts"
import type { Chart } from "../report/Chart.ts"
import { html } from "../report/html.ts"
import { page } from "../report/page.ts"
import { chart, section, table } from "../report/sections.ts"
import { revisionText } from "../terminal/revision-text.ts"
import { cells, headers, workOf } from "./cells.ts"
import type { Summary } from "./groups.ts"

/** All that the page of a comparison says. */
export interface Comparison {
  readonly pipeline: string
  readonly description: string
  readonly summary: Summary
  readonly curves: Chart | null
  readonly notes: ReadonlyArray<string>
}

/** Every run by itself: which row it is in, what it ran and what it reused. */
const runs = ({ groups }: Summary) =>
  table({
    columns: ["run", "row", "seed", "ran", "reused", "time", "commit"],
    rows: groups.flatMap((group, at) =>
      [...group.runs, ...group.repeats].map((run) => {
        const { ran, reused } = workOf(run)
        return [
          run.id,
          String(at + 1),
          valueText(run.params.seed ?? "–"),
          ran.join(", ") || "nothing",
          reused.join(", ") || "nothing",
          formatSeconds(run.seconds),
          run.git === null ? "–" : revisionText(run.git)
        ]
      })
    )
  })

export const comparePage = ({ pipeline, description, summary, curves, notes }: Comparison): string => {
  const count = summary.groups.reduce((sum, group) => sum + group.runs.length + group.repeats.length, 0)
  const isSpread = summary.groups.some(({ runs }) => runs.length > 1)
  return page(`${pipeline}: ${count} runs compared`, [
    html`<header><h1>${pipeline}: ${count} runs compared</h1><p class="lead">${description}</p></header>`,
    section(
      "rows",
      "What differs",
      html`${table({ columns: headers(summary), rows: summary.groups.map((group, at) => cells(group, summary, at + 1)) })}${
        isSpread
          ? html`<p class="note">Runs that differ in nothing but their seed are one row: mean ± sample standard deviation over the seeds.</p>`
          : null
      }${notes.map((note) => html`<p class="note">${note}</p>`)}`
    ),
    curves === null ? null : section("curves", "Learning curves", chart(curves)),
    section("runs", "Runs", runs(summary)),
    html`<footer><p>Made by headrace from the records of these runs. This file is complete: it asks nothing of any network.</p></footer>`
  ])
}
