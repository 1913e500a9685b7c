/**
 * The learning curves of the networks of a sweep.
 *
 * @module
 */
import { bestOf, type Epoch, type Measure } from "../models/Epoch.ts"
import type { Json, VegaLiteSpec } from "../services/Figures.ts"
import { epochAxis, finite } from "./learning-curves.ts"
import { colors, config, schema, sequence } from "./theme.ts"

/** One network of a sweep: what the legend calls it, and how it trained. */
export interface Trained {
  readonly name: string
  readonly epochs: ReadonlyArray<Epoch>
  /** The highest validation accuracy where nothing is said. */
  readonly chosenBy?: Measure
}

const width = 430
const height = 340

/** The legend's line of a network: its name and its best validation point. */
const labelOf = ({ name, epochs, chosenBy }: Trained): string => {
  const best = bestOf(epochs, chosenBy)
  return best === undefined
    ? `${name}: no validation accuracy`
    : `${name}: ${(best.validationAccuracy * 100).toFixed(1)} % at epoch ${best.epoch}`
}

interface Panel {
  readonly title: string
  readonly field: "accuracy" | "loss"
  readonly labelExpr: string
}

/**
 * Accuracy and loss by epoch of every network in one figure: validation solid, training thin and dashed, the best
 * validation point of each marked in both. Colours go from light to dark in the order of the networks.
 */
export const sweepCurves = (networks: ReadonlyArray<Trained>, title: string): VegaLiteSpec => {
  const labels = networks.map(labelOf)
  const epochs = networks.flatMap((network) => network.epochs.map(({ epoch }) => epoch))
  const { x } = epochAxis(epochs)
  const values = networks.flatMap((network, index) =>
    network.epochs.flatMap((row) => [
      {
        network: labels[index] ?? "",
        epoch: row.epoch,
        rows: "training",
        accuracy: finite(row.accuracy),
        loss: finite(row.loss)
      },
      {
        network: labels[index] ?? "",
        epoch: row.epoch,
        rows: "validation",
        accuracy: finite(row.validationAccuracy),
        loss: finite(row.validationLoss)
      }
    ])
  )
  const best = networks.flatMap((network, index) => {
    const row = bestOf(network.epochs, network.chosenBy)
    return row === undefined
      ? []
      : [
          {
            network: labels[index] ?? "",
            epoch: row.epoch,
            accuracy: finite(row.validationAccuracy),
            loss: finite(row.validationLoss)
          }
        ]
  })
  const color: Json = {
    field: "network",
    type: "ordinal",
    sort: labels,
    scale: { domain: labels, range: sequence(labels.length) },
    legend: {
      title: "best validation accuracy",
      orient: "right",
      symbolType: "stroke",
      symbolStrokeWidth: 3,
      symbolSize: 250,
      rowPadding: 5,
      labelLimit: 400
    }
  }
  const dash = {
    domain: ["validation", "training"],
    range: [
      [1, 0],
      [4, 3]
    ]
  }
  const panel = ({ title, field, labelExpr }: Panel): Json => ({
    title: { text: title, fontSize: 12, offset: 10 },
    width,
    height,
    encoding: {
      x,
      y: {
        field,
        type: "quantitative",
        scale: { zero: false, nice: 7 },
        axis: { title: null, labelExpr, tickCount: 7, domain: false, ticks: false }
      },
      color
    },
    layer: [
      {
        mark: {
          type: "line",
          strokeCap: "round",
          strokeJoin: "round",
          point: new Set(epochs).size === 1 ? { size: 26 } : false
        },
        encoding: {
          strokeDash: {
            field: "rows",
            type: "nominal",
            scale: dash,
            legend: { title: "rows", orient: "right", symbolType: "stroke", symbolSize: 400, symbolStrokeWidth: 2 }
          },
          strokeWidth: { condition: { test: "datum.rows === 'validation'", value: 2.25 }, value: 1.1 },
          opacity: { condition: { test: "datum.rows === 'validation'", value: 1 }, value: 0.75 }
        }
      },
      {
        data: { values: best },
        mark: { type: "point", filled: true, size: 85, stroke: colors.paper, strokeWidth: 1.5, opacity: 1 }
      }
    ]
  })
  return {
    $schema: schema,
    title: { text: title, subtitle: "dots: the epoch of the best validation accuracy, which is kept" },
    data: { values },
    spacing: 40,
    resolve: { scale: { color: "shared", strokeDash: "shared" } },
    hconcat: [
      panel({ title: "Accuracy", field: "accuracy", labelExpr: "format(datum.value * 100, '~g') + ' %'" }),
      panel({ title: "Loss", field: "loss", labelExpr: "format(datum.value, '~g')" })
    ],
    config
  }
}
