import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { sweepCurves, type Trained } from "../../images/charts/sweep-curves.ts"
import { sequence } from "../../images/charts/theme.ts"
import type { Epoch } from "../../images/models/Epoch.ts"
import { Figures } from "../../images/services/Figures.ts"

const network = (name: string, accuracies: ReadonlyArray<number>): Trained => ({
  name,
  epochs: accuracies.map(
    (validationAccuracy, index): Epoch => ({
      epoch: index + 1,
      loss: 1 / (index + 1),
      accuracy: 1 - 0.5 / (index + 1),
      validationLoss: 1.2 / (index + 1) + 0.3,
      validationAccuracy
    })
  )
})

const draw = (networks: ReadonlyArray<Trained>) =>
  Effect.gen(function* () {
    const figures = yield* Figures
    const files = yield* figures.render(sweepCurves(networks, "Sweep"))
    const svg = new TextDecoder().decode(files["figure.svg"])
    const lines = Array.from(
      svg.matchAll(
        /<path aria-label="epoch: [^"]*" role="graphics-symbol" aria-roledescription="line mark" d="([^"]*)" stroke="([^"]*)"[^>]*>/g
      )
    )
    const points = Array.from(
      svg.matchAll(/<path aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="point"/g)
    )
    return {
      svg,
      lines,
      points,
      texts: Array.from(svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g), ([, text]) => text ?? "")
    }
  })

describe("sequence", () => {
  it("ten colours differ from each other and from white", () => {
    const colours = sequence(10)
    assert.strictEqual(new Set(colours).size, 10)
    const channels = colours.map((colour) => [...Buffer.from(colour.slice(1), "hex")])
    for (const [index, colour] of channels.entries()) {
      for (const other of [...channels.slice(index + 1), [255, 255, 255]]) {
        assert.isAbove(Math.hypot(...colour.map((value, channel) => value - (other[channel] ?? 0))), 40)
      }
    }
    assert.strictEqual(sequence(1).length, 1)
  })
})

layer(Figures.live)("curves of a sweep", (it) => {
  it.effect(
    "ten networks are twenty lines a panel, each pair of one colour, with its best point and its line in the legend",
    () =>
      Effect.gen(function* () {
        const networks = Array.from({ length: 10 }, (_, index) =>
          network(`conv ${2 ** index}`, [0.3, 0.5 + index / 50, 0.4, 0.45])
        )
        const { lines, points, texts } = yield* draw(networks)
        assert.strictEqual(lines.length, 2 * 2 * 10)
        assert.strictEqual(new Set(lines.map(([, , colour]) => colour)).size, 10)
        assert.strictEqual(lines.filter(([line]) => line.includes('stroke-dasharray="4,3"')).length, 2 * 10)
        assert.strictEqual(points.length, 2 * 10)
        for (const [, label = ""] of points) assert.include(label, "epoch: 2")
        assert.includeMembers(texts, [
          "conv 1: 50.0 % at epoch 2",
          "conv 512: 68.0 % at epoch 2",
          "training",
          "validation"
        ])
      })
  )

  it.effect("networks with different numbers of epochs, one epoch, or no number are drawn as far as they go", () =>
    Effect.gen(function* () {
      const { texts, points } = yield* draw([
        network("long", [0.1, 0.2, 0.3]),
        network("short", [0.25]),
        network("lost", [Number.NaN, Number.NaN])
      ])
      assert.includeMembers(texts, [
        "long: 30.0 % at epoch 3",
        "short: 25.0 % at epoch 1",
        "lost: no validation accuracy"
      ])
      assert.strictEqual(points.length, 4)
      yield* draw([network("alone", [0.5])])
      yield* draw([])
    })
  )
})
