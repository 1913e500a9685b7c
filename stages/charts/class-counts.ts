import type { Json, VegaLiteSpec } from "../../services/Figures.ts"
import { colors, config, schema } from "./theme.ts"

/** Images of a class in each split. */
export interface ClassCount {
  readonly class: string
  readonly train: number
  readonly test: number
}

/** Beyond this many classes, neither a name nor a number fits beside a bar. */
const mostNamed = 60
const most = 900

/** Images by class as bars, training above test, each with its number. */
export const classCounts = (classes: ReadonlyArray<ClassCount>, title: string): VegaLiteSpec => {
  const isNamed = classes.length <= mostNamed
  const step = isNamed ? Math.max(14, Math.min(40, most / classes.length)) : most / classes.length
  const names = classes.map((one) => one.class)
  const values = classes.flatMap(({ class: name, train, test }) => [
    { class: name, rows: "training", images: train },
    { class: name, rows: "test", images: test }
  ])
  const [train, test] = [classes.map((one) => one.train), classes.map((one) => one.test)].map((counts) =>
    counts.reduce((sum, count) => sum + count, 0)
  )
  const y = {
    field: "class",
    type: "nominal",
    sort: null,
    scale: { domain: names, paddingInner: isNamed ? 0.3 : 0, paddingOuter: 0.1 },
    axis: { title: null, labels: isNamed, labelLimit: 200, labelOverlap: false, domain: false, ticks: false }
  }
  const yOffset = { field: "rows", type: "nominal", sort: null, scale: { domain: ["training", "test"] } }
  const x = {
    field: "images",
    type: "quantitative",
    axis: { title: "images", format: ",d", tickCount: 6, tickMinStep: 1, domain: false, ticks: false }
  }
  const numbers: ReadonlyArray<Json> = isNamed
    ? [
        {
          mark: {
            type: "text",
            align: "left",
            baseline: "middle",
            dx: 5,
            fontSize: Math.min(11, step * 0.34 + 2),
            color: colors.text
          },
          encoding: { x, y, yOffset, text: { field: "images", type: "quantitative", format: ",d" } }
        }
      ]
    : []
  const count = (images = 0) => images.toLocaleString("en-US")
  return {
    $schema: schema,
    title: {
      text: title,
      subtitle: `${count(train)} training and ${count(test)} test images of ${count(classes.length)} classes`
    },
    width: 460,
    height: Math.round(step * classes.length) + 10,
    data: { values },
    layer: [
      {
        mark: { type: "bar", cornerRadiusEnd: isNamed ? 2 : 0 },
        encoding: {
          x,
          y,
          yOffset,
          color: {
            field: "rows",
            type: "nominal",
            scale: { domain: ["training", "test"], range: [colors.training, colors.validation] },
            legend: { title: null, orient: "top", symbolType: "square", columnPadding: 20 }
          }
        }
      },
      ...numbers
    ],
    config
  }
}
