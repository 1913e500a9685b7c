import { Schema } from "effect"
import { Explained, Text } from "headrace"

/** A file among images that cannot be used as one. */
export class ImageRefused extends Explained.TaggedError<ImageRefused>()(
  "ImageRefused",
  {
    file: Schema.String,
    ...Explained.fields
  },
  ({ file, what, expected, fix }) => ({ what: Text.text`${file} ${what}`, expected, fix })
) {}

export const readFormats = "a JPEG, PNG, WebP, GIF, TIFF or AVIF file"

/** A good file of a kind that is known by its bytes but not read here. */
export const unread = (name: string, fix: string): Explained.Parts => ({
  what: `is ${name}, which is not read here`,
  expected: readFormats,
  fix
})

/** 100 megapixels: 300 MB as RGB. The header is believed, so that nothing larger is ever decoded. */
export const mostPixels = 100_000_000

type Size = readonly [width: number, height: number]

/**
 * What a decoder's own words come to. Only of formats whose every file is decoded here is a failure called damage: of a
 * TIFF or AVIF the decoder may just lack a part.
 */
export const ofDecoder = (what: string, [width, height]: Size, isWhollyKnown: boolean): Explained.Parts => {
  const [firstLine = ""] = what.split("\n")
  if (/pixel limit/i.test(what) && width * height > mostPixels) {
    return {
      what: `has ${width}x${height} pixels`,
      expected: "at most 100 megapixels",
      fix: "Make it smaller, or remove it."
    }
  }
  if (/unsupported image format/i.test(what)) {
    return { what: "is not an image", expected: readFormats, fix: "Remove it from the class folder, or convert it." }
  }
  return isWhollyKnown
    ? {
        what: `is damaged (${firstLine})`,
        expected: "a complete image",
        fix: "Replace it with a good copy, or remove it."
      }
    : {
        what: `cannot be decoded (${firstLine})`,
        expected: "a complete file in one of its format's common forms",
        fix: "If another program opens it, convert it to PNG with that (magick FILE FILE.png); else replace it with a good copy, or remove it."
      }
}
