import { formatCounted } from "../../kinds/format.ts"
import { numberText, wordsOf } from "../terminal/numbers.ts"
import { extent, ticks } from "./Chart.ts"
import { type Html, html } from "./html.ts"
import type { Tuned, TunedTrial } from "./Tuned.ts"

/** Units of the drawings; on a page they are scaled to their columns. */
const SIZE = { width: 460, height: 300, left: 50, right: 14, top: 14, bottom: 40 } as const
const WIDE = { width: 900, height: 320, left: 46, right: 70, top: 34, bottom: 26 } as const

const round = (value: number) => Number(value.toFixed(1))
const colourOf = (rung: number): string => `c${rung % 8}`

const scoreText = ({ unit, metric }: Pick<Tuned, "unit" | "metric">, value: number): string =>
  unit === "share" ? `${Number((value * 100).toPrecision(4))} %` : numberText(metric, value)

/** Scores from the bottom to the top of a drawing, with some room around them. */
const scaleOf = (scores: ReadonlyArray<number>, bottom: number, top: number) => {
  const [low, high] = extent(scores, 0.01)
  const room = (high - low) * 0.05
  const from = low - room
  const to = high + room
  return { from, to, y: (score: number) => round(bottom - ((score - from) / (to - from)) * (bottom - top)) }
}

/** What the rungs are called, in their colours. */
export const rungKeys = ({ rungs, steps, trials }: Tuned): Html | null => {
  if (rungs.length < 2) return null
  const counts = rungs.map((_, rung) => trials.filter((trial) => trial.rung === rung).length)
  return html`<p class="keys">${rungs.map(
    (rung, at) =>
      html`<span class="key"><svg class="line ${colourOf(at)}" width="22" height="10" aria-hidden="true"><path d="M2 5H20"/></svg>${formatCounted(counts[at] ?? 0, "trial")} to ${steps} ${rung}</span>`
  )}</p>`
}

/** The best drawn last, over the others; failed ones first. */
const inOrder = (trials: ReadonlyArray<TunedTrial>): ReadonlyArray<TunedTrial> =>
  trials.toSorted((one, other) => one.rung - other.rung || (one.score ?? -1) - (other.score ?? -1))

const classOf = (trial: TunedTrial, { best }: Tuned): string =>
  `line ${colourOf(trial.rung)}${best?.trial === trial.trial ? " chosen" : ""}`

