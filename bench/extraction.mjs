import { rmSync } from "node:fs"
import path from "node:path"
import { cifar5k } from "./rig/datasets.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import {
  build,
  countsOf,
  extractionOf,
  inScratch,
  inspect,
  linkChunks,
  pipeline,
  place,
  weights
} from "./rig/product.mjs"
import { count, extent, machine, printTable, spread, write } from "./rig/report.mjs"

export const about = "images a second of our extraction and of Keras' predict, in turns"

const rate = (value) => value.toFixed(1)

/**
 * Options: --images N takes the first N images; --samples N.
 * Ours is what a user waits for: TensorFlow's start, weights, reading, resizing, the network, writing. Keras' is `predict`
 * alone on pixels resized before the clock starts, and besides with OpenCV's resizing; its start never counts.
 */
export const run = ({ images, samples = 5, out }) =>
  inScratch(async (scratch) => {
    const { dataset } = await cifar5k(scratch, images)
    const args = ["run", "transfer", "--dataset", dataset, "--units", "16", "--epochs", "1"]
    const kept = place(scratch)
    await build()
    const { document } = await pipeline(args, kept)
    const folder = path.join(scratch, "images")
    for (const split of ["train", "test"]) {
      linkChunks(await inspect(`transfer/ingest.${split}`, kept), kept, path.join(folder, split))
    }
    const before = machine()
    const ours = []
    const predict = []
    const withResizing = []
    for (let sample = 0; sample < samples; sample++) {
      const home = path.join(scratch, "cold")
      const cold = await pipeline(args, place(scratch, home))
      ours.push(extractionOf(cold.document).imagesPerSecond)
      rmSync(home, { recursive: true })
      const keras = await peer("keras-features.py", ["--weights", weights, "--images", folder, "--time-predict"])
      predict.push(keras.predict)
      withResizing.push(keras.withResizing)
    }
    const figures = {
      machine: before,
      command: "pipeline run transfer --dataset cifar10-5k; keras.applications.MobileNetV2(...).predict",
      versions: versionsOf("keras", "tensorflow-cpu", "opencv-python-headless"),
      counts: { images: extractionOf(document).images, chunksRan: countsOf(document).chunksRan },
      imagesPerSecond: {
        ours: spread(ours),
        kerasPredict: spread(predict),
        kerasWithResizing: spread(withResizing)
      }
    }
    const ratio = figures.imagesPerSecond.ours.median / figures.imagesPerSecond.kerasPredict.median
    printTable("extraction, images a second", [
      ["images, chunks", `${count(figures.counts.images)}, ${count(figures.counts.chunksRan)}`],
      ["ours, all of it", extent(figures.imagesPerSecond.ours, rate)],
      ["Keras' predict alone", extent(figures.imagesPerSecond.kerasPredict, rate)],
      ["Keras' with OpenCV's resizing", extent(figures.imagesPerSecond.kerasWithResizing, rate)],
      ["ours to predict alone", `${ratio.toFixed(2)} times`]
    ])
    return write(out, "extraction", { ...figures, oursToKerasPredict: ratio })
  })
