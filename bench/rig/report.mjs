import { mkdirSync, writeFileSync } from "node:fs"
import os from "node:os"
import path from "node:path"

/** What the figures were measured on, and how busy it was with other things. */
export const machine = () => ({
  cores: os.availableParallelism(),
  processor: os.cpus()[0]?.model ?? "unknown",
  memoryBytes: os.totalmem(),
  node: process.version,
  loadBefore: round(os.loadavg()[0])
})

/** To five significant digits. */
const round = (value) => Number(value.toPrecision(5))

const rounded = (value) => {
  if (typeof value === "number") return Number.isInteger(value) ? value : round(value)
  if (Array.isArray(value)) return value.map(rounded)
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, rounded(each)]))
}

/** The middle of some measurements, and their extent. */
export const spread = (samples) => {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const median = sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted.at(-1), samples }
}

export const mean = (samples) => samples.reduce((sum, sample) => sum + sample, 0) / samples.length

/** Writes a bench's figures as JSON, lists of numbers on a line each. Gives the file. */
export const write = (folder, name, figures) => {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${name}.json`)
  const text = JSON.stringify(rounded({ bench: name, ...figures }), null, 2)
  const numbers = /\[\s+([-+.\deE]+(?:,\s+[-+.\deE]+)*)\s+\]/g
  writeFileSync(file, `${text.replace(numbers, (_, list) => `[${list.replace(/\s+/g, " ")}]`)}\n`)
  return file
}

export const size = (bytes) => (bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`)
export const seconds = (value) =>
  value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(value < 10 ? 2 : 1)} s`
export const share = (value) => `${(value * 100).toFixed(1)} %`
export const count = (value) => Math.round(value).toLocaleString("en-US")

/** `0.15 s (0.14 to 0.17, 10 samples)` */
export const extent = ({ median, min, max, samples }, format = seconds) =>
  `${format(median)} (${format(min)} to ${format(max)}, ${samples.length} samples)`

/** Rows of a name and its figures, aligned. A figure that is null is left out. */
export const printTable = (title, rows) => {
  const kept = rows.filter(([, ...cells]) => cells.every((cell) => cell !== null))
  const widths = kept.reduce((widest, row) => row.map((cell, at) => Math.max(widest[at] ?? 0, cell.length)), [])
  console.log(`\n${title}`)
  for (const row of kept)
    console.log(
      `  ${row
        .map((cell, at) => cell.padEnd(widths[at]))
        .join("  ")
        .trimEnd()}`
    )
}
