import { createHash } from "node:crypto"
import sharp, { type Sharp } from "sharp"
import { expect, it } from "vitest"
import * as Thumbnails from "../../images/description/thumbnails.ts"
import type { Decoded } from "../../images/services/Decoded.ts"

const decoded = async (image: Sharp): Promise<Decoded> => {
  const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

/** A smooth picture of colours that no other seed has. */
const picture = async (seed: string, width = 32, height = 32): Promise<Sharp> => {
  const values = createHash("sha512").update(seed).digest().subarray(0, 48)
  const small = sharp(values, { raw: { width: 4, height: 4, channels: 3 } })
  return sharp(await small.resize(width, height, { kernel: "cubic", fit: "fill" }).png().toBuffer())
}

const index = async (...images: ReadonlyArray<Sharp>) => {
  const made = Thumbnails.empty<number>()
  for (const [at, image] of images.entries()) Thumbnails.add(made, Thumbnails.of(await decoded(image)), at)
  return made
}
const nearest = async (among: Thumbnails.Index<number>, image: Sharp, fulfils = (_: number) => true) =>
  Thumbnails.nearest(among, Thumbnails.of(await decoded(image)), fulfils)

it("a thumbnail is the mean colour of each cell, whatever the size, and of an image smaller than its cells too", async () => {
  const half = (width: number, height: number) => {
    const data = new Uint8Array(width * height * 3)
    for (let at = 0; at < data.length; at++) data[at] = Math.floor(at / 3) % width < width / 2 ? 10 : 30
    return { width, height, data }
  }
  for (const [width, height] of [
    [8, 8],
    [32, 8],
    [100, 60],
    [2, 1]
  ] as const) {
    const thumbnail = Thumbnails.of(half(width, height))
    const cells = Array.from({ length: 64 }, (_, cell) => Array.from(thumbnail.values.subarray(cell * 3, cell * 3 + 3)))
    cells.forEach((cell, at) => expect(cell, `${width}x${height}`).toEqual(Array(3).fill(at % 8 < 4 ? 10 : 30)))
  }
})

it("a lossy copy, a larger one and a slightly brighter one look like the picture; others do not", async () => {
  const [one, other] = [await picture("one"), await picture("other")]
  const among = await index(other, one)
  const brighter = Array.from((await decoded(one)).data, (value) => Math.min(255, value + 5))
  for (const copy of [
    sharp(await one.clone().jpeg({ quality: 75 }).toBuffer()),
    await picture("one", 48, 40),
    sharp(Buffer.from(brighter), { raw: { width: 32, height: 32, channels: 3 } })
  ]) {
    expect(await nearest(among, copy)).toBe(1)
  }
  for (let seed = 0; seed < 50; seed++) expect(await nearest(among, await picture(`seed ${seed}`))).toBeUndefined()
  expect(await nearest(among, sharp(await one.clone().flop().png().toBuffer()))).toBeUndefined()
})

it("only those that fulfil the condition count, and fog is not like other fog", async () => {
  const one = await picture("one")
  const among = await index(one, one)
  expect(await nearest(among, one, (at) => at === 1)).toBe(1)
  expect(await nearest(among, one, () => false)).toBeUndefined()
  const fog = (seed: string) =>
    picture(seed).then((image) =>
      image
        .linear(0.05, 120)
        .png()
        .toBuffer()
        .then((bytes) => sharp(bytes))
    )
  expect(await nearest(await index(await fog("a")), await fog("b"))).toBeUndefined()
  expect(await nearest(await index(await fog("a")), await fog("a"))).toBe(0)
})

it("of thousands of like pictures, no more than a thousand are compared", () => {
  const white = { width: 8, height: 8, data: new Uint8Array(192).fill(255) }
  const made = Thumbnails.empty<number>()
  for (let at = 0; at < 20_000; at++) Thumbnails.add(made, Thumbnails.of(white), at)
  const grey = Thumbnails.of({ ...white, data: new Uint8Array(192).fill(250) })
  let looked = 0
  const counted = () => {
    looked++
    return true
  }
  expect(Thumbnails.nearest(made, grey, counted)).toBeUndefined()
  expect(looked).toBe(1_024)
})
