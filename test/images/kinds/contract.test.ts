import { Effect } from "effect"
import { ArrowTable } from "headrace"
import { Classifier as Head } from "../../../images/artifacts/Classifier.ts"
import { Images } from "../../../images/artifacts/Images.ts"
import { imageTable } from "../../../images/kinds/image-table.ts"
import { model } from "../../../images/kinds/model.ts"
import * as Classifier from "../../../images/models/Classifier.ts"
import * as Network from "../../../images/models/Network.ts"
import { kindContract } from "../../rig/kind-contract.ts"

const network = Effect.runSync(Network.check(Network.withEnd([], 2), [3], 2))
// of no kind of bytes in particular: a store gives what it has
const classifier = Object.fromEntries(
  Object.entries(
    Classifier.toFiles({ network, weights: Network.initialWeights(network, 0), classes: ["cat", "dog"] })
  ).map(([name, bytes]) => [name, new Uint8Array(bytes)])
)

kindContract("a model", {
  kind: model,
  artifact: Head,
  value: classifier,
  files: ["out/model.json", "out/weights.bin"],
  exported: ["model.json", "weights.bin", "model.h5", "classes.json"],
  details: { parameters: 8 },
  refuses: ["export"],
  called: "The model is not a classifier",
  opaque: ["weights.bin"]
})

const pixels = { shape: [2, 2, 3] as const, data: Uint8Array.from({ length: 24 }, (_, at) => at * 10) }
const images = { rows: 2, columns: { image: pixels, label: Int32Array.of(0, 1) } }
kindContract("a table of images", {
  kind: imageTable,
  artifact: Images,
  value: ArrowTable.fromBatch(images, { classes: '["cat","dog"]' }),
  given: (decoded) => ArrowTable.collect(decoded),
  expected: images,
  files: ({ parts }) => parts.map(({ content }) => `out/${content}.arrow`),
  exported: ["out.arrow"],
  details: { classes: ["cat", "dog"], statistics: { rows: 2, columns: [{ column: "image", values: 24 }, {}] } },
  refuses: ["decode", "inspect", "export"]
})
