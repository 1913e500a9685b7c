import { Schema } from "effect"
import { Document } from "headrace"

const Count = Schema.Int.pipe(Schema.nonNegative())
/** Of red, green and blue, in [0, 1]; null of no pixels. */
const Channels = Schema.NullOr(Schema.Tuple(Schema.Number, Schema.Number, Schema.Number))

/** Where an image stands: its row among the readable ones of its split, counted from 0; its file, where it has its own. */
const Place = Schema.Struct({
  split: Schema.Literal("train", "validation", "test"),
  row: Schema.Int,
  class: Schema.String,
  file: Schema.NullOr(Schema.String)
})

/** Images that repeat an earlier one; `disagreeing` of them have another class. A few pairs as examples, those first. */
const Repeats = Schema.Struct({
  images: Count,
  disagreeing: Count,
  examples: Schema.Array(Schema.Struct({ first: Place, second: Place, labelsAgree: Schema.Boolean }))
})
/** Within the splits, and images of one that are also in a split before it: the test images that were trained on. */
const BySplit = Schema.Struct({ train: Repeats, validation: Repeats, test: Repeats, across: Repeats })

const Split = Schema.Struct({
  images: Count,
  mean: Channels,
  deviation: Channels,
  /** Images of a single colour. */
  blank: Count,
  /** Classes that have no readable image here. */
  emptyClasses: Schema.Array(Schema.String)
})

/** Some of the files that are odd in one way, and in what. */
const Findings = Schema.Array(Schema.Struct({ file: Schema.String, what: Schema.String }))

/** What a careful person looks at before training: sizes, colours, duplicates and files that are not as they should be. */
export const DatasetSummary = Document.make(
  "DatasetSummary",
  2,
  Schema.Struct({
    classes: Schema.Array(Schema.String),
    trainImages: Count,
    validationImages: Count,
    testImages: Count,
    /** Files that give no image. */
    unreadable: Count,
    /** Images of another size than most. */
    oddSized: Count,
    /** Images whose files hold something other than 8-bit RGB: they are converted. */
    notRgb: Count,
    /** Images with the very pixels of an earlier one, over all splits. */
    duplicates: Count,
    /** Images that look like an earlier one without being equal to it. */
    nearDuplicates: Count,
    splits: Schema.Struct({ train: Split, validation: Split, test: Split }),
    /** The commonest first, ten at most. */
    sizes: Schema.Array(Schema.Struct({ width: Count, height: Count, images: Count })),
    equal: BySplit,
    near: BySplit,
    files: Schema.Struct({ unreadable: Findings, oddSized: Findings, notRgb: Findings })
  })
)
