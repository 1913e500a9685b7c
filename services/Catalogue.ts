/**
 * Datasets and weights known by name, each with its editions, best first. An edition is looked for in the mirror, then
 * among the downloads, then at its URL; the next one is taken when none has it.
 */
export interface Edition {
  readonly file: string
  readonly label: string
  readonly url: string | null
  readonly bytes: number | null
  readonly md5: string | null
  readonly sha256: string | null
  /** What the user ought to know when it comes to this one. */
  readonly notice: string | null
}

export interface Entry {
  readonly name: string
  readonly editions: ReadonlyArray<Edition>
  /** What else to do where no edition is to be had. */
  readonly instead: string
}

const local = { url: null, bytes: null, md5: null, sha256: null, notice: null }

/** Its home page gives the MD5. */
const officialCifar10: Edition = {
  file: "cifar-10-binary.tar.gz",
  label: "cifar10 (official binary archive)",
  url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
  bytes: 170_052_171,
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
  sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
  notice: null
}

const aPath = "give the path of a copy instead of the name"

export const datasets: ReadonlyArray<Entry> = [
  {
    name: "cifar10",
    instead: aPath,
    editions: [
      officialCifar10,
      {
        ...local,
        file: "cifar10-images-lossless.tar.gz",
        label: "cifar10 (lossless image-folder edition)",
        bytes: 108_537_175,
        sha256: "e49537e1168c1073583a2fd3445a062d1905dbf31a8b90a8a440d5d2955d5341",
        notice:
          "cifar10 is the mirror's lossless image folder: the official pixels in another order, so accuracies compare with published ones, but a seed gives other digits than with the official archive."
      },
      {
        ...local,
        file: "cifar10-images.tar.gz",
        label: "cifar10 (image-folder edition)",
        notice:
          "cifar10 is the mirror's image-folder edition, lossy JPEGs: accuracies are lower than published ones. The official archive cifar-10-binary.tar.gz is neither in the mirror nor could it be downloaded; --refresh tries again."
      }
    ]
  },
  {
    name: "cifar10-5k",
    instead: aPath,
    editions: [
      { ...local, file: "cifar-10-binary-5k.tar.gz", label: "cifar10-5k (first 4,000 + 1,000 records, lossless)" }
    ]
  }
]

/** A weight file as Keras publishes it, of the network `name`. */
export interface KerasWeights {
  readonly name: string
  readonly label: string
  readonly folder: string
  readonly file: string
}

/** Keras publishes no digests of weight files; these are sizes it serves. */
const kerasBytes: Readonly<Record<string, number>> = { "mobilenet_v2_1.0_224": 9_406_464 }

/** What a mirror may have in place of Keras' own file, by the network's name. */
const otherWeights: Readonly<Record<string, Edition>> = {
  "mobilenet_v2_1.0_224": {
    ...local,
    file: "mobilenet_v2_1.0_224_no_top.dequantized.h5",
    label: "MobileNetV2 1.0/224 without top (dequantized)",
    notice:
      "The MobileNetV2 weights are the mirror's, restored from a quantized release: features differ a little from those of Keras' own file, which is neither in the mirror nor could it be downloaded; --refresh tries again."
  }
}

export const weights = ({ name, label, folder, file }: KerasWeights): Entry => {
  const published: Edition = {
    ...local,
    file,
    label: `${label} (Keras)`,
    url: `https://storage.googleapis.com/tensorflow/keras-applications/${folder}/${file}`,
    bytes: kerasBytes[name] ?? null
  }
  const other = otherWeights[name]
  return {
    name: `${name}_no_top`,
    editions: other === undefined ? [published] : [published, other],
    instead: "choose another --backbone"
  }
}

const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** The name that differs least by single edits, if it differs by at most three. */
export const nearest = (name: string, names: ReadonlyArray<string>): string | null => {
  const [best] = names
    .map((candidate) => ({ candidate, edits: distance(name.toLowerCase(), candidate) }))
    .sort((a, b) => a.edits - b.edits)
  return best !== undefined && best.edits <= 3 ? best.candidate : null
}
