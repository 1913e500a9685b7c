/**
 * The stage that compares the networks of a sweep.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { Explained, Param, Stage } from "headrace"
import { BestNetwork } from "headrace-images/artifacts/BestNetwork"
import * as ClassNames from "headrace-images/artifacts/ClassNames"
import { SweepCurves } from "headrace-images/artifacts/Curves"
import { History } from "headrace-images/artifacts/History"
import { Images } from "headrace-images/artifacts/Images"
import { Metrics } from "headrace-images/artifacts/Metrics"
import { SweepTable } from "headrace-images/artifacts/SweepTable"
import { finite } from "headrace-images/charts/learning-curves"
import { sweepCurves, type Trained } from "headrace-images/charts/sweep-curves"
import { bestOf } from "headrace-images/models/Epoch"
import * as Network from "headrace-images/models/Network"
import { FigureFailed, Figures, fontVersion } from "headrace-images/services/Figures"
import { chosenBy, epochsOf } from "headrace-images/shared/epochs"

/** The lists that make up a sweep are of different lengths. */
export class SweepMismatch extends Explained.TaggedError<SweepMismatch>()(
  "SweepMismatch",
  {
    histories: Schema.Int,
    names: Schema.Int,
    metrics: Schema.Int
  },
  ({ histories, names, metrics }) => ({
    what: `The sweep has ${histories} histories, ${names} names and ${metrics} metrics`,
    expected: "one of each for every network, or no metrics",
    fix: "Correct the call of plot-sweep in the pipeline's build."
  })
) {}

const Named = Schema.Struct({
  name: Schema.NonEmptyString,
  /** Before the softmax over the classes; null where it is no network of images. */
  layers: Schema.NullOr(Network.Network)
})

/** How many numbers each network learns from images of this shape. */
const parametersOf = (layers: Network.Network | null, shape: ReadonlyArray<number>, classes: number) =>
  layers === null
    ? Effect.succeed(null)
    : Effect.map(Network.check(Network.withEnd(layers, classes), shape, classes), Network.parameters)

const rowOf = ({ name, epochs, chosenBy }: Trained, parameters: number | null, testAccuracy: number | null) => {
  const best = bestOf(epochs, chosenBy)
  const last = epochs.at(-1)
  const share = (value: number | undefined) => (value === undefined ? null : finite(value))
  return {
    name,
    parameters,
    bestEpoch: best?.epoch ?? null,
    validationAccuracy: share(best?.validationAccuracy),
    trainingAccuracy: share(best?.accuracy),
    lastValidationAccuracy: share(last?.validationAccuracy),
    lastTrainingAccuracy: share(last?.accuracy),
    testAccuracy
  }
}

type Row = ReturnType<typeof rowOf>

/**
 * Draws the learning curves of many networks in one figure, and tells how they compare and which is the best. Of the images
 * only the shape is looked at.
 */
export const plotSweep = Stage.make({
  name: "plot-sweep",
  inputs: { histories: Stage.many(History), metrics: Stage.many(Metrics), images: Images },
  params: {
    networks: Param.make(
      Schema.Array(Named),
      [],
      "Names and layers of the networks, in the order of their histories",
      (networks) => [...new Set([networks.at(0)?.name, networks.at(-1)?.name])].join(" to ")
    )
  },
  outputs: { curves: SweepCurves, best: BestNetwork, table: SweepTable },
  errors: Schema.Union(FigureFailed, SweepMismatch, Network.NetworkInvalid, ClassNames.ClassNamesMissing),
  facts: { font: fontVersion },
  run: ({ histories, metrics, images: { header } }, { networks }) =>
    Effect.gen(function* () {
      const figures = yield* Figures
      const isMeasured = metrics.length > 0
      if (histories.length !== networks.length || (isMeasured && metrics.length !== networks.length)) {
        return yield* new SweepMismatch({
          histories: histories.length,
          names: networks.length,
          metrics: metrics.length
        })
      }
      const classes = yield* ClassNames.fromMetadata(header.metadata)
      const trained = yield* Effect.forEach(histories, (history, at) =>
        Effect.map(
          epochsOf(history),
          (epochs): Trained => ({ name: networks[at]?.name ?? "", epochs, chosenBy: chosenBy(history) })
        )
      )
      const parameters = yield* Effect.forEach(networks, ({ layers }) =>
        parametersOf(layers, header.shapes.image ?? [], classes.length)
      )
      const rows = trained.map((each, at) => rowOf(each, parameters[at] ?? null, metrics[at]?.testAccuracy ?? null))
      const best = rows.reduce<Row | null>(
        (best, row) => ((row.validationAccuracy ?? -1) > (best?.validationAccuracy ?? -1) ? row : best),
        null
      )
      return {
        curves: yield* figures.render(sweepCurves(trained, "Learning curves by network")),
        best: {
          network: best?.name ?? null,
          validationAccuracy: best?.validationAccuracy ?? null,
          testAccuracy: best?.testAccuracy ?? null
        },
        table: { networks: rows }
      }
    })
})
