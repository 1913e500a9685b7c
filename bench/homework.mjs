import path from "node:path"
import { cold } from "./rig/cold.mjs"
import { cifar10 } from "./rig/datasets.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { build, inScratch, inspect, linkChunks, place, weights } from "./rig/product.mjs"
import { extent, printTable, spread, write } from "./rig/report.mjs"

export const about =
  "the homework's 100 epochs of transfer on all 60,000 images and 4 views of each (an hour), beside Keras on a part of it"

const EPOCHS = 100
/** Random views of each training image beside itself: the homework augments its images, too. */
const VIEWS = 4
/** What the homework says of itself. */
const HOMEWORK = { hours: 8, gigabytes: 28 }

const minutes = (seconds) => `${(seconds / 60).toFixed(1)} minutes`

/** Options: --home DIR; --images N takes the first N images of cifar10-5k, for trying it out. */
export const run = ({ home, images, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const dataset = await cifar10(scratch, images)
    await build()
    const { figures, document } = await cold("homework", dataset, env, [
      "--epochs",
      String(EPOCHS),
      "--views",
      String(VIEWS)
    ])
    const train = await inspect("transfer/ingest.train", env)
    const { images: part, ...rates } = await peer("keras-transfer.py", [
      "--weights",
      weights,
      "--images",
      linkChunks(train, env, path.join(scratch, "images")),
      "--batch-size",
      document.params.batchSize
    ])
    // every epoch of such a script passes every image through the network, those held out too; the test images once
    const held = Math.round(train.rows * document.params.validationSplit)
    const [training, validation] = [spread(rates.training), spread(rates.validation)]
    const epoch = (train.rows - held) / training.median + held / validation.median
    const kerasSeconds = EPOCHS * epoch + (figures.counts.images - train.rows) / validation.median
    printTable("the homework's run", [
      ["ours, cold", figures.seconds === null ? "-" : minutes(figures.seconds)],
      ["Keras, by its rate on a part", minutes(kerasSeconds)],
      ["… images/s in training", extent(training, (rate) => rate.toFixed(1))],
      ["the homework's own", `over ${HOMEWORK.hours} hours, ${HOMEWORK.gigabytes} GB`]
    ])
    return write(out, "homework", {
      ...figures,
      epochs: EPOCHS,
      views: VIEWS,
      keras: {
        versions: versionsOf("keras", "tensorflow-cpu"),
        images: part,
        training,
        validation,
        extrapolatedSeconds: kerasSeconds
      },
      kerasToOurs: figures.seconds === null ? null : kerasSeconds / figures.seconds,
      homework: HOMEWORK
    })
  })
