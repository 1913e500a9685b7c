import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import sharp from "sharp"
import { contactSheet, tileSize } from "../../../images/kinds/contact-sheet.ts"

const decode = (png: Uint8Array) =>
  Effect.promise(() => sharp(png).raw().toBuffer({ resolveWithObject: true })).pipe(
    Effect.map(({ data, info }) => ({
      width: info.width,
      height: info.height,
      pixel: (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)],
      ink: (top: number, bottom: number) =>
        data.subarray(top * info.width * 3, bottom * info.width * 3).some((v) => v < 128)
    }))
  )

/** 2 by 2 images: a red pixel at the upper left, green elsewhere. */
const images = (count: number) =>
  Uint8Array.from({ length: count * 12 }, (_, index) => (index % 12 < 3 ? [255, 0, 0] : [0, 255, 0])[index % 3] ?? 0)

describe("contactSheet", () => {
  it("small images grow by a whole factor to 64 pixels, large ones shrink to 256", () => {
    assert.deepStrictEqual(
      [tileSize(32, 32), tileSize(28, 40), tileSize(224, 224), tileSize(300, 400)],
      [
        [64, 64],
        [84, 120],
        [224, 224],
        [192, 256]
      ]
    )
  })

  it.effect("pixels stay squares, and each image has its class name underneath", () =>
    Effect.gen(function* () {
      const labels = ["cat", "dog & <co>", "ship"]
      const sheet = yield* decode(yield* contactSheet({ data: images(3), shape: [2, 2, 3], labels }, { columns: 2 }))
      assert.deepStrictEqual([sheet.width, sheet.height], [16 + 64 + 8 + 64 + 16, 16 + 2 * 90 - 8 + 16])
      assert.deepStrictEqual(sheet.pixel(16, 16), [255, 0, 0])
      assert.deepStrictEqual(sheet.pixel(16 + 31, 16 + 31), [255, 0, 0])
      assert.deepStrictEqual(sheet.pixel(16 + 32, 16 + 31), [0, 255, 0])
      assert.deepStrictEqual(sheet.pixel(16 + 72 + 63, 16 + 63), [0, 255, 0])
      assert.deepStrictEqual(sheet.pixel(0, 0), [255, 255, 255])
      assert.isTrue(sheet.ink(81, 98))
    })
  )

  it.effect("floats in [0, 1] give the same sheet as bytes", () =>
    Effect.gen(function* () {
      const bytes = images(4)
      const labels = ["a", "b", "c", "d"]
      const floats = Float32Array.from(bytes, (value) => value / 255)
      assert.deepStrictEqual(
        yield* contactSheet({ data: floats, shape: [2, 2, 3], labels }),
        yield* contactSheet({ data: bytes, shape: [2, 2, 3], labels })
      )
    })
  )

  it.effect("the sheet ends at 64 images, without room for names that are not there", () =>
    Effect.gen(function* () {
      const sheet = yield* decode(yield* contactSheet({ data: images(70), shape: [2, 2, 3], labels: [] }))
      assert.deepStrictEqual([sheet.width, sheet.height], [600, 600])
    })
  )

  it.effect("part of an image is refused, with the shape it should have had", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(contactSheet({ data: new Uint8Array(13), shape: [2, 2, 3], labels: [] }))
      assert.strictEqual(failure._tag, "ContactSheetFailed")
      assert.match(failure.message, /13 values of images of shape \[2, 2, 3\]; expected one or more whole images\. /)
    })
  )
})
