import { cpSync, rmSync } from "node:fs"
import path from "node:path"
import { folders, imageFolder } from "./rig/datasets.mjs"
import { build, extractionOf, inScratch, pipeline, place } from "./rig/product.mjs"
import { count, extent, machine, printTable, spread, write } from "./rig/report.mjs"

export const about = "predict of a folder of 1,000 photos, beside a run that ingests and extracts as many images"

/** Photos that are predicted, and images that the run beside it reads; it extracts those that it would train on. */
const PHOTOS = 1000

const perSecond = (images, { median }) => images / median
const rate = (value) => `${value.toFixed(1)} images/s`

/** Options: --samples N; --images N photos in less time. Homes are new each time, so that nothing is found. */
export const run = ({ images = PHOTOS, samples = 3, out }) =>
  inScratch(async (scratch) => {
    await build()
    const before = machine()
    const photos = path.join(scratch, "photos")
    // as many of each class on either side: those to train on are the photos that are asked about
    await imageFolder(photos, 2 * images, folders.webp)
    const asked = path.join(photos, "train")
    const trained = place(scratch, path.join(scratch, "trained"))
    const dataset = path.join(scratch, "learned")
    await imageFolder(dataset, 400, folders.webp)
    await pipeline(["run", "transfer", "--dataset", dataset, "--units", "16", "--epochs", "1"], trained)

    const home = path.join(scratch, "home")
    const env = place(scratch, home)
    const [predicted, again, extracted] = [[], [], []]
    let rows = 0
    for (let sample = 0; sample < samples; sample++) {
      rmSync(home, { recursive: true, force: true })
      cpSync(trained.PIPELINE_HOME, home, { recursive: true })
      const first = await pipeline(["predict", "transfer/model", asked], env)
      if (first.document.predictions.length !== images)
        throw new Error(`predict told of ${first.document.predictions.length} files; expected ${images}`)
      predicted.push(first.seconds)
      again.push((await pipeline(["predict", "transfer/model", asked], env)).seconds)
      rmSync(home, { recursive: true })
      const beside = await pipeline(["run", "transfer", "--dataset", asked, "--until", "extract-features"], env)
      extracted.push(beside.seconds)
      rows = extractionOf(beside.document).images
    }
    const figures = { predict: spread(predicted), again: spread(again), run: spread(extracted) }
    const [own, besides] = [perSecond(images, figures.predict), perSecond(rows, figures.run)]
    const share = own / besides
    printTable(`${count(images)} photos`, [
      ["predict, the whole command", rate(own), extent(figures.predict)],
      [`a run that ingests them and extracts ${count(rows)}, the whole command`, rate(besides), extent(figures.run)],
      ["predict's rate as a share of that", share.toFixed(2), ""],
      ["predict again, all of it found", "", extent(figures.again)]
    ])
    return write(out, "predict", {
      machine: before,
      command:
        "pipeline predict transfer/model FOLDER, pipeline run transfer --dataset FOLDER --until extract-features",
      images,
      extracted: rows,
      ...figures,
      share
    })
  })
