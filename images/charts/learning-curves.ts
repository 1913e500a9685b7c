/**
 * The learning curves of one training, and what curves of several have in common with them.
 *
 * @module
 */
import { bestOf, type Epoch, type Measure } from "../models/Epoch.ts"
import type { Json, VegaLiteSpec } from "../services/Figures.ts"
import { colors, config, schema } from "./theme.ts"

const width = 340
const height = 240
/** A value that is not finite leaves a gap. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** Whole epochs to label, at most about a dozen: the first one, then multiples of a round step. */
const ticks = (first: number, last: number): ReadonlyArray<number> => {
  const epochs = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  if (epochs.length <= 12) return epochs
  const step = [2, 5, 10, 20, 25, 50, 100, 200, 500].find((size) => epochs.length / size <= 11) ?? epochs.length
  return epochs.filter((epoch) => epoch % step === 0 || (epoch === first && step > 1 && first % step !== step - 1))
}

/** The extent of some epochs, and the horizontal axis that they are drawn along. */
export const epochAxis = (epochs: ReadonlyArray<number>) => {
  const first = Math.min(...epochs, Infinity)
  const last = Math.max(...epochs, -Infinity)
  // one epoch has no extent: it stands in the middle
  const domain: readonly [number, number] =
    epochs.length === 0 ? [0, 1] : first === last ? [first - 1, last + 1] : [first, last]
  const x: Json = {
    field: "epoch",
    type: "quantitative",
    scale: { domain, nice: false, zero: false, padding: 8 },
    axis: {
      title: "epoch",
      values: epochs.length === 0 ? [] : ticks(first, last),
      format: "d",
      grid: false,
      labelFlush: false,
      labelOverlap: false
    }
  }
  return { domain, x }
}

interface Panel {
  readonly title: string
  readonly field: "accuracy" | "loss"
  readonly labelExpr: string
  readonly mark: { readonly value: number; readonly label: string } | null
}

/** The rule below the lines, then the point and the label above them. */
const best = (epoch: number, { value, label }: NonNullable<Panel["mark"]>, [low, high]: readonly [number, number]) => {
  const data = { values: [{ epoch, value, label }] }
  // the label keeps inside the panel: near an edge it grows away from it
  const position = (epoch - low) / (high - low)
  const align = position < 0.3 ? "left" : position > 0.7 ? "right" : "center"
  const point = { type: "point", size: 70, fill: colors.paper, stroke: colors.validation, strokeWidth: 2.5, opacity: 1 }
  const rule: Json = { data, mark: { type: "rule", color: colors.muted, strokeDash: [3, 3] } }
  const marks: ReadonlyArray<Json> = [
    { data, mark: point, encoding: { y: { field: "value", type: "quantitative" } } },
    {
      data,
      mark: { type: "text", align, baseline: "bottom", dy: -5, fontSize: 11, color: colors.ink },
      encoding: { y: { value: 0 }, text: { field: "label" } }
    }
  ]
  return { rule: [rule], marks }
}

/** Accuracy and loss by epoch side by side, over training and validation rows, the best epoch marked in both. */
export const learningCurves = (
  rows: ReadonlyArray<Epoch>,
  title: string,
  chosenBy: Measure = "accuracy"
): VegaLiteSpec => {
  const { domain, x } = epochAxis(rows.map(({ epoch }) => epoch))
  const chosen = bestOf(rows, chosenBy)
  const panel = ({ title, field, labelExpr, mark }: Panel): Json => {
    const { rule, marks } =
      chosen === undefined || mark === null ? { rule: [], marks: [] } : best(chosen.epoch, mark, domain)
    return {
      title: { text: title, fontSize: 12, offset: 10 },
      width,
      height,
      encoding: {
        x
      },
      layer: [
        ...rule,
        {
          mark: {
            type: "line",
            strokeWidth: 2.25,
            strokeCap: "round",
            strokeJoin: "round",
            point: rows.length <= 30 ? { size: 26 } : false
          },
          encoding: {
            y: {
              field,
              type: "quantitative",
              scale: { zero: false, nice: true },
              axis: { title: null, labelExpr, tickCount: 6, domain: false, ticks: false }
            },
            color: {
              field: "rows",
              type: "nominal",
              scale: { domain: ["training", "validation"], range: [colors.training, colors.validation] },
              legend: {
                title: null,
                orient: "bottom",
                symbolType: "stroke",
                symbolStrokeWidth: 3,
                symbolSize: 250,
                columnPadding: 20
              }
            }
          }
        },
        ...marks
      ]
    }
  }
  const percent = chosen === undefined ? "" : `${(chosen.validationAccuracy * 100).toFixed(1)} %`
  return {
    $schema: schema,
    title: { text: title },
    data: {
      values: rows.flatMap((row) => [
        { epoch: row.epoch, rows: "training", accuracy: finite(row.accuracy), loss: finite(row.loss) },
        {
          epoch: row.epoch,
          rows: "validation",
          accuracy: finite(row.validationAccuracy),
          loss: finite(row.validationLoss)
        }
      ])
    },
    spacing: 44,
    resolve: { scale: { color: "shared" } },
    hconcat: [
      panel({
        title: "Accuracy",
        field: "accuracy",
        labelExpr: "format(datum.value * 100, '~g') + ' %'",
        mark:
          chosen === undefined
            ? null
            : { value: chosen.validationAccuracy, label: `best: epoch ${chosen.epoch}, ${percent}` }
      }),
      panel({
        title: "Loss",
        field: "loss",
        labelExpr: "format(datum.value, '~g')",
        mark:
          chosen === undefined || !Number.isFinite(chosen.validationLoss)
            ? null
            : { value: chosen.validationLoss, label: `epoch ${chosen.epoch}, ${chosen.validationLoss.toPrecision(3)}` }
      })
    ],
    config
  }
}
