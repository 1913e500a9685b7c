import { Effect, Either, Stream } from "effect"
import { Progress, Stage } from "headrace"
import { ClassCounts } from "headrace-images/artifacts/ClassCounts"
import { ClassSamples } from "headrace-images/artifacts/ClassSamples"
import { DatasetFiles } from "headrace-images/artifacts/DatasetFiles"
import { DatasetSummary } from "headrace-images/artifacts/DatasetSummary"
import * as Colours from "headrace-images/description/colours"
import * as Repeats from "headrace-images/description/repeats"
import * as DatasetSurvey from "headrace-images/services/DatasetSurvey"
import type { Decoded } from "headrace-images/services/Decoded"
import { Images } from "headrace-images/services/Images"
import * as SplitChoice from "headrace-images/services/SplitChoice"
import { type SplitName, splitNames } from "headrace-images/services/SplitNames"
import { tellOfDataset } from "headrace-images/shared/dataset-remarks"
import { ingest } from "./ingest.ts"

/** Files named in a finding, at most. */
const mostNamed = 20
const mostSizes = 10
const mostSamples = 100
/** Side of the largest sample that is kept. */
const mostPixels = 256

interface Finding {
  readonly file: string
  readonly what: string
}

/** A sample's pixels are kept until all is read. */
interface Sample {
  readonly split: SplitName
  readonly row: number
  readonly image: Decoded
}

interface SizeTally {
  readonly width: number
  readonly height: number
  images: number
  readonly files: Array<string>
}

const none = (): Record<SplitName, number> => ({ train: 0, validation: 0, test: 0 })

/** What is known after some images. */
const tally = (classes: number) => ({
  rows: none(),
  blank: none(),
  colours: { train: Colours.empty(), validation: Colours.empty(), test: Colours.empty() },
  counts: Array.from({ length: classes }, () => ({ ...none(), unreadable: 0 })),
  sizes: new Map<string, SizeTally>(),
  samples: new Map<number, Sample>(),
  repeats: Repeats.empty(),
  unreadable: 0,
  notRgb: 0,
  findings: { unreadable: [] as Finding[], notRgb: [] as Finding[] }
})
type Tally = ReturnType<typeof tally>

const nameOf = (file: string | null, split: SplitName, row: number) => file ?? `${split} row ${row}`

const addImage = (into: Tally, split: SplitName, one: DatasetSurvey.Surveyed, image: Decoded): void => {
  const { label, file, colours } = one
  const row = into.rows[split]++
  const count = into.counts[label]
  if (count !== undefined) count[split]++
  const key = `${image.width}x${image.height}`
  const size = into.sizes.get(key) ?? { width: image.width, height: image.height, images: 0, files: [] }
  into.sizes.set(key, size)
  size.images++
  const name = nameOf(file, split, row)
  if (size.files.length < mostNamed) size.files.push(name)
  if (colours !== "") {
    into.notRgb++
    if (into.findings.notRgb.length < mostNamed) into.findings.notRgb.push({ file: name, what: colours })
  }
  Colours.add(into.colours[split], image)
  if (Colours.isBlank(image)) into.blank[split]++
  Repeats.add(into.repeats, { split, row, label, file }, image)
  // a copy: a view would keep its batch in memory
  if (!into.samples.has(label) && into.samples.size < mostSamples)
    into.samples.set(label, { split, row, image: { ...image, data: image.data.slice() } })
}

const addUnreadable = (into: Tally, { label, file }: DatasetSurvey.Surveyed, what: string): void => {
  const count = into.counts[label]
  if (count !== undefined) count.unreadable++
  into.unreadable++
  if (into.findings.unreadable.length < mostNamed) into.findings.unreadable.push({ file: file ?? "", what })
}

const repeatsOf = (found: Repeats.Found, classes: ReadonlyArray<string>) => {
  const place = ({ split, row, label, file }: Repeats.Place) => ({ split, row, class: classes[label] ?? "", file })
  return {
    images: found.images,
    disagreeing: found.disagreeing,
    examples: Repeats.examplesOf(found).map(({ first, second }) => ({
      first: place(first),
      second: place(second),
      labelsAgree: first.label === second.label
    }))
  }
}

