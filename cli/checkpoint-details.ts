import { Effect } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import * as Checkpoint from "../artifacts/Checkpoint.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { columnStatistics } from "./column-statistics.ts"
import { Reporter } from "./Reporter.ts"
import { table, truncate } from "./table-text.ts"

const TEXT_SHOWN = 200
const short = (value: number | null | undefined) => (value == null ? "" : value.toPrecision(3))

/** The arrays of a state that an iterating stage keeps, and the texts beside them. */
export const checkpointDetails = (stored: Stored) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const store = yield* ObjectStore
    // whatever its name and version: the file says itself what it holds
    const { arrays, texts } = yield* Checkpoint.make("State", 1).decode(stored, readPart(store))
    const rows = Object.entries(arrays).map(([name, values]) => {
      const [statistics] = columnStatistics([name], [{ rows: 1, columns: { [name]: values } }])
      return { name, shape: values.shape, mean: statistics?.mean ?? null, deviation: statistics?.deviation ?? null }
    })
    const columns = [
      { header: "array" },
      { header: "shape" },
      { header: "mean", align: "right" as const },
      { header: "deviation", align: "right" as const }
    ]
    const cells = rows.map(({ name, shape, mean, deviation }) => [
      name,
      `[${shape.join(", ")}]`,
      short(mean),
      short(deviation)
    ])
    yield* reporter.print(`\n${table(columns, cells)}`)
    for (const [name, text] of Object.entries(texts)) yield* reporter.print(`${name}: ${truncate(text, TEXT_SHOWN)}`)
    const [part] = stored.parts
    const file = part === undefined ? null : store.locate(part.object)
    yield* reporter.print(`file: ${file ?? "in memory"} (safetensors)`)
    return { file, arrays: rows, texts }
  })
