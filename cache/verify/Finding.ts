import type { Effect } from "effect"
import type { Key } from "../Key.ts"
import type * as Pins from "../Pins.ts"

// What is wrong with a store, as whoever verifies it tells of it.

/** What a fault adds to the exit code of a command that finds it. */
export const BITS = {
  /** The bytes are not what was written. */
  corrupt: 1,
  /** A result that is asked for is not there. */
  missing: 2,
  /** The system does not let it be read, or it is whole and says what this version does not understand. */
  unreadable: 4
} as const
export type Fault = keyof typeof BITS

/** A node that computes again what is damaged, and for how long. */
export interface Maker {
  readonly pipeline: string
  readonly node: string
  readonly stage: string
  readonly key: Key
  /** The node took so long, as its trace says; null where nothing tells. */
  readonly seconds: number | null
  /** Of that, what is damaged took about so long: a chunk of a table its part. */
  readonly share: number | null
}

export interface Finding {
  readonly fault: Fault
  readonly what:
    | "object"
    | "trace"
    | "trace of a chunk"
    | "record"
    | "printed text"
    | "pin"
    | "acceptance"
    | "upload note"
    | "lease"
    | "note of a run"
    | "marks of a run"
    | "mark of a command"
    | "memory of removals"
    | "remembered digests"
  /** An object's digest, the stage and key of a trace, the id of a run, what a note is called by. */
  readonly name: string
  readonly file: string
  readonly bytes: number
  /** A clause that follows the name: "its bytes have sha256 …". */
  readonly found: string
  /** The digest of the file as it was found; null where it can't be hashed, or is not there. */
  readonly seen: string | null
  /** Whether the system does not let whoever looks read it: then it may be whole, and stays where it is. */
  readonly isForbidden?: boolean
  /** Whoever makes it, as far as that is known. */
  readonly makers: ReadonlyArray<Maker>
  /** Of a note, which nobody computes: what is lost with it, as a clause. */
  readonly loss?: string
  /** What a damaged pin is written anew with. */
  readonly pin?: { readonly subject: Pins.Subject; readonly content: Pins.Content }
}

/** All that was found as the bits of an exit code; 0 where that is nothing. */
export const exitCode = (faults: ReadonlyArray<Pick<Finding, "fault">>): number =>
  faults.reduce((bits, { fault }) => bits | BITS[fault], 0)

/** What computing something again costs: each node once, for what of it is damaged, and never longer than it took. */
export const nodesOf = (findings: ReadonlyArray<Pick<Finding, "makers">>): ReadonlyArray<Maker> => {
  const nodes = new Map<Key, Maker>()
  for (const maker of findings.flatMap(({ makers }) => makers)) {
    const share = (nodes.get(maker.key)?.share ?? 0) + (maker.share ?? 0)
    const known = maker.seconds === null ? null : Math.min(share, maker.seconds)
    nodes.set(maker.key, { ...maker, share: known })
  }
  return [...nodes.values()]
}

export const secondsOf = (nodes: ReadonlyArray<Maker>): number =>
  nodes.reduce((seconds, { share }) => seconds + (share ?? 0), 0)

/** Hears of what is wrong, as it is found. */
export type Find = (finding: Finding) => Effect.Effect<void>
