import { Effect, Schema } from "effect"
import { ArrowTable, Explained, Param, Stage } from "headrace"
import { readLocal, SourceChanged, SourceUnreadable } from "headrace/files"
import { RentsFile } from "./rents-file.ts"

/** A row a flat: its area in square metres, its rent a month in euros. */
export const Rents = ArrowTable.make("Rents", 1, { area: "float64", rent: "float64" })

/** An error says what happened, what was expected and how to fix it; it is told so wherever it ends up. */
export class LineInvalid extends Explained.TaggedError<LineInvalid>()(
  "LineInvalid",
  { line: Schema.Int, text: Schema.String },
  ({ line, text }) => ({
    what: `Line ${line} of the rents is ${JSON.stringify(text)}`,
    expected: "an area and a rent, such as 54.5,640",
    fix: "Correct the line, or remove it."
  })
) {}

const numbersIn = (text: string, line: number): Effect.Effect<readonly [area: number, rent: number], LineInvalid> => {
  const [area = Number.NaN, rent = Number.NaN, ...more] = text.split(",").map(Number)
  return Number.isFinite(area) && Number.isFinite(rent) && more.length === 0
    ? Effect.succeed([area, rent])
    : new LineInvalid({ line, text })
}

export const readRents = Stage.make({
  name: "read-rents",
  inputs: { file: RentsFile },
  params: { least: Param.make(Schema.Positive, 15, "Flats of less square metres are left out") },
  outputs: { rents: Rents },
  errors: Schema.Union(LineInvalid, SourceChanged, SourceUnreadable),
  run: ({ file }, { least }) =>
    Effect.gen(function* () {
      const text = new TextDecoder().decode(yield* readLocal(file))
      const [, ...lines] = text.trimEnd().split("\n")
      const all = yield* Effect.forEach(lines, (line, at) => numbersIn(line, at + 2))
      const flats = all.filter(([area]) => area >= least)
      return {
        rents: ArrowTable.of(Rents, {
          area: Float64Array.from(flats, ([area]) => area),
          rent: Float64Array.from(flats, ([, rent]) => rent)
        })
      }
    })
})
