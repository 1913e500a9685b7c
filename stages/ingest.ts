import { Effect, Schema, Stream } from "effect"
import { Param, Stage } from "headrace"
import * as ClassNames from "headrace-images/artifacts/ClassNames"
import { DatasetFiles } from "headrace-images/artifacts/DatasetFiles"
import { Images } from "headrace-images/artifacts/Images"
import * as ValidationRows from "headrace-images/artifacts/ValidationRows"
import * as DatasetReader from "headrace-images/services/DatasetReader"
import * as SplitChoice from "headrace-images/services/SplitChoice"
import { SplitText } from "headrace-images/services/SplitChoice"
import type { SplitName } from "headrace-images/services/SplitNames"
import { tellOfDataset } from "headrace-images/shared/dataset-remarks"

/**
 * Decodes a dataset into tables of labelled images: one to train on, one to choose the best epoch on, which has no rows
 * where the dataset has no such images, and one that is touched once, at the end.
 */
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
    testFraction: Param.incomparable(
      Param.make(
        Schema.Number.pipe(Schema.between(0.01, 0.9)).annotations({ description: "a number from 0.01 to 0.9" }),
        0.2,
        "Share of the training images that is tested on where no folder of a dataset is"
      ),
      "it moves images from one split to another"
    ),
    splits: Param.incomparable(
      Param.make(
        SplitText,
        "auto",
        "Folders to train, to choose the best epoch and to test on: auto goes by their names, none takes all for classes"
      ),
      "it says which images are validated on"
    )
  },
  outputs: { train: Images, validation: Images, test: Images },
  errors: DatasetReader.ReadError,
  run: ({ dataset }, { splits, ...params }) =>
    Effect.gen(function* () {
      const options = { ...params, splits: SplitChoice.of(splits) }
      const read = yield* DatasetReader.open(dataset, options)
      const rows = { train: 0, validation: 0, test: 0 }
      const counted = (split: SplitName) =>
        Stream.tap(read[split], (batch) =>
          Effect.sync(() => {
            rows[split] += batch.rows
          })
        )
      yield* tellOfDataset(read, rows)
      const metadata = ClassNames.toMetadata(read.classes)
      return {
        train: { metadata, batches: counted("train") },
        validation: { metadata: { ...metadata, ...ValidationRows.metadata }, batches: counted("validation") },
        test: { metadata, batches: counted("test") }
      }
    })
})
