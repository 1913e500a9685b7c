import { Effect, Schema } from "effect"
import { ArrowTable, Explained, Stage } from "headrace"
import { readLocal, SourceChanged, SourceUnreadable } from "headrace/files"
import { Readings } from "../artifacts/Readings.ts"
import { RentalsFile } from "../artifacts/RentalsFile.ts"

/** An error says what happened, what was expected and how to fix it; it is told so wherever it ends up. */
export class LineInvalid extends Explained.TaggedError<LineInvalid>()(
  "LineInvalid",
  { line: Schema.Int, text: Schema.String },
  ({ line, text }) => ({
    what: `Line ${line} is ${JSON.stringify(text)}`,
    expected: "a date and four numbers, each of which may be missing, such as 2025-06-01,18.5,0.0,,930",
    fix: "Correct the line, or remove it."
  })
) {}

const numberOf = (cell: string) => (cell === "" ? Number.NaN : Number(cell))

const readingOf = (text: string, line: number) => {
  const [date = "", ...cells] = text.split(",")
  const isNumber = (cell: string) => cell === "" || Number.isFinite(Number(cell))
  return /^\d{4}-\d{2}-\d{2}$/.test(date) && cells.length === 4 && cells.every(isNumber)
    ? Effect.succeed({ date, numbers: cells.map(numberOf) })
    : new LineInvalid({ line, text })
}

/** The lines of the CSV as they are, without those of its header. */
export const readReadings = Stage.make({
  name: "read-readings",
  inputs: { file: RentalsFile },
  outputs: { readings: Readings },
  errors: Schema.Union(LineInvalid, SourceChanged, SourceUnreadable),
  run: ({ file }) =>
    Effect.gen(function* () {
      const text = new TextDecoder().decode(yield* readLocal(file))
      const [, ...lines] = text.trimEnd().split("\n")
      const rows = yield* Effect.forEach(lines, (line, at) => readingOf(line, at + 2))
      const column = (at: number) => Float64Array.from(rows, ({ numbers }) => numbers[at] ?? Number.NaN)
      return {
        readings: ArrowTable.of(Readings, {
          date: rows.map(({ date }) => date),
          temperature: column(0),
          rain: column(1),
          wind: column(2),
          rentals: column(3)
        })
      }
    })
})
