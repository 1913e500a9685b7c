import { Effect } from "effect"
import * as Checkpoint from "../artifacts/Checkpoint.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import * as Basis from "../engine/Kind.ts"
import { make } from "./bytes.ts"
import { columnStatistics } from "./column-statistics.ts"
import { truncate } from "./format.ts"

const TEXT_SHOWN = 200
const short = (value: number | null | undefined) => (value == null ? "" : value.toPrecision(3))

/** States that an iterating stage keeps: their arrays, and the texts beside them. */
export const checkpoint = make(Basis.checkpoint, {
  isPartial: true,
  inspect: ({ stored }) =>
    Effect.gen(function* () {
      const store = yield* ObjectStore
      // whatever its name and version: the file says itself what it holds
      const [name = "", version] = stored.artifact.split("@")
      const { arrays, texts } = yield* Checkpoint.make(name, Number(version)).decode(stored, readPart(store))
      const rows = Object.entries(arrays).map(([name, values]) => {
        const [statistics] = columnStatistics([name], [{ rows: 1, columns: { [name]: values } }])
        return { name, shape: values.shape, mean: statistics?.mean ?? null, deviation: statistics?.deviation ?? null }
      })
      const [part] = stored.parts
      const file = part === undefined ? null : store.locate(part.object)
      return {
        blocks: [
          {
            columns: [
              { header: "array" },
              { header: "shape" },
              { header: "mean", align: "right" },
              { header: "deviation", align: "right" }
            ],
            rows: rows.map(({ name, shape, mean, deviation }) => [
              name,
              `[${shape.join(", ")}]`,
              short(mean),
              short(deviation)
            ])
          },
          ...Object.entries(texts).map(([name, text]) => `${name}: ${truncate(text, TEXT_SHOWN)}`),
          `file: ${file ?? "in memory"} (safetensors)`
        ],
        details: { file, arrays: rows, texts }
      }
    })
})
