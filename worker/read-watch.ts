import { Effect } from "effect"
import { type Asked, type Chance, type Declared, UndeclaredRead, type Watch } from "../engine/ReadWatch.ts"
import { isPlatform, mayTellTime, mentioning } from "./program-files.ts"

/** Something that is read of what lies outside. */
export type Read = Pick<UndeclaredRead, "kind" | "name" | "by">

interface Node {
  readonly declared: Declared
  /** Files and folders that it made itself. */
  readonly made: Set<string>
  refused: UndeclaredRead | null
  /** What it asked for of clock and chance, the first of each kind. */
  readonly asked: Map<Chance, Asked>
  /** What its code was looked through for. */
  readonly lookedFor: Set<Chance>
  /** How often it was looked who asks. */
  looks: number
}

/** By these names the bundle has what Effect has of it, whether all of Effect is imported or that alone. */
const OF_EFFECT: Readonly<Record<Chance, RegExp>> = {
  clock: /\b(?:Clock|DateTime)_exports\b|\bcurrentTime(?:Millis|Nanos)\d*\b/,
  chance: /\bRandom_exports\b/
}

/** Who asks is looked up so often a node, which takes a tenth of a second: a library that asks at every turn is not to be slow. */
const MOST_LOOKS = 5_000

/** The node that is computed: a worker computes one at a time. */
let node: Node | null = null
/** Before the first node: whatever is read then, the files of the program read when they were loaded. */
let isLoading = true
const whileLoading: Array<Read> = []

/** What may be read now; null while no node is computed. */
export const allowed = (): Pick<Node, "declared" | "made"> | null => node

const refuse = (to: Node, { kind, name, by }: Read): UndeclaredRead => {
  const { stages } = to.declared
  const stage = stages.find((own) => by === `stages/${own}.ts`) ?? stages[0]
  const failure = new UndeclaredRead({ kind, name, by, stage })
  to.refused ??= failure
  return failure
}

/** A read that is not allowed: the failure that it is to end with, null where no node is computed. */
export const hear = (read: Read): UndeclaredRead | null => {
  if (isPlatform(read.by)) return null
  if (node !== null) return refuse(node, read)
  if (isLoading) whileLoading.push(read)
  return null
}

/** The clock or chance was asked for; `find` gives the file whose code did, and is looked for only where that would be news. */
export const hearChance = (kind: Chance, find: () => string | null): void => {
  if (node === null || node.asked.has(kind) || node.looks >= MOST_LOOKS) return
  node.looks += 1
  const by = find()
  if (by !== null && mayTellTime(by)) node.asked.set(kind, { kind, by })
}

/** Watches the reads of this process. */
export const watch: Watch = {
  begin: (declared) =>
    Effect.suspend(() => {
      isLoading = false
      const began: Node = { declared, made: new Set(), refused: null, asked: new Map(), lookedFor: new Set(), looks: 0 }
      const read = whileLoading.find(
        ({ kind, name, by }) => declared.code.has(by) && !(kind === "variable" && declared.variables.has(name))
      )
      if (read !== undefined) return refuse(began, read)
      node = began
      return Effect.void
    }),
  check: Effect.suspend(() => node?.refused ?? Effect.void),
  asks: (kind) =>
    Effect.sync(() => {
      if (node === null || node.asked.has(kind) || node.lookedFor.has(kind)) return
      node.lookedFor.add(kind)
      // no stack says whose effect it is: it is the stage's if its code has such a one, and otherwise that of a service
      const own = [...node.declared.code].filter(mayTellTime)
      const by = mentioning(new Set(own), OF_EFFECT[kind])
      if (by !== null) node.asked.set(kind, { kind, by })
    }),
  asked: Effect.sync(() => [...(node?.asked.values() ?? [])]),
  end: Effect.sync(() => {
    node = null
  })
}