/** An axis a parameter and one of the scores, and a line a trial. */
export const parallelCoordinates = (tuned: Tuned): Html => {
  const { params, trials, metric } = tuned
  const bottom = WIDE.height - WIDE.bottom
  const scored = trials.filter(({ score }) => score !== null)
  const scale = scaleOf(
    scored.map(({ score }) => score ?? 0),
    bottom,
    WIDE.top
  )
  const step = (WIDE.width - WIDE.left - WIDE.right) / params.length
  const x = (axis: number) => round(WIDE.left + axis * step)
  const y = (place: number) => round(bottom - place * (bottom - WIDE.top))
  const axisOf = (axis: number, name: string, marks: ReadonlyArray<readonly [number, string]>) =>
    html`<line class="axis" x1="${x(axis)}" x2="${x(axis)}" y1="${WIDE.top}" y2="${bottom}"/><text class="tick title" x="${x(axis)}" y="${WIDE.top - 14}" text-anchor="middle">${wordsOf(name)}</text>${marks.map(
      ([at, text]) => html`<text class="tick" x="${x(axis) + 6}" y="${at + 4}">${text}</text>`
    )}`
  const lines = inOrder(scored).map((trial) => {
    const points = [...trial.places.map(y), scale.y(trial.score ?? 0)]
    const path = points.map((place, axis) => `${axis === 0 ? "M" : "L"}${x(axis)} ${place}`).join("")
    return html`<g class="${classOf(trial, tuned)}"><path d="${path}"><title>${trial.label}</title></path></g>`
  })
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Parallel coordinates"><svg class="chart tuned wide" viewBox="0 0 ${WIDE.width} ${WIDE.height}" role="img" aria-label="A line a trial: its parameters, and the ${wordsOf(metric)} that it came to.">${lines}${params.map(
    ({ name, ticks: marks }, axis) =>
      axisOf(
        axis,
        name,
        marks.map(({ at, text }) => [y(at), text] as const)
      )
  )}${axisOf(
    params.length,
    metric,
    ticks(scale.from, scale.to, 6).map((value) => [scale.y(value), scoreText(tuned, value)] as const)
  )}</svg></div>`
}

interface Frame {
  readonly tuned: Tuned
  readonly x: { readonly from: number; readonly to: number; readonly name: string }
  readonly scores: ReadonlyArray<number>
  readonly label: string
}

/** A panel of scores over steps, and what `draw` puts into it. */
const panel = (
  { tuned, x, scores, label }: Frame,
  draw: (at: {
    readonly x: (value: number) => number
    readonly y: (value: number) => number
  }) => ReadonlyArray<Html | null>
): Html => {
  const right = SIZE.width - SIZE.right
  const bottom = SIZE.height - SIZE.bottom
  const scale = scaleOf(scores, bottom, SIZE.top)
  const span = Math.max(x.to - x.from, 1e-9)
  const at = { x: (value: number) => round(SIZE.left + ((value - x.from) / span) * (right - SIZE.left)), y: scale.y }
  const rows = ticks(scale.from, scale.to, 6).map(
    (value) =>
      html`<line class="grid" x1="${SIZE.left}" x2="${right}" y1="${at.y(value)}" y2="${at.y(value)}"/><text class="tick" x="${SIZE.left - 7}" y="${at.y(value) + 4}" text-anchor="end">${scoreText(tuned, value)}</text>`
  )
  const columns = ticks(x.from, x.to, 8)
    .filter(Number.isInteger)
    .map((value) => html`<text class="tick" x="${at.x(value)}" y="${bottom + 17}" text-anchor="middle">${value}</text>`)
  return html`<svg class="chart tuned" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${label}">${rows}<line class="axis" x1="${SIZE.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>${columns}<text class="tick title" x="${(SIZE.left + right) / 2}" y="${SIZE.height - 4}" text-anchor="middle">${x.name}</text>${draw(at)}</svg>`
}

/** What each trial came to by what all had cost until then, and the best so far. */
export const scoreByCost = (tuned: Tuned): Html => {
  const { spent, metric, steps, wanted } = tuned
  const isBetter = (one: number, other: number) => (wanted === "largest" ? one > other : one < other)
  let best: number | null = null
  const front: Array<readonly [number, number]> = []
  for (const { cost, score } of spent)
    if (best === null || isBetter(score, best)) {
      best = score
      front.push([cost, score])
    }
  const last = spent.at(-1)?.cost ?? 1
  const frame = {
    tuned,
    x: { from: 0, to: last, name: `${steps ?? "trials"} computed in all` },
    scores: spent.map(({ score }) => score),
    label: `The ${wordsOf(metric)} of trials by ${steps ?? "trials"} that all of them took until then.`
  }
  return panel(frame, (at) => {
    const stairs = front.map(([cost, score], step) =>
      step === 0 ? `M${at.x(cost)} ${at.y(score)}` : `H${at.x(cost)}V${at.y(score)}`
    )
    return [
      html`<g class="line front"><path d="${stairs.join("")}H${at.x(last)}"/></g>`,
      ...spent.map(
        ({ cost, score, rung, label }) =>
          html`<circle class="dot ${colourOf(rung)}" cx="${at.x(cost)}" cy="${at.y(score)}" r="3.5"><title>${label}</title></circle>`
      )
    ]
  })
}

/** How each trial got on by its steps. */
export const curvesByRung = (tuned: Tuned): Html | null => {
  const { trials, metric, steps } = tuned
  const points = trials.flatMap(({ curve }) => curve)
  if (steps === null || points.length === 0) return null
  const frame = {
    tuned,
    x: { from: 0, to: points.reduce((most, [step]) => Math.max(most, step), 1), name: steps },
    scores: points.map(([, score]) => score),
    label: `The ${wordsOf(metric)} of each trial by ${steps}.`
  }
  return panel(frame, (at) =>
    inOrder(trials)
      .filter(({ curve }) => curve.length > 0)
      .map((trial) => {
        const path = trial.curve
          .map(([step, score], index) => `${index === 0 ? "M" : "L"}${at.x(step)} ${at.y(score)}`)
          .join("")
        const [[step, score] = [0, 0], ...others] = trial.curve
        const alone = others.length > 0 ? null : html`<circle cx="${at.x(step)}" cy="${at.y(score)}" r="2.5"/>`
        return html`<g class="${classOf(trial, tuned)}"><title>${trial.label}</title><path d="${path}"/>${alone}</g>`
      })
  )
}

/** How much each parameter matters, as bars. */
export const importances = ({ params }: Tuned): Html | null => {
  const known = params.flatMap(({ name, importance }) => (importance === null ? [] : [{ name, importance }]))
  if (known.length === 0) return null
  const sorted = known.toSorted((one, other) => other.importance - one.importance)
  const row = 30
  const [left, right, width] = [150, 56, SIZE.width]
  return html`<svg class="chart bars" viewBox="0 0 ${width} ${sorted.length * row + 6}" role="img" aria-label="How much each parameter matters.">${sorted.map(
    ({ name, importance }, at) =>
      html`<text class="tick title" x="${left - 8}" y="${at * row + 20}" text-anchor="end">${wordsOf(name)}</text><rect class="bar" x="${left}" y="${at * row + 7}" width="${round(Math.max(1, importance * (width - left - right)))}" height="18" rx="3"/><text class="tick" x="${round(left + 6 + Math.max(1, importance * (width - left - right)))}" y="${at * row + 20}">${Math.round(importance * 100)} %</text>`
  )}</svg>`
}
