import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { layout } from "../../../cli/report/dag-layout.ts"

/** A graph of up to 12 nodes in topological order, each taking some of those before it. */
const graphs = fc
  .array(fc.array(fc.nat({ max: 11 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((inputs) => ({
    names: inputs.map((_, at) => `n${at}`),
    edges: inputs.flatMap((from, to) =>
      [...new Set(from)].filter((each) => each < to).map((each) => ({ from: `n${each}`, to: `n${to}` }))
    )
  }))

describe("the layout of a graph", () => {
  it("puts every node right of all that it takes, and no two of a layer closer than a row", () => {
    fc.assert(
      fc.property(graphs, ({ names, edges }) => {
        const { nodes, layers, rows } = layout(names, edges)
        expect([...nodes.keys()]).toEqual(names)
        for (const { from, to } of edges) expect(nodes.get(from)?.layer ?? 0).toBeLessThan(nodes.get(to)?.layer ?? 0)
        const placed = [...nodes.values()]
        for (const [at, one] of placed.entries()) {
          expect(one.layer).toBeLessThan(layers)
          expect(one.row).toBeGreaterThanOrEqual(0.5 - 1e-6)
          expect(one.row).toBeLessThanOrEqual(rows - 0.5 + 1e-6)
          for (const other of placed.slice(at + 1))
            if (one.layer === other.layer) expect(Math.abs(one.row - other.row)).toBeGreaterThanOrEqual(1 - 1e-6)
        }
      })
    )
  })

  it("leads an edge over several layers around the nodes between", () => {
    fc.assert(
      fc.property(graphs, ({ names, edges }) => {
        const { nodes, bends } = layout(names, edges)
        for (const [{ from, to }, way] of bends) {
          const [first = 0, last = 0] = [nodes.get(from)?.layer, nodes.get(to)?.layer]
          expect(way.map(({ layer }) => layer)).toEqual(
            Array.from({ length: last - first - 1 }, (_, index) => first + 1 + index)
          )
          for (const bend of way)
            for (const node of nodes.values())
              if (node.layer === bend.layer) expect(Math.abs(node.row - bend.row)).toBeGreaterThanOrEqual(0.7 - 1e-6)
        }
      })
    )
  })

  it("draws a chain as a straight line, and a source right before what uses it", () => {
    const { nodes } = layout(
      ["images", "ingest", "weights", "extract"],
      [
        { from: "images", to: "ingest" },
        { from: "ingest", to: "extract" },
        { from: "weights", to: "extract" }
      ]
    )
    expect(nodes.get("images")?.row).toBe(nodes.get("ingest")?.row)
    expect([...nodes].map(([name, { layer }]) => [name, layer])).toEqual([
      ["images", 0],
      ["ingest", 1],
      ["weights", 1],
      ["extract", 2]
    ])
  })

  it("puts what feeds several nodes right before them, so that one edge is long and not several", () => {
    const trainings = [1, 2, 3].map((at) => ({ train: `train[${at}]`, evaluate: `evaluate[${at}]` }))
    const { nodes, bends } = layout(
      ["ingest", "training", "test", ...trainings.flatMap(({ train, evaluate }) => [train, evaluate])],
      [
        { from: "ingest", to: "training" },
        { from: "ingest", to: "test" },
        ...trainings.flatMap(({ train, evaluate }) => [
          { from: "training", to: train },
          { from: train, to: evaluate },
          { from: "test", to: evaluate }
        ])
      ]
    )
    expect(nodes.get("test")?.layer).toBe(2)
    const long = [...bends].filter(([, way]) => way.length > 0).map(([edge]) => edge)
    expect(long).toEqual([{ from: "ingest", to: "test" }])
  })

  it("leaves out edges whose ends are not drawn, and takes no nodes at all", () => {
    expect(layout(["a"], [{ from: "gone", to: "a" }]).nodes.get("a")).toEqual({ layer: 0, row: 0.5 })
    expect(layout([], [])).toMatchObject({ layers: 0, rows: 0 })
  })
})
