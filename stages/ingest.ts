import { Effect, Schema } from "effect"
import * as ClassNames from "../artifacts/ClassNames.ts"
import { Images } from "../artifacts/Images.ts"
import * as Param from "../engine/Param.ts"
import * as Stage from "../engine/Stage.ts"
import * as DatasetReader from "../services/DatasetReader.ts"
import { DatasetFiles } from "./dataset.ts"

/** Decodes a dataset into two tables of labelled images, one for training and one that is touched once, at the end. */
export const ingest = Stage.make({
  name: "ingest",
  inputs: { dataset: DatasetFiles },
  params: {
    imageSize: Param.make(
      Schema.NullOr(Schema.Int.pipe(Schema.between(8, 1024))).annotations({
        description: "null, or a whole number from 8 to 1024"
      }),
      null,
      "Side of the square that images are stretched to; null keeps their size, which must then be one"
    ),
    testFraction: Param.make(
      Schema.Number.pipe(Schema.between(0.01, 0.9)).annotations({ description: "a number from 0.01 to 0.9" }),
      0.2,
      "Share of a folder without train/ and test/ that is kept for testing"
    )
  },
  outputs: { train: Images, test: Images },
  errors: DatasetReader.ReadError,
  run: ({ dataset }, params) =>
    Effect.gen(function* () {
      const { classes, train, test } = yield* DatasetReader.open(dataset, params)
      const metadata = ClassNames.toMetadata(classes)
      return { train: { metadata, batches: train }, test: { metadata, batches: test } }
    })
})
