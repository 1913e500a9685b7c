import path from "node:path"
import { cifar5k } from "./rig/datasets.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { build, inScratch, inspect, linkChunks, pipeline, place, weights } from "./rig/product.mjs"
import { count, machine, printTable, write } from "./rig/report.mjs"

export const about = "the largest difference of our features from Keras', of the same pixels and weights"

/** Options: --images N compares N test images (1,000); --home DIR holds a run of transfer, by default a new one is made. */
export const run = ({ home, images = 1000, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const before = machine()
    await build()
    if (home === undefined) {
      // a fifth of a subset is its test part
      const { dataset } = await cifar5k(scratch, images < 1000 ? images * 5 : undefined)
      await pipeline(["run", "transfer", "--dataset", dataset, "--units", "16", "--epochs", "1"], env)
    }
    const pixels = await inspect("transfer/ingest.test", env)
    const features = await inspect("transfer/extract-features[test].features", env)
    const compared = await peer("keras-features.py", [
      "--weights",
      weights,
      "--images",
      linkChunks(pixels, env, path.join(scratch, "images")),
      "--against",
      linkChunks(features, env, path.join(scratch, "features")),
      "--limit",
      images
    ])
    printTable("features against Keras'", [
      ["images, features each", `${count(compared.images)}, ${count(compared.features)}`],
      ["largest feature", compared.largestFeature.toPrecision(4)],
      ["largest difference", compared.largestDifference.toExponential(2)],
      ["mean difference", compared.meanDifference.toExponential(2)]
    ])
    return write(out, "features", {
      machine: before,
      command: "pipeline run transfer --dataset cifar10-5k; keras.applications.MobileNetV2, pixels resized by OpenCV",
      versions: versionsOf("keras", "tensorflow-cpu", "opencv-python-headless"),
      ...compared
    })
  })
