/** Kinds of artifacts: what is known of them beside their codecs. */
export { besideEachOther, decode, inFolder, make, read } from "../kinds/bytes.ts"
export { classesOf } from "../kinds/classes.ts"
export { formatBytes, formatCount, formatSeconds, formatShare } from "../kinds/format.ts"
export type { Block, Exported, Found, Kind, ResultFile, Shown, Way } from "../kinds/Kind.ts"
export { imageBytes, type RgbImages } from "../kinds/RgbImages.ts"
export { inspectWith, table } from "../kinds/table.ts"
