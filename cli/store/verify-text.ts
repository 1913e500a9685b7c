import * as path from "node:path"
import * as Digest from "../../artifacts/Digest.ts"
import { type Finding, type Maker, nodesOf, secondsOf } from "../../cache/verify/Finding.ts"
import type { Repair } from "../../cache/verify/Repair.ts"
import type { Report } from "../../cache/verify/Verify.ts"
import { formatBytes, formatCount, formatCounted, formatSeconds } from "../../kinds/format.ts"

/** So many nodes are named in a line; `--json` has all. */
const NAMED = 4

/** An object by some of its digits, everything else by its whole name. */
export const nameOf = ({ what, name }: Pick<Finding, "what" | "name">): string =>
  what === "object" ? `object ${Digest.short(name)}` : `${what} ${name}`

/** `about 3 s: rents/fit, rents/report`; how long it takes is left out where nothing tells. */
export const costText = (makers: ReadonlyArray<Maker>): string => {
  const nodes = nodesOf([{ makers }])
  const names = [...new Set(nodes.map(({ pipeline, node }) => `${pipeline}/${node}`))]
  const some = names.slice(0, NAMED).join(", ")
  const named = names.length > NAMED ? `${some} and ${formatCounted(names.length - NAMED, "other node")}` : some
  const isTold = nodes.some(({ share }) => share !== null)
  return isTold ? `about ${formatSeconds(secondsOf(nodes))} of ${named}` : named
}

/** `corrupt: object 0123456789ab in objects/01/…: its bytes have sha256 …; to compute it again takes about 3 s of rents/fit` */
export const findingText = (home: string, finding: Finding): string => {
  const { fault, found, file, makers, loss } = finding
  const cost =
    loss !== undefined ? `; ${loss}` : makers.length === 0 ? "" : `; to make it again takes ${costText(makers)}`
  return `${fault}: ${nameOf(finding)} (${path.relative(home, file)}): ${found}${cost}`
}

export const repairText = (home: string, finding: Finding, repair: Repair): string => {
  const name = nameOf(finding)
  switch (repair._tag) {
    case "Quarantined":
      return `${name} is put aside in ${path.relative(home, repair.to)}: ${finding.loss ?? "whoever needs it computes it again"}`
    case "Rewritten":
      return `${name} is written anew; as it was found it is in ${path.relative(home, repair.to)}`
    case "Fetched":
      return `${name} is put aside in ${path.relative(home, repair.to)}, and came whole from the shared store`
    case "InUse":
      return `${name} is left: somebody computes the same at the moment. Verify again once that is done`
    case "Gone":
      return `${name} is not there any more as it was found: nothing is left to mend`
    case "Left":
      return `${name} is left: ${repair.why}`
  }
}

/** What was looked at, and how fast. */
export const checkedText = ({ objects, bytes, traces, records, notes }: Report["checked"], seconds: number): string =>
  `${formatCounted(objects, "object")} (${formatBytes(bytes)}), ${formatCounted(traces, "trace")}, ${formatCounted(records, "record")} and ${formatCounted(notes, "note")} verified in ${formatSeconds(seconds)}${seconds < 1 ? "" : `, ${formatBytes(bytes / seconds)}/s`}`

/** What is no fault, and good to know. */
export const besidesText = ({ notKept, quarantine }: Omit<Report, "checked" | "findings">) => [
  ...(notKept.objects === 0
    ? []
    : [
        `not kept: ${formatCounted(notKept.objects, "object")} of results, ${formatBytes(notKept.bytes)}; to make all of it again would take ${costText(notKept.makers)}`
      ]),
  ...(quarantine.files === 0
    ? []
    : [
        `in quarantine: ${formatCounted(quarantine.files, "file")}, ${formatBytes(quarantine.bytes)}; nobody reads them, and after a day they are the first to go when pipeline gc makes room`
      ])
]

const FAULTS = ["corrupt", "missing", "unreadable"] as const

/** `2 corrupt, 1 missing; to make them again takes about 4 s of rents/fit` */
export const sumText = (findings: ReadonlyArray<Finding>): string => {
  const counts = FAULTS.map((fault) => [fault, findings.filter((one) => one.fault === fault).length] as const)
  const faults = counts.flatMap(([fault, count]) => (count === 0 ? [] : [`${formatCount(count)} ${fault}`])).join(", ")
  const makers = findings.flatMap((finding) => finding.makers)
  return makers.length === 0 ? faults : `${faults}; to make it again takes ${costText(makers)}`
}
