import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Random from "../../api/random.ts"
import type { Batch } from "../../artifacts/Column.ts"
import type { Pixels } from "../../images/artifacts/Pixels.ts"
import { augment } from "../../stages/augment.ts"

type Rows = Batch<typeof Pixels.columns>

const values = 8 * 8 * 3
const noise = Random.uniform({ seed: 1, purpose: "weights", epoch: 0, step: 0 }, 5 * values, 0.5)

/** Images of 8x8 by their numbers. */
const batchOf = (...images: ReadonlyArray<number>): Rows => {
  const data = new Float32Array(images.length * values)
  images.forEach((image, row) => data.set(noise.subarray(image * values, (image + 1) * values), row * values))
  return { rows: images.length, columns: { image: { shape: [8, 8, 3], data }, label: Int32Array.from(images) } }
}

const whole = { view: 1, seed: 0, flip: true, translation: 0.2, rotation: 0.2, zoom: 0.2, size: 16 }
const augmented = (rows: Rows, params: Partial<typeof whole> = {}) =>
  Effect.flatMap(
    augment.definition.run({}, { ...whole, ...params }) as Effect.Effect<(rows: Rows) => Effect.Effect<Rows>>,
    (one) => one(rows)
  )
const bytesOf = ({ columns: { image }, rows }: Rows): ReadonlyArray<string> => {
  const length = image.data.length / rows
  return Array.from({ length: rows }, (_, row) =>
    Buffer.from(image.data.slice(row * length, (row + 1) * length).buffer).toString("base64")
  )
}

it.effect("an image gets the same view wherever it stands, alone and among others", () =>
  Effect.gen(function* () {
    const together = bytesOf(yield* augmented(batchOf(0, 1, 2, 3, 4)))
    expect(new Set(together).size).toBe(5)
    expect(bytesOf(yield* augmented(batchOf(3, 0, 3)))).toEqual([together[3], together[0], together[3]])
    expect(bytesOf(yield* augmented(batchOf(4)))).toEqual([together[4]])
  })
)

it.effect("views and seeds give other pictures, of the size asked for, with the labels of the images", () =>
  Effect.gen(function* () {
    const views = yield* Effect.forEach([{}, { view: 2 }, { seed: 1 }, { rotation: 0 }], (params) =>
      augmented(batchOf(2, 1), params)
    )
    expect(new Set(views.flatMap(bytesOf)).size).toBe(8)
    for (const { columns } of views) {
      expect(columns.image.shape).toEqual([16, 16, 3])
      expect(columns.image.data).toHaveLength(2 * 16 * 16 * 3)
      expect([...columns.label]).toEqual([2, 1])
    }
  })
)
