import { formatSeconds } from "../../kinds/format.ts"
import { valueText } from "../command/option-text.ts"
import { type Html, html } from "../report/html.ts"
import { page } from "../report/page.ts"
import { chart, section, table } from "../report/sections.ts"
import { revisionText } from "../terminal/revision-text.ts"
import type { Comparison } from "./Comparison.ts"
import { cells, headers, workOf } from "./cells.ts"
import type { Summary } from "./groups.ts"

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

const titleOf = ({ pipeline, summary }: Comparison): string => {
  const count = summary.groups.reduce((sum, group) => sum + group.runs.length + group.repeats.length, 0)
  return `${pipeline}: ${count} runs compared`
}

/** All that is told of a comparison, as parts of a page. */
const partsOf = (comparison: Comparison): ReadonlyArray<Html | null> => {
  const { description, summary, curves, notes } = comparison
  const isSpread = summary.groups.some(({ runs }) => runs.length > 1)
  return [
    html`<header><h1>${titleOf(comparison)}</h1><p class="lead">${description}</p></header>`,
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
    section("runs", "Runs", runs(summary))
  ]
}

/** The page of a comparison, in one file. */
export const comparisonPage = (comparison: Comparison): string =>
  page(titleOf(comparison), [
    ...partsOf(comparison),
    html`<footer><p>Made by headrace from the records of these runs. This file is complete: it asks nothing of any network.</p></footer>`
  ])

/** The same as a part of another page. */
export const comparisonSections = (comparison: Comparison): string => html`${partsOf(comparison)}`.html
