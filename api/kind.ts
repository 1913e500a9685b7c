/**
 * Kinds: all that is known of artifacts of one kind beside their codec. A project makes its own with {@link make}, lists them in
 * `headrace.config.ts`, and they are shown, drawn and exported as the ready ones are.
 *
 * @module
 */
export { besideEachOther, decode, inFolder, make, read } from "../kinds/bytes.ts"
export { classesOf } from "../kinds/classes.ts"
export { formatBytes, formatCount, formatSeconds, formatShare } from "../kinds/format.ts"
export type {
  Block,
  Card,
  Exported,
  ExportedFile,
  Found,
  Kind,
  ResultFile,
  Shown,
  TableBlock,
  Way
} from "../kinds/Kind.ts"
export { style as pageStyle } from "../kinds/page-style.ts"
export { imageBytes, type RgbImages } from "../kinds/RgbImages.ts"
export { inspectWith, table } from "../kinds/table.ts"
