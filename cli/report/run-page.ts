import { formatCount, formatCounted, formatSeconds } from "../../kinds/format.ts"
import { drawGraph, noteOf, statusText } from "./dag.ts"
import { type Html, html } from "./html.ts"
import { page } from "./page.ts"
import type { Failed, Fit, Points, Printed, Remarks, Report } from "./Report.ts"
import { chart, figures, metrics, ownPart, section, table, tables } from "./sections.ts"
import { tuneSections } from "./tune-sections.ts"

/** Stands above everything: it tells why more was computed than a reader expects, or that it was computed otherwise. */
const noticeBox = (notices: ReadonlyArray<string>): Html | null =>
  notices.length === 0
    ? null
    : html`<div class="notice" role="note">${notices.map((each) => html`<p>${each}</p>`)}</div>\n`

const header = (report: Report): Html => {
  const { pipeline, run, status, description, started, seconds, revision, until, work, points, tuned, notices } = report
  const kind =
    tuned !== null
      ? `Tune of ${formatCounted(tuned.trials.length, "trial")},`
      : points === null
        ? "Run"
        : `Sweep of ${formatCounted(points.rows.length, "point")},`
  const did = status === "done" && work.ran === 0 ? "everything was reused" : `${work.ran} ran, ${work.reused} reused`
  return html`<header>
<div class="top"><h1>${pipeline}</h1><span class="badge ${status}">${status}</span></div>
<p class="lead">${description}</p>
<p class="facts">${kind} ${run}${until.length === 0 ? "" : ` until ${until.join(", ")}`}, ${started.replace("T", " ").replace(/\..*$/, "")} UTC, ${formatSeconds(seconds)}${revision === null ? "" : `, commit ${revision}`}: ${did}.</p>
${noticeBox(notices)}</header>
`
}

const epochText = ({ bestEpoch, epochs }: Fit): string => `Epoch ${bestEpoch} of ${epochs}`

const chosenOn = { dataset: "validation images of the dataset", "held-out": "held-out training images" } as const

/** Said where nobody overlooks it: what a test accuracy is worth depends on it. */
const fitBox = (fit: Fit): Html =>
  fit.validation !== "test"
    ? html`<div class="fit"><strong>${epochText(fit)} was chosen on ${formatCount(fit.validationRows)} ${chosenOn[fit.validation]}.</strong><p>Trained on ${fit.validation === "held-out" ? "the other" : "all"} ${formatCount(fit.trainingRows)}. The test images had no say: the test accuracy is that of images the training never saw.</p></div>`
    : html`<div class="fit test"><strong>${epochText(fit)} was chosen on the test set (${formatCount(fit.validationRows)} images).</strong><p>Trained on ${formatCount(fit.trainingRows)}. The test accuracy is that of the epoch that does best on the test images themselves, and so too good: hold training images out to know better.</p></div>`

/** One box for all trainings that were judged alike; a run may train many networks. */
const fitBoxes = (fits: ReadonlyArray<Fit>): ReadonlyArray<Html> => {
  const [only, ...others] = fits
  if (only === undefined) return []
  if (others.length === 0) return [fitBox(only)]
  const alike = fits.filter(({ validation }) => validation === only.validation)
  const rest = fits.filter(({ validation }) => validation !== only.validation)
  const by =
    only.validation !== "test"
      ? html`<div class="fit"><strong>The best epoch of each of ${alike.length} trainings was chosen on ${chosenOn[only.validation]}.</strong><p>The test images had no say.</p></div>`
      : html`<div class="fit test"><strong>The best epoch of each of ${alike.length} trainings was chosen on the test set.</strong><p>Test accuracies are those of epochs that do best on the test images themselves, and so too good.</p></div>`
  return [by, ...fitBoxes(rest)]
}

const failure = ({ node, error }: Failed): Html =>
  html`<div class="failure"><h3>${
    node === null ? "The run" : `Node ${node}`
  } failed <span class="badge failed">${error.tag}</span></h3><dl><dt>What happened</dt><dd>${error.what}</dd>${
    error.at === undefined ? null : html`<dt>Where</dt><dd>${error.at}</dd>`
  }${
    error.expected === null ? null : html`<dt>Expected</dt><dd>${error.expected}</dd>`
  }${error.fix === null ? null : html`<dt>What to do</dt><dd>${error.fix}</dd>`}</dl></div>`

const ending = ({ status, failures, notReached }: Report): Html | null => {
  if (status === "done") return null
  const list = notReached.length === 0 ? null : html`<p>Not reached: ${notReached.join(", ")}.</p>`
  const next = html`<p>${status === "failed" ? "Once that is put right, run it again" : "It was interrupted. Run it again to go on"}: what is finished is kept, chunk by chunk, and nothing of it is computed twice.</p>`
  return section(
    "ending",
    status === "failed" ? "What failed" : "Interrupted",
    html`${failures.map(failure)}${list}${next}`
  )
}

