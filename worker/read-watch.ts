import { Effect } from "effect"
import { type Declared, UndeclaredRead, type Watch } from "../engine/ReadWatch.ts"
import { isPlatform } from "./program-files.ts"

/** Something that is read of what lies outside. */
export type Read = Pick<UndeclaredRead, "kind" | "name" | "by">

interface Node {
  readonly declared: Declared
  /** Files and folders that it made itself. */
  readonly made: Set<string>
  refused: UndeclaredRead | null
}

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

/** Watches the reads of this process. */
export const watch: Watch = {
  begin: (declared) =>
    Effect.suspend(() => {
      isLoading = false
      const began: Node = { declared, made: new Set(), refused: null }
      const read = whileLoading.find(
        ({ kind, name, by }) => declared.code.has(by) && !(kind === "variable" && declared.variables.has(name))
      )
      if (read !== undefined) return refuse(began, read)
      node = began
      return Effect.void
    }),
  check: Effect.suspend(() => node?.refused ?? Effect.void),
  end: Effect.sync(() => {
    node = null
  })
}
