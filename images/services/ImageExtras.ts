import * as ImageFrames from "./ImageFrames.ts"
import * as TiffHeader from "./TiffHeader.ts"
import * as TiffSamples from "./TiffSamples.ts"

/** What a file can hold that its image is made without. */
type Extra = "frames" | "bands"

const hasBands = (bytes: Uint8Array): boolean => {
  const header = TiffHeader.of(bytes)
  if (header === null) return false
  const reading = TiffSamples.readingOf(header)
  return reading.kind === "plain" && reading.dropsExtra
}

const words: Readonly<Record<Extra, { readonly one: string; readonly many: string; readonly instead: string }>> = {
  frames: {
    one: "image has several frames or pages",
    many: "images have several frames or pages",
    instead: "the first is used"
  },
  bands: {
    one: "image has bands beside red, green and blue that are no transparency",
    many: "images have bands beside red, green and blue that are no transparency",
    instead: "they are left out"
  }
}

/** Gathers the images of a dataset from which something was left out. One that is read again counts once. */
export class ImageExtras {
  private readonly files = { frames: new Set<string>(), bands: new Set<string>() }

  add(file: string, bytes: Uint8Array): void {
    if (ImageFrames.hasSeveral(bytes)) this.files.frames.add(file)
    if (hasBands(bytes)) this.files.bands.add(file)
  }

  /** A sentence for people; null where there was nothing. */
  textOf(extra: Extra): string | null {
    const files = [...this.files[extra]].sort()
    const [first] = files
    if (first === undefined) return null
    const { one, many, instead } = words[extra]
    const what =
      files.length === 1 ? `1 ${one} (${first})` : `${files.length.toLocaleString("en-US")} ${many} (such as ${first})`
    return `${what}: ${instead}.`
  }
}

export const extras: ReadonlyArray<Extra> = ["frames", "bands"]
