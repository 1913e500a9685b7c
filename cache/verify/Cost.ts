import type { Maker } from "./Finding.ts"
import type { Naming, Told } from "./Told.ts"

/**
 * How long so many of a node's objects took. A table is made chunk by chunk, and of its chunks the node may have made a few; of anything
 * else all is made at once.
 */
const shareOf = ({ chunks, seconds }: NonNullable<Told["node"]>, count: number, total: number): number => {
  if (chunks === null) return seconds
  const made = chunks.ran > 0 ? chunks.ran : total
  return Math.min(seconds, (seconds / Math.max(1, made)) * count)
}

/** Whoever makes an object again: every node that has it among its results. A chunk that no node's trace names is whoever's next needs it. */
export const makersOf = (namings: ReadonlyArray<Naming>): ReadonlyArray<Maker> => {
  const counts = new Map<Told, number>()
  for (const { told } of namings) counts.set(told, (counts.get(told) ?? 0) + 1)
  return [...counts].flatMap(([told, count]) => {
    const { node, stage, key, named } = told
    if (node === null) return []
    const { pipeline, node: name, seconds } = node
    return [{ pipeline, node: name, stage, key, seconds, share: shareOf(node, count, named.length) }]
  })
}
