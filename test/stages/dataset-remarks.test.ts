import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Remark from "../../engine/Remark.ts"
import { ImageExtras } from "../../images/services/ImageExtras.ts"
import { tellOfDataset } from "../../images/shared/dataset-remarks.ts"

/** A file that begins as a sequence of AVIF images does. */
const sequence = Buffer.from("\0\0\0\x20ftypavis", "latin1")

it.effect("names of classes and files are shown in one line, whatever is in them, counted when all is read", () =>
  Effect.gen(function* () {
    const heard: Array<Remark.Remark> = []
    const rows = { train: 0, validation: 0, test: 0 }
    const extras = new ImageExtras()
    const read = {
      classes: ["cat", "new\nline", "it's"],
      from: { train: "train/", validation: null, test: null },
      notices: ["1 other file is passed over (a\u001b[31m\nnote: all is well.csv)."],
      extras
    }
    yield* tellOfDataset(read, rows).pipe(
      Effect.provideService(Remark.RemarkListener, (remark) => Effect.sync(() => void heard.push(remark)))
    )
    rows.train = 1200
    rows.test = 1
    extras.add("cat/\r1.avif", sequence)
    expect(yield* Effect.all(heard)).toEqual([
      `3 classes (cat, "new\\x0aline", it's); 1,200 images to train on (train/), 1 to test on`,
      "1 other file is passed over (a\\x1b[31m\\x0anote: all is well.csv).",
      "1 image has several frames or pages (cat/\\x0d1.avif): the first is used.",
      null
    ])
  })
)
