import * as path from "node:path"
import { Effect } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type { Stored } from "../../artifacts/Artifact.ts"
import { type Columns, isTensor } from "../../artifacts/Column.ts"
import { ObjectStore, readPart } from "../../cache/ObjectStore.ts"
import type { StageEntry } from "../../engine/Graph.ts"
import { classesOf } from "../../kinds/classes.ts"
import { formatShare } from "../../kinds/format.ts"
import { table } from "../terminal/table-text.ts"

/** A class that is thought of, and how likely it is. */
export interface Guess {
  readonly class: string
  readonly probability: number
}

/** What is said of one file, the likeliest class first. */
export interface Prediction {
  readonly file: string
  readonly top: ReadonlyArray<Guess>
}

/** A table of predictions: which of the given files and folders a row is of, its path in the folder, and every probability. */
type PredictionTable = ArrowTable.TableArtifact<string, Columns>

/** What a node makes as a table of predictions; null where it has other columns. */
export const tableOf = (entry: StageEntry | undefined, output: string): PredictionTable | null => {
  const artifact = entry?.node.definition.outputs[output]
  if (artifact?.kind !== "table") return null
  const found = artifact as PredictionTable
  const { given, file, probability } = found.columns
  return given === "int32" && file === "utf8" && typeof probability === "object" && probability.shape.length === 1
    ? found
    : null
}

/** The likeliest classes, the first of equals first. */
const likeliest = (classes: ReadonlyArray<string>, probabilities: ArrayLike<number>, top: number): Prediction["top"] =>
  Array.from(probabilities, (probability, at) => ({ class: classes[at] ?? `class ${at}`, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top)

/** The rows of a table of predictions, each with the file as it was given, or as it lies in the folder that was. */
export const read = (artifact: PredictionTable, stored: Stored, given: ReadonlyArray<string>, top: number) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const found = yield* artifact.decode(stored, readPart(store))
    const batch = yield* ArrowTable.collect(found)
    const { given: of, file, probability } = batch?.columns ?? {}
    if (batch === null || probability === undefined || !isTensor(probability)) return []
    const classes = classesOf(found.header)
    const size = probability.data.length / batch.rows
    return Array.from({ length: batch.rows }, (_, row): Prediction => {
      const [root = "", below = ""] = [given[Number((of as Int32Array)[row])], (file as ReadonlyArray<string>)[row]]
      return {
        file: below === "" ? root : path.join(root, below),
        top: likeliest(classes, probability.data.subarray(row * size, (row + 1) * size), top)
      }
    })
  })

/** Predictions for people: a line a file. */
export const tableText = (predictions: ReadonlyArray<Prediction>): string => {
  const most = Math.max(0, ...predictions.map(({ top }) => top.length))
  const columns = Array.from({ length: most }, (_, at) => [
    { header: at === 0 ? "likeliest" : "then" },
    { header: "", align: "right" as const }
  ]).flat()
  return table(
    [{ header: "file" }, ...columns],
    predictions.map(({ file, top }) => [file, ...top.flatMap((guess) => [guess.class, formatShare(guess.probability)])])
  )
}

/** A field of a CSV by RFC 4180. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Predictions for other programs: a line a class that is thought of, the likeliest of each file first. */
export const csvText = (predictions: ReadonlyArray<Prediction>): string =>
  [
    "file,rank,class,probability",
    ...predictions.flatMap(({ file, top }) =>
      top.map((guess, at) => [field(file), at + 1, field(guess.class), guess.probability].join(","))
    )
  ].join("\n")
