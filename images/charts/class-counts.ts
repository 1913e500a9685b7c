/**
 * The bars of how many images each class has.
 *
 * @module
 */
import type { Json, VegaLiteSpec } from "../services/Figures.ts"
import { type SplitName, splitNames } from "../services/SplitNames.ts"
import { colors, config, schema } from "./theme.ts"

/** Images of a class in each split. */
export interface ClassCount {
  readonly class: string
  readonly train: number
  readonly validation: number
  readonly test: number
}

const rows: Readonly<Record<SplitName, { readonly name: string; readonly color: string }>> = {
  train: { name: "training", color: colors.training },
  validation: { name: "validation", color: colors.third },
  test: { name: "test", color: colors.validation }
}

/** Beyond this many classes, neither a name nor a number fits beside a bar. */
const mostNamed = 60
const most = 900

/** Images by class as bars, training above test, each with its number. */
export const classCounts = (classes: ReadonlyArray<ClassCount>, title: string): VegaLiteSpec => {
  const isNamed = classes.length <= mostNamed
  const step = isNamed ? Math.max(14, Math.min(40, most / classes.length)) : most / classes.length
  const names = classes.map((one) => one.class)
  const total = (name: SplitName) => classes.reduce((sum, one) => sum + one[name], 0)
  // most datasets have no images to validate on: then there is no row for them
  const shown = splitNames.filter((name) => name !== "validation" || total(name) > 0)
  const values = classes.flatMap((one) =>
    shown.map((name) => ({ class: one.class, rows: rows[name].name, images: one[name] }))
  )
  const domain = shown.map((name) => rows[name].name)
  const y = {
    field: "class",
    type: "nominal",
    sort: null,
    scale: { domain: names, paddingInner: isNamed ? 0.3 : 0, paddingOuter: 0.1 },
    axis: { title: null, labels: isNamed, labelLimit: 200, labelOverlap: false, domain: false, ticks: false }
  }
  const yOffset = { field: "rows", type: "nominal", sort: null, scale: { domain } }
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
  const count = (images: number) => images.toLocaleString("en-US")
  const counted = shown.map((name) => `${count(total(name))} ${rows[name].name}`)
  const list = `${counted.slice(0, -1).join(", ")} and ${counted.at(-1)}`
  return {
    $schema: schema,
    title: {
      text: title,
      subtitle: `${list} images of ${count(classes.length)} classes`
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
            scale: { domain, range: shown.map((name) => rows[name].color) },
            legend: { title: null, orient: "top", symbolType: "square", columnPadding: 20 }
          }
        }
      },
      ...numbers
    ],
    config
  }
}