const summaryOf = (into: Tally, classes: ReadonlyArray<string>) => {
  const sizes = [...into.sizes.values()].sort((a, b) => b.images - a.images)
  const odd = sizes.slice(1)
  const split = (name: SplitName) => ({
    images: into.rows[name],
    ...Colours.statistics(into.colours[name]),
    blank: into.blank[name],
    emptyClasses: classes.filter((_, label) => into.counts[label]?.[name] === 0)
  })
  const bySplit = ({ train, validation, test, across }: Repeats.BySplit) => ({
    train: repeatsOf(train, classes),
    validation: repeatsOf(validation, classes),
    test: repeatsOf(test, classes),
    across: repeatsOf(across, classes)
  })
  return {
    classes,
    trainImages: into.rows.train,
    validationImages: into.rows.validation,
    testImages: into.rows.test,
    unreadable: into.unreadable,
    oddSized: odd.reduce((sum, { images }) => sum + images, 0),
    notRgb: into.notRgb,
    duplicates: into.repeats.duplicates,
    nearDuplicates: into.repeats.nearDuplicates,
    splits: { train: split("train"), validation: split("validation"), test: split("test") },
    sizes: sizes.slice(0, mostSizes).map(({ width, height, images }) => ({ width, height, images })),
    equal: bySplit(into.repeats.equal),
    near: bySplit(into.repeats.near),
    files: {
      ...into.findings,
      oddSized: odd
        .flatMap(({ width, height, files }) => files.map((file) => ({ file, what: `${width}x${height}` })))
        .slice(0, mostNamed)
    }
  }
}

const samplesOf = (into: Tally, classes: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const images = yield* Images
    const found = [...into.samples].sort(([a], [b]) => a - b)
    const pngs = yield* images.png(
      found.map(([, { image }]) => image),
      mostPixels
    )
    const samples = found.map(([label, { split, row }], at) => ({
      class: classes[label] ?? "",
      split,
      row,
      png: Buffer.from(pngs[at] ?? []).toString("base64")
    }))
    return { classes: classes.length, samples }
  })

/**
 * Reads a dataset once, as it is, and tells what is in it: images by class, sizes, colours, duplicates, and the files that
 * ingest would refuse or convert. Of an image only a thumbnail and a digest are kept.
 */
export const describe = Stage.make({
  name: "describe",
  inputs: { dataset: DatasetFiles },
  params: { testFraction: ingest.params.testFraction, splits: ingest.params.splits },
  outputs: { summary: DatasetSummary, counts: ClassCounts, samples: ClassSamples },
  errors: DatasetSurvey.SurveyError,
  run: ({ dataset }, { testFraction, splits: asked }) =>
    Effect.gen(function* () {
      const options = { testFraction, splits: SplitChoice.of(asked) }
      const survey = yield* DatasetSurvey.open(dataset, options)
      const { classes, splits } = survey
      const into = tally(classes.length)
      const totals = splitNames.map((name) => splits[name].total)
      const total = totals.reduce((sum, own) => (sum === null || own === null ? null : sum + own), 0)
      for (const name of splitNames) {
        yield* Stream.runForEach(splits[name].images, (images) => {
          for (const one of images) {
            Either.match(one.image, {
              onLeft: (what) => addUnreadable(into, one, what),
              onRight: (image) => addImage(into, name, one, image)
            })
          }
          const done = splitNames.reduce((sum, each) => sum + into.rows[each], into.unreadable)
          return Progress.report({ done, total, unit: "images" })
        })
      }
      yield* tellOfDataset(survey, into.rows)
      const counts = classes.map((name, label) => ({
        class: name,
        ...(into.counts[label] ?? { ...none(), unreadable: 0 })
      }))
      return {
        summary: summaryOf(into, classes),
        counts: { classes: counts },
        samples: yield* samplesOf(into, classes)
      }
    })
})
