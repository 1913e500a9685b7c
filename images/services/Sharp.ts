import type { Sharp } from "sharp"
import type { Decoded } from "./Decoded.ts"

const loaders = ["Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif"].map((format) => `VipsForeignLoad${format}Buffer`)

/** Loads sharp for images that are decoded one after the other, and for the formats that are read here alone. */
export const load = async () => {
  const { default: sharp } = await import("sharp")
  sharp.cache(false)
  // parallel over images, not within one
  sharp.concurrency(1)
  sharp.block({ operation: ["VipsForeignLoad"] })
  sharp.unblock({ operation: loaders })
  return sharp
}
/** Makes a picture of a file's bytes or of pixels. */
export type Make = Awaited<ReturnType<typeof load>>

export const ofPixels = (make: Make, { width, height, data }: Decoded): Sharp =>
  make(data, { raw: { width, height, channels: 3 } })

/** A picture as pixels, stretched to a square of `size` where that is asked for; transparency is blended onto white. */
export const rgb = async (image: Sharp, size: number | null): Promise<Decoded> => {
  const sized = size === null ? image : image.resize(size, size, { fit: "fill" })
  const { data, info } = await sized
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
  return { height: info.height, width: info.width, data }
}

type Size = readonly [width: number, height: number]

/** 0x0 for what is no image. */
export const sizeOf = async (make: Make, bytes: Uint8Array): Promise<Size> => {
  try {
    const { width, height } = await make(bytes, { limitInputPixels: false }).metadata()
    return [width, height]
  } catch {
    return [0, 0]
  }
}
