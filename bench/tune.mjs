import path from "node:path"
import { cifar10 } from "./rig/datasets.mjs"
import { writeHeldOut } from "./rig/held-out.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { build, inScratch, inspect, linkChunks, pipeline, place } from "./rig/product.mjs"
import { count, machine, mean, printTable, seconds, share, write } from "./rig/report.mjs"

export const about = "the best head that tune finds by computed epochs, beside sweep --random and Optuna driving Keras"

/** Epochs that each search may compute: ten heads of all epochs. */
const BUDGET = 200
const EPOCHS = 20
const BATCH = 512
/** Draws of each search, from the first on. */
const DRAWS = 3

/** As wide as people search who know little: most of it is bad. */
const SPACE = {
  learningRate: { from: 1e-5, to: 1e-1, log: true, int: false },
  units: { from: 16, to: 512, log: true, int: true },
  dropout: { from: 0, to: 0.7, log: false, int: false },
  l2: { from: 1e-7, to: 1e-2, log: true, int: false }
}

const over = Object.entries(SPACE).flatMap(([name, { from, to, log }]) => [
  "--over",
  `${name}=${log ? "log" : "linear"}(${from},${to})`
])

const optionsOf = (given) => Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)])

/** After each training, the epochs that all took until then and the best validation accuracy of any. */
const pathOf = (steps) => {
  let [spent, best] = [0, 0]
  return steps.map(({ epochs, score }) => {
    spent += epochs
    best = Math.max(best, score ?? 0)
    return [spent, best]
  })
}

const atBudget = (found, budget) => found.filter(([spent]) => spent <= budget).at(-1)?.[1] ?? 0
/** The epochs until an accuracy was found; null where it never was. */
const until = (found, accuracy) => found.find(([, best]) => best >= accuracy)?.[0] ?? null

const tuned = async (args, draw, env) => {
  const options = [...over, "--budget", `${BUDGET}epochs`, "--draw", String(draw)]
  const { document, seconds: taken } = await pipeline(["tune", ...args, ...options], env)
  const { trials, rungs } = document
  const before = (steps) => rungs[rungs.indexOf(steps) - 1] ?? 0
  return {
    seconds: taken,
    trials: new Set(trials.map(({ trial }) => trial)).size,
    path: pathOf(trials.map(({ steps, score }) => ({ epochs: steps - before(steps), score })))
  }
}

/** `sweep --random` has one draw: the next points of it stand for others. */
const swept = async (args, draw, env) => {
  const points = BUDGET / EPOCHS
  const options = [...over, "--random", String(points * (draw + 1))]
  const { document, seconds: taken } = await pipeline(["sweep", ...args, ...options], env)
  const own = document.points.slice(points * draw)
  return {
    seconds: taken,
    trials: points,
    path: pathOf(own.map(({ metrics }) => ({ epochs: EPOCHS, score: metrics.validationAccuracy })))
  }
}

/** Options: --home DIR works in a home that may hold the features already; --samples N draws, of few --images N in less time. */
export const run = ({ home, images, samples = DRAWS, out }) =>
  inScratch(async (scratch) => {
    const draws = Array.from({ length: samples }, (_, draw) => draw)
    const env = place(scratch, home)
    const dataset = await cifar10(scratch, images)
    const before = machine()
    await build()
    // a trial counts by its best epoch, as those of Optuna do
    const fixed = { dataset, epochs: EPOCHS, "batch-size": BATCH, decay: 0, patience: EPOCHS }
    const args = ["transfer", ...optionsOf(fixed)]
    const { document } = await pipeline(["run", "transfer", "--dataset", dataset, "--epochs", "1"], env)
    const train = await inspect("transfer/extract-features.features", env)
    const folder = linkChunks(train, env, path.join(scratch, "train"))
    const heldOut = await writeHeldOut(folder, document.params, path.join(scratch, "held-out.json"))
    const optuna = (strategy) => async (draw) => {
      const options = { train: folder, "held-out": heldOut, strategy, budget: BUDGET, epochs: EPOCHS, seed: draw }
      const given = { ...options, "batch-size": BATCH, space: JSON.stringify(SPACE) }
      return peer("optuna-heads.py", optionsOf(given))
    }
    const searches = {
      tune: (draw) => tuned(args, draw, env),
      "sweep --random": (draw) => swept(args, draw, env),
      "Optuna, Hyperband": optuna("hyperband"),
      "Optuna, TPE": optuna("tpe")
    }
    const found = {}
    for (const [name, search] of Object.entries(searches)) {
      found[name] = []
      for (const draw of draws) found[name].push(await search(draw))
    }
    const bestOf = (name) => mean(found[name].map((one) => atBudget(one.path, BUDGET)))
    // what a plain sweep finds for all of the budget, and how soon tune has found that
    const asGood = found.tune.map(({ path: own }, at) => until(own, atBudget(found["sweep --random"][at].path, BUDGET)))
    printTable(`heads on ${count(train.rows)} features, ${BUDGET} epochs a search, ${samples} draws`, [
      ...Object.entries(found).map(([name, all]) => [
        name,
        `${share(bestOf(name))} in the mean, ${all.map((one) => share(atBudget(one.path, BUDGET))).join(", ")}`,
        `${all.map(({ trials }) => trials).join(", ")} trials`,
        seconds(mean(all.map((one) => one.seconds)))
      ]),
      [
        "epochs until tune has what sweep --random has at the end",
        asGood.map((epochs) => epochs ?? "never").join(", "),
        "",
        ""
      ]
    ])
    return write(out, "tune", {
      machine: before,
      command: "pipeline tune transfer --over … --budget 200epochs, pipeline sweep --random 10, and optuna with keras",
      versions: versionsOf("keras", "optuna", "tensorflow-cpu"),
      rows: train.rows,
      budget: BUDGET,
      epochs: EPOCHS,
      space: SPACE,
      found,
      asGood
    })
  })
