import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type { Artifact } from "../../artifacts/Artifact.ts"
import { ObjectStore, readPart } from "../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import * as ClassNames from "../../images/artifacts/ClassNames.ts"
import { ConfusionMatrix } from "../../images/artifacts/ConfusionMatrix.ts"
import { Features } from "../../images/artifacts/Features.ts"
import { History } from "../../images/artifacts/History.ts"
import { Images } from "../../images/artifacts/Images.ts"
import { Predictions } from "../../images/artifacts/Predictions.ts"
import { folder } from "../rig/folder.ts"
import { describeWith } from "../rig/needs.ts"
import { python } from "../rig/python.ts"

/** Opens the object as it lies in the store, by pyarrow and by DuckDB; prints what each sees as JSON. */
const PROGRAM = `
import sys, json, pyarrow as pa, pyarrow.ipc, duckdb
with pa.OSFile(sys.argv[1]) as file:
    stored = pa.ipc.open_file(file).read_all()
stored.validate(full=True)
def plain(column):
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks])
    return column.to_pylist()
shapes = {f.name: list(f.type.shape) for f in stored.schema if isinstance(f.type, pa.FixedShapeTensorType)}
rows = duckdb.sql("select count(*) from stored").fetchone()[0]
first = duckdb.sql("select * from stored limit 1").fetchone()
print(json.dumps({
  "columns": {name: plain(stored[name]) for name in stored.column_names}, "shapes": shapes,
  "metadata": {k.decode(): v.decode() for k, v in (stored.schema.metadata or {}).items()},
  "duckdb": {"rows": rows, "first": [list(v) if isinstance(v, (list, tuple)) else v for v in first]}
}))
`

interface Seen {
  readonly columns: Readonly<Record<string, ReadonlyArray<unknown>>>
  readonly shapes: Readonly<Record<string, ReadonlyArray<number>>>
  readonly metadata: Readonly<Record<string, string>>
  readonly duckdb: { readonly rows: number; readonly first: ReadonlyArray<unknown> }
}
const readBack = (file: string) => python("readers", PROGRAM, [file]) as Promise<Seen>

/** Stores a value as a stage would, and returns the file of its only chunk. */
const store = <In>(home: string, artifact: Artifact<string, In, unknown>, value: In) =>
  Effect.gen(function* () {
    const objects = yield* ObjectStore
    const { parts } = yield* artifact.encode(value, objects.put)
    return objects.locate(parts[0]?.object ?? ("" as never)) ?? ""
  }).pipe(Effect.provide(ObjectStoreDisk.layerDisk(home)))

describeWith(["readers"], "to real readers", () => {
  it.effect("images, as they lie in the store, are tensors with class names to pyarrow and rows to DuckDB", () =>
    Effect.gen(function* () {
      const data = Uint8Array.from({ length: 3 * 2 * 4 * 3 }, (_, index) => index)
      const batch = { rows: 3, columns: { image: { shape: [2, 4, 3] as const, data }, label: Int32Array.of(1, 0, 1) } }
      const file = yield* store(folder(), Images, {
        metadata: ClassNames.toMetadata(["cat", "dog"]),
        batches: Stream.make(batch)
      })
      const seen = yield* Effect.promise(() => readBack(file))
      expect(seen.shapes).toEqual({ image: [2, 4, 3] })
      expect(seen.columns).toEqual({
        image: [0, 1, 2].map((row) => Array.from(data.subarray(row * 24, (row + 1) * 24))),
        label: [1, 0, 1]
      })
      expect(seen.metadata).toEqual({ classes: '["cat","dog"]' })
      expect(seen.duckdb).toEqual({ rows: 3, first: [Array.from(data.subarray(0, 24)), 1] })
    })
  )

  it.effect("features, history, predictions and the confusion matrix read back with every value", () =>
    Effect.gen(function* () {
      const home = folder()
      const feature = Float32Array.from({ length: 1280 }, (_, index) => index / 4)
      const features = {
        rows: 1,
        columns: { feature: { shape: [1280] as const, data: feature }, label: Int32Array.of(7) }
      }
      const f64 = (...values: ReadonlyArray<number>) => Float64Array.from(values)
      const history = {
        rows: 2,
        columns: {
          epoch: Int32Array.of(1, 2),
          loss: f64(1.5, 0.1),
          accuracy: f64(0.25, 0.5),
          validationLoss: f64(2, 3),
          validationAccuracy: f64(0.1, 0.2)
        }
      }
      const predictions = {
        rows: 2,
        columns: {
          label: Int32Array.of(0, 1),
          predicted: Int32Array.of(1, 1),
          probability: { shape: [2] as const, data: Float32Array.of(0.25, 0.75, 0.5, 0.5) }
        }
      }
      const confusion = {
        rows: 2,
        columns: { actual: ["größer", "a"], predicted: ["a", "größer"], count: Int32Array.of(3, 4) }
      }
      const files = [
        yield* store(home, Features, { metadata: {}, batches: Stream.make(features) }),
        yield* store(home, History, { metadata: {}, batches: Stream.make(history) }),
        yield* store(home, Predictions, { metadata: {}, batches: Stream.make(predictions) }),
        yield* store(home, ConfusionMatrix, { metadata: {}, batches: Stream.make(confusion) })
      ]
      const seen = yield* Effect.promise(() => Promise.all(files.map(readBack)))
      expect(seen[0]?.columns).toEqual({ feature: [Array.from(feature)], label: [7] })
      expect(seen[1]?.columns).toEqual({
        epoch: [1, 2],
        loss: [1.5, 0.1],
        accuracy: [0.25, 0.5],
        validationLoss: [2, 3],
        validationAccuracy: [0.1, 0.2]
      })
      expect(seen[2]?.columns.probability).toEqual([
        [0.25, 0.75],
        [0.5, 0.5]
      ])
      expect(seen[3]?.columns).toEqual({ actual: ["größer", "a"], predicted: ["a", "größer"], count: [3, 4] })
      expect(seen.map(({ duckdb }) => duckdb.rows)).toEqual([1, 2, 2, 2])
    })
  )

  it.effect("a table of many chunks, written as one file, has all their rows in order", () =>
    Effect.gen(function* () {
      const at = folder()
      const count = 5000
      const text = Array.from({ length: count }, (_, row) => `row ${row} of ${"ä".repeat(row % 5)}`)
      const confusion = {
        rows: count,
        columns: { actual: text, predicted: [...text].reverse(), count: Int32Array.from(text, (_, row) => row) }
      }
      const file = path.join(at, "confusion.arrow")
      const chunks = yield* Effect.gen(function* () {
        const objects = yield* ObjectStore
        const source = { metadata: { note: "kept" }, batches: Stream.make(confusion) }
        const stored = yield* ConfusionMatrix.encode(source, objects.put)
        const pieces = yield* Stream.runCollect(ArrowTable.toFile(ConfusionMatrix, stored, readPart(objects)))
        fs.writeFileSync(file, Buffer.concat([...pieces]))
        return stored.parts.length
      }).pipe(Effect.provide(ObjectStoreDisk.layerDisk(at)))
      expect(chunks).toBeGreaterThan(2)
      const seen = yield* Effect.promise(() => readBack(file))
      expect(seen.columns).toEqual({ ...confusion.columns, count: Array.from(confusion.columns.count) })
      expect(seen.metadata).toEqual({ note: "kept" })
      expect(seen.duckdb.rows).toBe(count)
    })
  )
})
