import type { KeyText } from "./Key.ts"
import * as Reason from "./Reason.ts"
import type { Made } from "./Release.ts"
import type { Trace } from "./Trace.ts"

// Tells an upgrade of Headrace from what its user does: an earlier result that would be found today, had Headrace stayed as it was.

/** The packages that Headrace's own code is installed as. */
const PACKAGES: ReadonlySet<string> = new Set(["headrace", "headrace-images"])

/** Whose doing a difference is. Other packages come along with a version of Headrace, and alone are none of its doing. */
type Whose = "Headrace's" | "another package's" | "the user's"

/** Of results that another version wrote, or under another format. */
const whose = (reason: Reason.Reason, { isOwnFile }: Made): Whose => {
  if (reason._tag === "FormatChanged") return "Headrace's"
  if (reason._tag === "PackageChanged") return PACKAGES.has(reason.name) ? "Headrace's" : "another package's"
  return reason._tag === "CodeChanged" && reason.files.every(isOwnFile) ? "Headrace's" : "the user's"
}

const paramsOf = new WeakMap<KeyText["params"], string>()
/** Written once for each trace: a sweep after an upgrade compares each of its points with each that is kept. */
const writtenParams = ({ params }: KeyText): string => {
  const known = paramsOf.get(params)
  if (known !== undefined) return known
  const written = Reason.written(params)
  paramsOf.set(params, written)
  return written
}

/** Whether two keys are of one set of parameters: asked first, since it costs next to nothing. */
export const hasSameParams = (one: KeyText, other: KeyText): boolean => writtenParams(one) === writtenParams(other)

/** An earlier result of a node, as far as it is compared. */
export type Before = Pick<Trace, "text" | "labels" | "by">

/** Code of which no file differs: under another version, its digest is made otherwise, and there is no more to say of it. */
const isDigestAlone = (reason: Reason.Reason): boolean => reason._tag === "CodeChanged" && reason.files.length === 0

/**
 * Why Headrace alone keeps an earlier result from being found under the node's key; null where something of the user's differs
 * as well, or nothing does. Digests of code that were made under another format say nothing of anybody's edit: they are left out.
 */
export const reasons = (
  before: Before,
  text: KeyText,
  labels: Reason.Labels["after"],
  made: Made
): ReadonlyArray<Reason.Reason> | null => {
  const isOtherFormat = before.text.format !== text.format
  // under one version and format every difference is the user's, and so is one in Headrace's own files
  if (before.by === made.version && !isOtherFormat) return null
  if (!hasSameParams(before.text, text)) return null
  const differences = Reason.differences(before.text, text, { before: before.labels, after: labels }).filter(
    ({ _tag }) => !isOtherFormat || (_tag !== "CodeChanged" && _tag !== "PackageChanged")
  )
  const all = differences.map((reason) => whose(reason, made))
  if (all.includes("the user's") || !all.includes("Headrace's")) return null
  const upgraded = Reason.Upgraded.make({ before: before.by ?? null, after: made.version })
  return [upgraded, ...differences.filter((reason) => !isDigestAlone(reason))]
}
