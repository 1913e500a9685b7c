/**
 * The datasets and weight files that have a name, and the editions that each comes in.
 *
 * @module
 */
import type { Effect } from "effect"
import { Text } from "headrace"
import * as CifarArchive from "./CifarArchive.ts"
import * as SampleImages from "./SampleImages.ts"
import type { TarError } from "./TarArchive.ts"

interface Named {
  /** Its name in a mirror and among the downloads. */
  readonly file: string
  readonly label: string
  readonly sha256: string | null
  /** What the user ought to know when it comes to this one. */
  readonly notice: Text.Text | null
}

/** A file that sites put into their mirrors, and nobody else offers. */
export interface Kept extends Named {
  readonly _tag: "Kept"
  readonly bytes: number | null
}

/** A file that a URL gives, if no mirror has it. */
export interface Published extends Named {
  readonly _tag: "Published"
  readonly url: string
  readonly bytes: number | null
  readonly md5: string | null
}

/** A part of a published file, cut out of it on this machine. */
export interface Cut extends Named {
  readonly _tag: "Cut"
  readonly sha256: string
  readonly from: Published
  /** Makes the bytes of the part from the path of the published file. */
  readonly cut: (archive: string) => Effect.Effect<Uint8Array, TarError>
}

/** A file that the project makes itself: the same bytes on every machine. */
export interface Made extends Named {
  readonly _tag: "Made"
  readonly sha256: string
  /** Makes the bytes, whose digest is checked. */
  readonly make: () => Uint8Array
}

/** One form in which a dataset or weight file comes. */
export type Edition = Kept | Published | Cut | Made

/**
 * Datasets and weights known by name, each with its editions, best first. One that is kept or published is looked for in
 * the mirror, then among the downloads, then at its URL; the next one is taken when none has it.
 */
export interface Entry {
  readonly name: string
  readonly editions: ReadonlyArray<Edition>
  /** What else to do where no edition is to be had. */
  readonly instead: Text.Text
}

/** Its home page gives the MD5. */
const officialCifar10: Published = {
  _tag: "Published",
  file: "cifar-10-binary.tar.gz",
  label: "cifar10 (official binary archive)",
  url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
  bytes: 170_052_171,
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
  sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
  notice: null
}

const aPath = "give the path of a copy instead of the name"
const first5000 = "cifar10-5k (first 4,000 + 1,000 records, lossless)"

/** The dataset that is drawn, not downloaded. */
export const sample: Made = {
  _tag: "Made",
  file: "sample.tar",
  label: "sample (2,000 + 500 images that the project draws)",
  sha256: "cb7ed851812ddd5e0c5b448303868ae1990504d9d7b2c80c3205c5574ee5fc89",
  notice: null,
  make: () => SampleImages.archive({ seed: 1, train: 2000, test: 500 })
}

/** The datasets that have a name. */
export const datasets: ReadonlyArray<Entry> = [
  {
    name: "cifar10",
    instead: aPath,
    editions: [
      officialCifar10,
      {
        _tag: "Kept",
        file: "cifar10-images-lossless.tar.gz",
        label: "cifar10 (lossless image-folder edition)",
        bytes: 108_537_175,
        sha256: "e49537e1168c1073583a2fd3445a062d1905dbf31a8b90a8a440d5d2955d5341",
        notice:
          "cifar10 is the mirror's lossless image folder: the official pixels in another order, so accuracies compare with published ones, but a seed gives other digits than with the official archive."
      },
      {
        _tag: "Kept",
        file: "cifar10-images.tar.gz",
        label: "cifar10 (image-folder edition)",
        bytes: null,
        sha256: null,
        notice: Text.text`cifar10 is the mirror's image-folder edition, lossy JPEGs: accuracies are lower than published ones. The official archive cifar-10-binary.tar.gz is neither in the mirror nor could it be downloaded; ${Text.parameter("refresh")} tries again.`
      }
    ]
  },
  {
    name: "cifar10-5k",
    instead: aPath,
    editions: [
      {
        _tag: "Kept",
        file: "cifar-10-binary-5k.tar.gz",
        label: first5000,
        bytes: 14_142_729,
        sha256: null,
        notice: null
      },
      {
        _tag: "Cut",
        file: "cifar-10-binary-5k.tar",
        label: first5000,
        sha256: "34a63e2a64433d949818aa7790c40fce13eff80790425d009d770fa8891fb819",
        notice: null,
        from: officialCifar10,
        cut: (archive) => CifarArchive.cut(archive, { train: 4000, test: 1000 })
      }
    ]
  },
  { name: "sample", instead: aPath, editions: [sample] }
]

/** A weight file as Keras publishes it, of the network `name`. */
export interface KerasWeights {
  readonly _tag: "Keras"
  readonly name: string
  readonly label: string
  readonly folder: string
  readonly file: string
}

/** A weight file that the project makes. */
export interface MadeWeights extends Made {
  readonly name: string
}

/** A weight file that has a name: one that Keras publishes, or one that the project makes. */
export type Weights = KerasWeights | MadeWeights

/** Keras publishes no digests of weight files; these are sizes it serves. */
const kerasBytes: Readonly<Record<string, number>> = { "mobilenet_v2_1.0_224": 9_406_464 }

/** What a mirror may have in place of Keras' own file, by the network's name. */
const otherWeights: Readonly<Record<string, Kept>> = {
  "mobilenet_v2_1.0_224": {
    _tag: "Kept",
    file: "mobilenet_v2_1.0_224_no_top.dequantized.h5",
    label: "MobileNetV2 1.0/224 without top (dequantized)",
    bytes: 9_403_720,
    sha256: null,
    notice: Text.text`The MobileNetV2 weights are the mirror's, restored from a quantized release: features differ a little from those of Keras' own file, which is neither in the mirror nor could it be downloaded; ${Text.parameter("refresh")} tries again.`
  }
}

const editionsOf = (weights: Weights): ReadonlyArray<Edition> => {
  if (weights._tag === "Made") return [weights]
  const { name, label, folder, file } = weights
  const published: Published = {
    _tag: "Published",
    file,
    label: `${label} (Keras)`,
    url: `https://storage.googleapis.com/tensorflow/keras-applications/${folder}/${file}`,
    bytes: kerasBytes[name] ?? null,
    md5: null,
    sha256: null,
    notice: null
  }
  const other = otherWeights[name]
  return other === undefined ? [published] : [published, other]
}

/** The weight file of a network as an entry of the catalogue. */
export const weights = (of: Weights): Entry => ({
  name: `${of.name}_no_top`,
  editions: editionsOf(of),
  instead: Text.text`choose another ${Text.parameter("backbone")}`
})
