import { Effect, Schema, Stream } from "effect"
import * as ClassNames from "../artifacts/ClassNames.ts"
import { DatasetFiles } from "../artifacts/DatasetFiles.ts"
import { Images } from "../artifacts/Images.ts"
import * as ValidationRows from "../artifacts/ValidationRows.ts"
import * as Param from "../engine/Param.ts"
import * as Stage from "../engine/Stage.ts"
import * as DatasetReader from "../services/DatasetReader.ts"
import * as SplitChoice from "../services/SplitChoice.ts"
import { SplitText } from "../services/SplitChoice.ts"
import type { SplitName } from "../services/SplitNames.ts"
import { tellOfDataset } from "./dataset-remarks.ts"

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
    testFraction: Param.make(
      Schema.Number.pipe(Schema.between(0.01, 0.9)).annotations({ description: "a number from 0.01 to 0.9" }),
      0.2,
      "Share of the training images that is tested on where no folder of a dataset is"
    ),
    splits: Param.make(
      SplitText,
      "auto",
      "Folders to train, to choose the best epoch and to test on: auto goes by their names, none takes all for classes"
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