const commandBox =
  (id: string) =>
  (command: string): Html =>
    html`<div class="command"><pre><code id="${id}">${command}</code></pre><button type="button" class="action" data-copy="${id}">Copy</button></div>`

const remarksOf = ({ node, told }: Remarks): Html =>
  html`<h3>${node}</h3>${told.map((remark) => html`<p>${remark}</p>`)}`

const printsOf = (all: ReadonlyArray<Printed>): ReadonlyArray<Html> =>
  all.map(
    ({ node, text, isOpen }) =>
      html`<details ${isOpen ? { html: "open" } : null}><summary>${node}</summary><pre>${text}</pre></details>`
  )

const graphSection = ({ graph }: Report): Html | null => {
  if (graph === null || graph.nodes.length === 0) return null
  const rows = graph.nodes
    .filter(({ status }) => status !== "source")
    .map((node) => [node.name, statusText(node), node.rows, noteOf(node)])
  return section(
    "graph",
    "What ran, and what was reused",
    html`<div class="stage"><div class="scroll" tabindex="0" role="region" aria-label="The graph">${drawGraph(graph)}</div></div>`,
    html`<details><summary>All nodes as a table</summary>${table({ columns: ["node", "status", "rows", "why"], rows })}</details>`
  )
}

const paramsTable = ({ params }: Report): Html | null => {
  if (params.length === 0) return null
  const differing = params.filter(({ differs }) => differs).length
  const sorted = [...params].sort((a, b) => Number(b.differs) - Number(a.differs))
  return html`<p class="note">${
    differing === 0
      ? "All as the pipeline has them by default."
      : `${differing} of ${params.length} differ from their defaults; they come first.`
  }</p><div class="scroll" tabindex="0" role="region" aria-label="Parameters"><table><thead><tr><th class="name" scope="col">parameter</th><th scope="col">value</th><th scope="col">default</th></tr></thead><tbody>${sorted.map(
    ({ name, value, fallback, differs, description }) =>
      html`<tr class="${differs ? "differs" : ""}"><td class="name">${name}${differs ? html` <span class="badge">changed</span>` : null}<br><span class="note">${description}</span></td><td class="value"><code>${value}</code></td><td><code>${fallback ?? "unknown now"}</code></td></tr>`
  )}</tbody></table></div>`
}

const pointsTable = (points: Points): Html => {
  const rows = points.rows.map(({ cells, status }) => [...cells, status])
  return html`${table({ columns: [...points.columns, "status"], rows })}<details><summary>The command of each point</summary><pre><code>${points.rows.map(({ command }) => command).join("\n")}</code></pre></details>`
}

/** All that is told of a run, as parts of a page. */
const partsOf = (report: Report): ReadonlyArray<Html | null> => [
  header(report),
  ending(report),
  report.metrics.length + report.fits.length === 0
    ? null
    : section("metrics", "Result", metrics(report.metrics), html`${fitBoxes(report.fits)}`),
  ...(report.tuned === null ? [] : tuneSections(report.tuned, commandBox("best-command"))),
  report.points === null
    ? null
    : section("points", "Points, the best validation accuracy first", pointsTable(report.points)),
  report.remarks.length === 0 ? null : section("remarks", "What was read", html`${report.remarks.map(remarksOf)}`),
  report.curves === null ? null : section("curves", "Learning curves", chart(report.curves)),
  report.printed.length === 0 ? null : section("printed", "What stages printed", ...printsOf(report.printed)),
  graphSection(report),
  section("figures", "Figures", figures(report.figures)),
  ...report.sections.map(({ title, parts }, at) => section(`own-${at}`, title, ...parts.map(ownPart))),
  section("params", "Parameters", paramsTable(report)),
  section("tables", "Tables", tables(report.tables)),
  report.command === null ? null : section("again", "Make it again", commandBox("command")(report.command))
]

const notesOf = ({ notes }: Report): ReadonlyArray<Html> => notes.map((note) => html`<p>${note}</p>`)

/** The page of a run: everything of it in one file, that opens anywhere. */
export const runPage = (report: Report): string =>
  page(`${report.pipeline} ${report.run}`, [
    ...partsOf(report),
    html`<footer>${notesOf(report)}<p>Made by headrace from the record of run ${report.run}. This file is complete: it asks nothing of any network.</p></footer>`
  ])

/** The same as a part of another page. */
export const runSections = (report: Report): string => html`${partsOf(report)}<footer>${notesOf(report)}</footer>`.html
