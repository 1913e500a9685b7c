import { formatCounted } from "../../kinds/format.ts"
import { wordsOf } from "../terminal/numbers.ts"
import { type Html, html } from "./html.ts"
import { metrics, section } from "./sections.ts"
import type { Tuned } from "./Tuned.ts"
import { curvesByRung, importances, parallelCoordinates, rungKeys, scoreByCost } from "./tune-drawings.ts"

const bestOf = ({ best, metric, wanted, trials }: Tuned, commandBox: (command: string) => Html): Html | null => {
  if (best === null) return null
  const tiles = best.params.map(({ name, value }) => html`<div><dt>${wordsOf(name)}</dt><dd>${value}</dd></div>`)
  return html`<p>Trial ${best.trial} of ${formatCounted(trials.length, "trial")} has the ${wanted} ${wordsOf(metric)}. It alone was carried out with all of its results.</p><dl class="tiles">${tiles}</dl>${best.command === null ? null : html`<p></p>${commandBox(best.command)}`}${metrics(best.metrics)}`
}

/** What a page tells of a tune before its points. */
export const tuneSections = (tuned: Tuned, commandBox: (command: string) => Html): ReadonlyArray<Html | null> => {
  const { trials, metric, steps } = tuned
  const failed = trials.filter(({ score }) => score === null).length
  const curves = curvesByRung(tuned)
  const bars = importances(tuned)
  const keys = rungKeys(tuned)
  return [
    section("best", "The best parameters", bestOf(tuned, commandBox)),
    failed === trials.length
      ? null
      : section(
          "parallel",
          "Parameters and what came of them",
          keys,
          parallelCoordinates(tuned),
          failed === 0
            ? null
            : html`<p class="note">${formatCounted(failed, "trial")} failed, and ${failed === 1 ? "has" : "have"} no line.</p>`
        ),
    tuned.spent.length === 0
      ? null
      : section(
          "search",
          "How the search went",
          html`<div class="panels"><div class="panel"><h3>${wordsOf(metric)} by cost</h3>${scoreByCost(tuned)}</div>${
            curves === null ? null : html`<div class="panel"><h3>Trials by ${steps}</h3>${curves}</div>`
          }</div>`,
          keys
        ),
    bars === null
      ? null
      : section(
          "importance",
          "How much each parameter matters",
          bars,
          html`<p class="note">The share of the variance of ${wordsOf(metric)} among all trials at the first rung that the parameter alone tells: omega squared of a one-way analysis of variance, numbers taken in five groups of equal size. What parameters do together is in none of these shares, and chance alone gives 0 in the mean. Later trials lie where earlier ones did well, so that what does badly counts less than among trials spread evenly.</p>`
        )
  ]
}
