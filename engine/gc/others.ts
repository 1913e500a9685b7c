import type { Digest } from "../../artifacts/Digest.ts"
import type { Lying } from "../../cache/Contents.ts"
import * as Unfinished from "../../cache/unfinished.ts"
import { currentBuild, type Folder, type Sorted, touchedMillis } from "./lying.ts"
import type { Spared, Unit } from "./Policy.ts"
import { isFresh, type Looking, sparedYoung, unitOf } from "./unit-of.ts"

// What lies in a store beside results, as units: what was downloaded, built, written down, or left behind.

/** Nobody writes one file for so long, nor starts from a build that it does not run from. */
const DAY_MILLIS = 24 * 3_600_000
/** An object is there before the trace that names it, for as long as it takes to make the others. */
const HOUR_MILLIS = 3_600_000

/** Bytes that come over a network in a second. */
const NETWORK_RATE = 10e6
/** Seconds to make a report again. */
const REPORT_SECONDS = 1

/** What is known of results, as far as it concerns other files. */
export interface Beside {
  /** Files of objects that a trace names. */
  readonly named: ReadonlySet<string>
  /** Digests of what comes from outside, and results that stay are made of. */
  readonly sources: ReadonlySet<string>
  /** Where these lie on this machine; null where it is not known of all. */
  readonly places: ReadonlyArray<string> | null
  /** Files of traces that nobody can read. */
  readonly unreadable: ReadonlyArray<Lying>
}

/** What commands read where it lies stays while there are any. */
const sparedRead = ({ inUse: { since } }: Looking, isNeeded: boolean): Spared | null =>
  since < Number.POSITIVE_INFINITY ? "in use" : isNeeded ? "newest run" : null

const asWhole = ({ folder }: Folder) => ({ path: folder, modified: touchedMillis(folder) })

const sizeOf = (lying: ReadonlyArray<Lying>): number => lying.reduce((sum, { bytes }) => sum + bytes, 0)

const downloads = (looking: Looking, sorted: Sorted, { places }: Beside): ReadonlyArray<Unit> =>
  sorted.downloads.map((lying) =>
    unitOf("priced", "downloads", [lying], {
      isRead: true,
      seconds: lying.bytes / NETWORK_RATE,
      spared: sparedRead(looking, places === null || places.includes(lying.file))
    })
  )

/** The objects that a source's files are other names of, or that list these. */
const objectsOf = ({ name, files }: Folder, { objects }: Sorted, byInode: ReadonlyMap<string, Lying>) => {
  const list = objects.get(name as Digest)
  return new Set([...(list === undefined ? [] : [list]), ...files.flatMap(({ inode }) => byInode.get(inode) ?? [])])
}

/** Sources of other machines: the files that were laid out, and the objects that they came as, which stay a little longer. */
const sources = (looking: Looking, sorted: Sorted, { named, sources: needed, places }: Beside) => {
  const byInode = new Map<string, Lying>()
  for (const lying of sorted.objects.values()) if (lying.names > 1) byInode.set(lying.inode, lying)
  const taken = new Set<string>()
  const units: Array<Unit> = []
  for (const folder of sorted.sources.values()) {
    const objects = [...objectsOf(folder, sorted, byInode)].filter(({ file }) => !named.has(file) && !taken.has(file))
    for (const { file } of objects) taken.add(file)
    const spared = sparedRead(looking, needed.has(folder.name) || places === null)
    const secondsOf = (lying: ReadonlyArray<Lying>) => sizeOf(lying) / NETWORK_RATE
    const { files } = folder
    const shared = { isRead: true, spared }
    units.push(
      unitOf("priced", "sources", files, { ...shared, folder: asWhole(folder), seconds: secondsOf(files) }),
      ...objects.map((one) => unitOf("priced", "sources", [one], { ...shared, seconds: secondsOf([one]) }))
    )
  }
  return { units, taken }
}

const builds = ({ home, inUse, now }: Looking, sorted: Sorted): ReadonlyArray<Unit> => {
  const current = currentBuild(home)
  return [...sorted.builds.values()].map((build) => {
    const folder = asWhole(build)
    const isUsed = current === null || build.name === current || inUse.builds.has(build.folder)
    const isYoung = folder.modified > now - DAY_MILLIS
    return unitOf("rubbish", "older builds", build.files, { folder, spared: isUsed || isYoung ? "in use" : null })
  })
}

/** What nobody can find, or finish. */
const leftBehind = (looking: Looking, sorted: Sorted, beside: Beside, taken: ReadonlySet<string>) => {
  const nobodys = [...sorted.objects.values()].filter(({ file }) => !beside.named.has(file) && !taken.has(file))
  const unfinished = [...sorted.unfinished.values()].map((folder) =>
    unitOf("rubbish", "unfinished files", folder.files, {
      folder: asWhole(folder),
      spared: Unfinished.isAbandoned(folder.name) ? null : sparedYoung(looking, folder.files, DAY_MILLIS)
    })
  )
  const young = (group: string) => (lying: Lying) =>
    unitOf("rubbish", group, [lying], { spared: sparedYoung(looking, [lying], HOUR_MILLIS) })
  return [
    ...unfinished,
    ...nobodys.map(young("objects of no trace")),
    ...beside.unreadable.map(young("damaged traces")),
    // somebody may want to look at it
    ...sorted.quarantined.map((lying) =>
      unitOf("rubbish", "quarantine", [lying], { spared: sparedYoung(looking, [lying], DAY_MILLIS) })
    ),
    // those of killed runs; one that goes on is written to, or began as the command that carries it out did
    ...sorted.live.map((lying) =>
      unitOf("rubbish", "told by killed runs", [lying], { spared: sparedYoung(looking, [lying], DAY_MILLIS) })
    ),
    ...[...sorted.printed.values()]
      .filter(({ file }) => !beside.named.has(file))
      .map(young("printed by no trace's stage"))
  ]
}

/** What runs left word of. A page is made again by its record. */
const words = (looking: Looking, sorted: Sorted): ReadonlyArray<Unit> => {
  const spared = (run: string, lying: Lying) =>
    isFresh(looking, [lying]) ? "in use" : (looking.needed.runs.get(run) ?? null)
  return [
    ...sorted.pages.map(({ run, lying }) =>
      unitOf("priced", "reports", [lying], { seconds: REPORT_SECONDS, spared: spared(run, lying) })
    ),
    ...sorted.records.map(({ run, lying }) => unitOf("record", "records", [lying], { spared: spared(run, lying) }))
  ]
}

/** All of it. What the store says of itself counts, and stays. */
export const othersOf = (looking: Looking, sorted: Sorted, beside: Beside): ReadonlyArray<Unit> => {
  const laid = sources(looking, sorted, beside)
  return [
    ...leftBehind(looking, sorted, beside, laid.taken),
    ...builds(looking, sorted),
    ...downloads(looking, sorted, beside),
    ...laid.units,
    ...words(looking, sorted),
    ...sorted.own.map((lying) => unitOf("record", "the store's own", [lying], { spared: "the store's own" }))
  ]
}
