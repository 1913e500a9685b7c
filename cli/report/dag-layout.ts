/** Where the nodes of a graph are drawn, left to right: a layer a step, few crossings, edges around other nodes. */
export interface Placed {
  readonly layer: number
  /** The middle, in rows; not always whole. */
  readonly row: number
}
export interface Edge {
  readonly from: string
  readonly to: string
}
export interface Layout {
  readonly layers: number
  readonly rows: number
  readonly nodes: ReadonlyMap<string, Placed>
  /** The points that an edge passes on its way, one a layer between its ends. */
  readonly bends: ReadonlyMap<Edge, ReadonlyArray<Placed>>
}

/** A node, or the place where an edge crosses a layer. */
interface Slot {
  readonly layer: number
  readonly before: Array<Slot>
  readonly after: Array<Slot>
  row: number
  /** Rows it keeps from its neighbours: what only an edge crosses may be narrow. */
  readonly size: number
}

const SWEEPS = 8
const CROSSING = 0.4

/**
 * The longest way from a start. What gives to more nodes than it takes from stands right before the first of them: so the fewer
 * of its edges are the long ones, as by the network simplex of Gansner et al. (1993, "A technique for drawing directed graphs").
 */
const layersOf = (names: ReadonlyArray<string>, edges: ReadonlyArray<Edge>): ReadonlyMap<string, number> => {
  const layers = new Map<string, number>()
  const at = (name: string) => layers.get(name) ?? 0
  const nodes = names.map((name) => ({
    name,
    before: edges.filter(({ to }) => to === name).map(({ from }) => from),
    after: edges.filter(({ from }) => from === name).map(({ to }) => to)
  }))
  for (const { name, before } of nodes) layers.set(name, Math.max(-1, ...before.map(at)) + 1)
  for (const { name, before, after } of nodes.toReversed())
    if (after.length > before.length) layers.set(name, Math.min(...after.map(at)) - 1)
  return layers
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Gives the slots of a layer rows in their order, as near as their sizes allow to where they want to be. */
const settle = (slots: ReadonlyArray<Slot>, wanted: ReadonlyMap<Slot, number>): void => {
  const order = [...slots].sort((a, b) => (wanted.get(a) ?? a.row) - (wanted.get(b) ?? b.row))
  // blocks of slots that touch each other move as one, to the mean of what they want
  const blocks: Array<{ readonly slots: Array<Slot>; size: number; start: number }> = []
  for (const slot of order) {
    blocks.push({ slots: [slot], size: slot.size, start: (wanted.get(slot) ?? slot.row) - slot.size / 2 })
    for (;;) {
      const [above, below] = blocks.slice(-2)
      if (below === undefined || above === undefined || above.start + above.size <= below.start + 1e-9) break
      const offsets: Array<number> = []
      let offset = 0
      for (const each of [...above.slots, ...below.slots]) {
        offsets.push((wanted.get(each) ?? each.row) - offset - each.size / 2)
        offset += each.size
      }
      blocks.splice(-2, 2, { slots: [...above.slots, ...below.slots], size: offset, start: mean(offsets) })
    }
  }
  for (const block of blocks) {
    let top = block.start
    for (const slot of block.slots) {
      slot.row = top + slot.size / 2
      top += slot.size
    }
  }
}

/** `names` in topological order; edges between other names are left out. */
export const layout = (names: ReadonlyArray<string>, given: ReadonlyArray<Edge>): Layout => {
  const edges = given.filter(({ from, to }) => names.includes(from) && names.includes(to))
  const layerOf = layersOf(names, edges)
  const slots = new Map<string, Slot>()
  const layers: Array<Array<Slot>> = []
  const add = (layer: number, size: number): Slot => {
    const here = layers[layer] ?? []
    const slot = { layer, before: [], after: [], row: here.length, size }
    layers[layer] = [...here, slot]
    return slot
  }
  for (const name of names) slots.set(name, add(layerOf.get(name) ?? 0, 1))
  const crossed = new Map<Edge, ReadonlyArray<Slot>>()
  for (const edge of edges) {
    const [from, to] = [slots.get(edge.from), slots.get(edge.to)]
    if (from === undefined || to === undefined) continue
    const between = Array.from({ length: to.layer - from.layer - 1 }, (_, index) =>
      add(from.layer + 1 + index, CROSSING)
    )
    crossed.set(edge, between)
    const way = [from, ...between, to]
    for (const [index, slot] of way.entries()) {
      const next = way[index + 1]
      if (next === undefined) break
      slot.after.push(next)
      next.before.push(slot)
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forward = sweep % 2 === 0
    for (const layer of forward ? layers : [...layers].reverse()) {
      const wanted = new Map<Slot, number>()
      for (const slot of layer) {
        const near = forward ? slot.before : slot.after
        if (near.length > 0) wanted.set(slot, mean(near.map(({ row }) => row)))
      }
      settle(layer, wanted)
    }
  }
  const all = layers.flat()
  const top = Math.min(...all.map(({ row, size }) => row - size / 2), Infinity)
  const bottom = Math.max(...all.map(({ row, size }) => row + size / 2), -Infinity)
  const placed = ({ layer, row }: Slot): Placed => ({ layer, row: row - top })
  return {
    layers: layers.length,
    rows: all.length === 0 ? 0 : bottom - top,
    nodes: new Map([...slots].map(([name, slot]) => [name, placed(slot)])),
    bends: new Map([...crossed].map(([edge, way]) => [edge, way.map(placed)]))
  }
}
