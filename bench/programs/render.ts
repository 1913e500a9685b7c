import { readFileSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { Figures, type VegaLiteSpec } from "../../images/services/Figures.ts"

/** Draws the chart that standard input has as JSON, to FILE.svg and FILE.png; FILE is the program's argument. */
export const render = <C>(specOf: (chart: C) => VegaLiteSpec): Promise<void> => {
  const [file = "figure"] = process.argv.slice(2)
  const program = Effect.gen(function* () {
    const figures = yield* Figures
    const files = yield* figures.render(specOf(JSON.parse(readFileSync(0, "utf8"))))
    writeFileSync(`${file}.svg`, files["figure.svg"])
    writeFileSync(`${file}.png`, files["figure.png"])
  })
  return Effect.runPromise(program.pipe(Effect.provide(Figures.live)))
}
