import type { Stored } from "../../artifacts/Artifact.ts"
import * as Digest from "../../artifacts/Digest.ts"
import type { Lying } from "../../cache/Contents.ts"
import { contentsIn, type KeyText } from "../../cache/Key.ts"
import { type ChunkTrace, iteratingOf, type Trace } from "../../cache/Trace.ts"
import * as Checkpoints from "../Checkpoints.ts"
import type { Sorted } from "./lying.ts"
import type { Spared, Unit } from "./Policy.ts"
import { isFresh, type Looking, unitOf } from "./unit-of.ts"

// What traces tell, as units: the objects of each result, what they cost to lose, and the traces themselves.

/** An output of less stays as long as it can: what it tells is worth more than its room. */
const SMALL_BYTES = 64_000
/** Bytes that a stage computes in a second, where nothing is known of it. */
const UNKNOWN_RATE = 1e6
/** How likely it is that a training which is finished is asked to go on, so that its state saves what it took: one in twenty. */
const GOES_ON = 0.05

/** A trace, and its file. */
export interface Read<A> {
  readonly trace: A
  readonly lying: Lying
}

/** What traces tell of a store. */
export interface Results {
  readonly units: ReadonlyArray<Unit>
  /** Results that are gone, of which a trace tells what they took. */
  readonly missing: ReadonlyArray<Unit>
  /** The keys of which each file is. */
  readonly keysOf: ReadonlyMap<string, ReadonlyArray<string>>
  /** Files that a trace names, or tells more of. */
  readonly named: ReadonlySet<string>
  /** What comes from outside, and results that stay are made of. */
  readonly sources: ReadonlySet<string>
}

/** Seconds to make all of it: where chunks were found, fewer were spent. */
const secondsOf = ({ seconds, chunks }: Trace): number =>
  chunks === null || chunks.ran === 0 ? seconds : (seconds * (chunks.ran + chunks.reused)) / chunks.ran

const standingOf = (stage: string, text: KeyText): string => Digest.ofBytes(`${stage} ${Checkpoints.standing(text)}`)

/** Where the finished nodes of iterating stages stand: a state of the same place saves work only where the training goes on. */
const finished = (nodes: ReadonlyArray<Read<Trace>>): ReadonlySet<string> => {
  const iterating = new Set(nodes.map(({ trace }) => iteratingOf(trace.text.stage)))
  return new Set(
    nodes.flatMap(({ trace: { text } }) => (iterating.has(text.stage) ? [standingOf(text.stage, text)] : []))
  )
}

/** Bytes that each stage makes in a second. */
const ratesOf = (nodes: ReadonlyArray<Read<Trace>>): ReadonlyMap<string, number> => {
  const sums = new Map<string, { bytes: number; seconds: number }>()
  for (const { trace } of nodes) {
    const sum = sums.get(trace.text.stage) ?? { bytes: 0, seconds: 0 }
    for (const { bytes } of Object.values(trace.outputs)) sum.bytes += bytes
    sum.seconds += secondsOf(trace)
    sums.set(trace.text.stage, sum)
  }
  return new Map(
    [...sums].flatMap(([stage, { bytes, seconds }]) => (bytes > 0 && seconds > 0 ? [[stage, bytes / seconds]] : []))
  )
}

const isThere = (lying: Lying | undefined): lying is Lying => lying !== undefined

/** The outputs of one trace that are large, or small: their objects as far as they are there, and their contents. */
const partsOf = (outputs: ReadonlyArray<Stored>, { objects }: Sorted) => {
  const whole: Array<string> = []
  const lost: Array<string> = []
  const lying: Array<Lying> = []
  for (const { parts, content } of outputs) {
    const found = parts.map(({ object }) => objects.get(object))
    lying.push(...found.filter(isThere))
    if (found.every(isThere)) whole.push(content)
    else lost.push(content)
  }
  return { lying, whole, lost }
}

