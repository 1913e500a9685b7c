import type { Json, VegaLiteSpec } from "../services/Figures.ts"
import { colors, config, ramp, schema } from "./theme.ts"

/** Beyond this many classes a number no longer fits into a cell. */
const mostAnnotated = 25
/** Beyond this many, neither a name nor a recall fits beside a row: the picture shows where confusions lie. */
const mostNamed = 120
const mostPixels = 1200

const cellPixels = (classes: number): number => {
  if (classes > mostNamed) return mostPixels / classes
  const [area, least, most] = classes <= mostAnnotated ? [460, 30, 90] : [640, 8, 16]
  return Math.round(Math.min(most, Math.max(least, area / classes)))
}

const percent = (share: number, digits: number) => `${(share * 100).toFixed(digits)} %`

/**
 * The confusion matrix as a heat map: `counts[i][j]` images of class i taken for class j, annotated up to 25 classes and
 * named up to 120. At most about 1,200 pixels wide; beyond 120 classes only cells that are not zero are drawn.
 * Colour is the share of the row, on a square-root scale that shows rare confusions; each row ends in its recall.
 */
export const confusionHeatmap = (
  classes: ReadonlyArray<string>,
  counts: ReadonlyArray<ReadonlyArray<number>>,
  title: string
): VegaLiteSpec => {
  const cell = cellPixels(classes.length)
  const side = Math.round(cell * classes.length)
  const isNamed = classes.length <= mostNamed
  const small = Math.min(11, cell)
  const totals = classes.map((_, row) => (counts[row] ?? []).reduce((sum, count) => sum + count, 0))
  const cells = classes.flatMap((actual, row) =>
    classes.flatMap((predicted, column) => {
      const count = counts[row]?.[column] ?? 0
      if (count === 0 && !isNamed) return []
      return [{ actual, predicted, count, share: count === 0 ? 0 : count / (totals[row] ?? 1) }]
    })
  )
  const images = totals.reduce((sum, total) => sum + total, 0)
  const correct = classes.reduce((sum, _, index) => sum + (counts[index]?.[index] ?? 0), 0)
  const recalls = classes.map((actual, row) => {
    const total = totals[row] ?? 0
    return { actual, recall: total === 0 ? "–" : percent((counts[row]?.[row] ?? 0) / total, 0) }
  })

  const longest = Math.max(...classes.map((name) => name.length))
  const widest = cells.reduce((most, { count }) => Math.max(most, String(count).length), 1)
  // a digit of DejaVu Sans is 0.64 em wide
  const annotation = Math.min(12, (cell - 4) / (0.64 * widest))
  const annotated = classes.length <= mostAnnotated && annotation >= 6

  const axis = {
    domain: false,
    ticks: false,
    labels: isNamed,
    labelFontSize: small,
    labelLimit: 200,
    labelOverlap: false,
    titleFontSize: 12
  }
  const padding = classes.length <= mostAnnotated ? 0.04 : 0
  const band = { domain: classes, paddingInner: padding, paddingOuter: 0 }
  const x = {
    field: "predicted",
    type: "nominal",
    scale: band,
    axis: { ...axis, title: "predicted class", labelAngle: longest * 7 < cell ? 0 : cell >= 28 ? -40 : -90 }
  }
  const y = { field: "actual", type: "nominal", scale: band, axis: { ...axis, title: "true class" } }

  const annotations: ReadonlyArray<Json> = annotated
    ? [
        {
          transform: [{ filter: "datum.count > 0" }],
          mark: { type: "text", fontSize: annotation, baseline: "middle" },
          encoding: {
            x,
            y,
            text: { field: "count", format: "d" },
            // on the cell of a share of 0.53 white and black have one contrast, 4.6; a softer black would stay below 4.5
            color: { condition: { test: "datum.share > 0.53", value: colors.paper }, value: "#000000" }
          }
        }
      ]
    : []
  const margin: ReadonlyArray<Json> = !isNamed
    ? []
    : [
        {
          data: { values: recalls },
          mark: { type: "text", align: "right", baseline: "middle", dx: 42, fontSize: small, color: colors.text },
          encoding: { x: { value: side }, y, text: { field: "recall" } }
        },
        {
          data: { values: [{ text: "recall" }] },
          mark: { type: "text", align: "right", baseline: "bottom", dx: 42, dy: -6, fontSize: 11, color: colors.muted },
          encoding: { x: { value: side }, y: { value: 0 }, text: { field: "text" } }
        }
      ]

  return {
    $schema: schema,
    title: {
      text: title,
      subtitle:
        images === 0
          ? "no images"
          : `${images.toLocaleString("en-US")} images, ${percent(correct / images, 1)} correct`,
      offset: 18
    },
    width: side,
    height: side,
    data: { values: cells },
    ...(isNamed ? {} : { view: { fill: ramp.range[0] } }),
    layer: [
      {
        mark: { type: "rect", cornerRadius: padding === 0 ? 0 : 2, aria: isNamed },
        encoding: {
          x,
          y,
          color: {
            field: "share",
            type: "quantitative",
            scale: { type: "sqrt", ...ramp, interpolate: "rgb" },
            legend: {
              title: ["share of the", "true class"],
              orient: "right",
              offset: isNamed ? 66 : 18,
              values: [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1],
              labelExpr: "format(datum.value * 100, '~g') + ' %'",
              gradientLength: Math.min(side, 220)
            }
          }
        }
      },
      ...annotations,
      ...margin
    ],
    config
  }
}
