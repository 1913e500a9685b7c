import path from "node:path"
import { countsOf, extractionOf, pipeline } from "./product.mjs"
import { count, machine, printTable, seconds, share, size } from "./report.mjs"

/** Runs transfer once and says what it took. Only a run that computed everything has times and memory; others have null. */
export const cold = async (name, dataset, env, options = []) => {
  const before = machine()
  const args = ["run", "transfer", "--dataset", dataset, ...options]
  const measured = await pipeline(args, env, { every: 500, memory: true, quiet: false })
  const { document } = measured
  const counts = countsOf(document)
  const isCold = counts.nodesReused === 0 && document.nodes.every(({ chunks }) => (chunks?.reused ?? 0) === 0)
  const figures = {
    machine: before,
    command: [
      "pipeline run transfer --dataset",
      path.isAbsolute(dataset) ? path.basename(dataset) : dataset,
      ...options
    ].join(" "),
    cold: isCold,
    counts: { ...counts, images: imagesOf(document), processes: measured.processes },
    seconds: isCold ? measured.seconds : null,
    extraction: isCold ? extractionOf(document) : null,
    peakBytes: isCold ? measured.peakBytes : null,
    testAccuracy: document.results.metrics.testAccuracy
  }
  printTable(`${name}${isCold ? "" : " (the home holds results already: no times)"}`, [
    ["nodes ran, reused", `${counts.nodesRan}, ${counts.nodesReused}`],
    ["images, chunks", `${count(figures.counts.images)}, ${count(counts.chunksRan)}`],
    ["processes seen", count(measured.processes)],
    ["seconds", isCold ? seconds(measured.seconds) : null],
    ["extraction", isCold ? `${figures.extraction.imagesPerSecond.toFixed(1)} images/s` : null],
    ["peak memory of all processes", isCold ? size(measured.peakBytes) : null],
    ["test accuracy", share(figures.testAccuracy)]
  ])
  return { figures, document }
}

const imagesOf = ({ nodes }) => nodes.find(({ stage }) => stage === "ingest").rows
