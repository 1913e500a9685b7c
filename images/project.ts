import { Effect, Layer } from "effect"
import { Project, View } from "headrace"
import { Curves, SweepCurves } from "./artifacts/Curves.ts"
import { Fit } from "./artifacts/Fit.ts"
import { History } from "./artifacts/History.ts"
import { checks } from "./doctor.ts"
import { imageTable } from "./kinds/image-table.ts"
import { mistakes } from "./kinds/mistakes.ts"
import { model } from "./kinds/model.ts"
import { Datasets } from "./services/Datasets.ts"
import { Download } from "./services/Download.ts"
import { rasterize } from "./services/Figures.ts"

const datasets = Layer.unwrapEffect(
  Effect.map(Project.Place, ({ home, root, workingDirectory }) =>
    Datasets.layer({ home, projectRoot: root, workingDirectory, mirror: process.env.PIPELINE_MIRROR || null })
  )
).pipe(Layer.provide(Download.live))

/**
 * What the stages of this package need, for `headrace.config.ts`.
 *
 * @example
 * import { Project } from "headrace"
 * import { images } from "headrace-images"
 *
 * export default Project.make(images)
 */
export const images = {
  /** The services that stages need while they run, which only workers load. */
  layer: async () => (await import("./live.ts")).live,
  planning: datasets,
  checks,
  kinds: [imageTable, model],
  views: [View.curves(History, [Curves, SweepCurves]), View.fit(Fit), mistakes],
  /** Makes the bytes of a PNG of an SVG drawing, with `zoom` pixels for each of its own. */
  rasterize: (svg: string, zoom: number) => Effect.map(rasterize(svg, zoom), (drawn) => drawn.asPng())
}