export const resultsOf = (
  looking: Looking,
  sorted: Sorted,
  nodes: ReadonlyArray<Read<Trace>>,
  chunks: ReadonlyArray<Read<ChunkTrace>>
): Results => {
  const { needed, inUse } = looking
  const units: Array<Unit> = []
  const missing: Array<Unit> = []
  const keysOf = new Map<string, Array<string>>()
  const named = new Set<string>()
  const sources = new Set<string>()
  const made = new Set(
    nodes.flatMap(({ trace }) => Object.values(trace.outputs).map(({ content }) => content as string))
  )
  const isFinished = finished(nodes)
  const rates = ratesOf(nodes)

  const belongs = (lying: ReadonlyArray<Lying>, key: string): void => {
    for (const { file } of lying) keysOf.set(file, [...(keysOf.get(file) ?? []), key])
  }
  /** Why what a key has stays. */
  const sparedBy = (key: string, lying: ReadonlyArray<Lying>): Spared | null => {
    const why = needed.keys.get(key)
    if (why === "pinned") return why
    if (inUse.keys.has(key) || isFresh(looking, lying)) return "in use"
    return why ?? (sorted.uploads.has(key) ? "not uploaded" : null)
  }

  const addNode = ({ trace, lying }: Read<Trace>): void => {
    const { key, text } = trace
    const iterating = iteratingOf(text.stage)
    const goesOn = iterating !== null && isFinished.has(standingOf(iterating, text)) ? GOES_ON : 1
    const inputs = contentsIn(text.inputs)
    if (sparedBy(key, []) !== null) for (const content of inputs) if (!made.has(content)) sources.add(content)
    const shared = {
      seconds: secondsOf(trace) * goesOn,
      uses: 1 + (needed.found.get(key) ?? 0),
      made: Date.parse(trace.finished) || lying.modified,
      key,
      // a state is made by the node's own steps, which cost what it says
      needs: iterating === null ? inputs : []
    }
    const outputs = Object.values(trace.outputs)
    const large = partsOf(
      outputs.filter(({ bytes }) => bytes >= SMALL_BYTES),
      sorted
    )
    const small = partsOf(
      outputs.filter(({ bytes }) => bytes < SMALL_BYTES),
      sorted
    )
    for (const [turn, parts] of Object.entries({ priced: large, small }) as ReadonlyArray<
      readonly ["priced" | "small", typeof large]
    >)
      if (parts.lying.length > 0)
        units.push(
          unitOf(turn, text.stage, parts.lying, {
            ...shared,
            makes: parts.whole,
            spared: sparedBy(key, parts.lying)
          })
        )
    const lost = [...large.lost, ...small.lost]
    if (lost.length > 0) missing.push(unitOf("priced", text.stage, [], { ...shared, makes: lost }))
    const objects = [...large.lying, ...small.lying]
    const printed = sorted.printed.get(key)
    const own = printed === undefined ? [lying] : [lying, printed]
    for (const { file } of [...objects, ...own]) named.add(file)
    belongs([...objects, ...own], key)
    units.push(
      unitOf("trace", "traces", own, {
        made: shared.made,
        spared: sparedBy(key, own) ?? (needed.told.has(key) ? "kept run" : null),
        after: objects.map(({ file }) => file)
      })
    )
  }

  const addChunk = ({ trace: { key, stage, part }, lying }: Read<ChunkTrace>): void => {
    const object = sorted.objects.get(part.object)
    belongs(object === undefined ? [lying] : [lying, object], key)
    units.push(
      unitOf("trace", "traces", [lying], {
        spared: sparedBy(key, [lying]),
        after: object === undefined ? [] : [object.file]
      })
    )
    // else it is part of a table that was finished, and goes with that
    if (object === undefined || named.has(object.file)) return
    named.add(object.file)
    const seconds = part.bytes / (rates.get(stage) ?? UNKNOWN_RATE)
    units.push(unitOf("priced", stage, [object], { seconds, key, spared: sparedBy(key, [object, lying]) }))
  }

  nodes.forEach(addNode)
  chunks.forEach(addChunk)
  return { units, missing, keysOf, named, sources }
}
