import { mkdirSync } from "node:fs"
import path from "node:path"
import { cifar5k, copy, imageFolder } from "./rig/datasets.mjs"
import { dvcRepository } from "./rig/dvc.mjs"
import { draw } from "./rig/figure.mjs"
import { versionsOf } from "./rig/peers.mjs"
import { run as runProcess } from "./rig/process-tree.mjs"
import { build, countsOf, inScratch, pipeline, place, root } from "./rig/product.mjs"
import { count, extent, machine, printTable, spread, write } from "./rig/report.mjs"

export const about = "a second run with nothing to do: an archive, a folder of 60,000 files; DVC's in turns"

const isNoOp = ({ stdout }) => {
  const { nodesRan, nodesReused } = countsOf(JSON.parse(stdout))
  return nodesRan === 0 && nodesReused > 0
}

/** The product's own command, directly and through npx; `asked` makes it say what it did. */
const ours = (args, env) => ({ command: "node_modules/.bin/pipeline", args, asked: ["--json"], cwd: root, env, isNoOp })
const throughNpx = (args, env) => ({ ...ours(["--no-install", "pipeline", ...args], env), command: "npx" })

/** Once untimed, looking every 2 ms for processes; fails if there was something to do. */
const countProcesses = async (name, { command, args, asked = [], cwd, env, isNoOp }) => {
  const ran = await runProcess(command, [...args, ...asked], { cwd, env, every: 2 })
  if (isNoOp(ran)) return ran.processes
  throw new Error(
    `"${name}" had something to do; expected a run that does nothing. It said:\n${ran.stdout}${ran.stderr}`
  )
}

/** Runs each command `samples` times, one after the other, so that a busy moment does not meet one of them alone. */
const inTurns = async (commands, samples) => {
  const figures = {}
  for (const [name, command] of Object.entries(commands)) {
    figures[name] = { processes: await countProcesses(name, command), times: [] }
  }
  for (let sample = 0; sample < samples; sample++) {
    for (const [name, { command, args, cwd, env }] of Object.entries(commands)) {
      figures[name].times.push((await runProcess(command, args, { cwd, env })).seconds)
    }
  }
  for (const [name, command] of Object.entries(commands)) await countProcesses(name, command)
  return Object.fromEntries(
    Object.entries(figures).map(([name, { processes, times }]) => [name, { processes, seconds: spread(times) }])
  )
}

const archiveCommands = async (scratch, env, images) => {
  const { dataset, file } = await cifar5k(scratch, images)
  const args = ["run", "transfer", "--dataset", dataset]
  const { document } = await pipeline(args, env, { quiet: false })
  const repository = path.join(scratch, "dvc-archive")
  mkdirSync(repository)
  copy(file, path.join(repository, "images.tar.gz"))
  const commands = {
    pipeline: ours(args, env),
    "npx pipeline": throughNpx(args, env),
    "dvc repro": await dvcRepository(repository, "images.tar.gz", "wc -c images.tar.gz")
  }
  return { nodes: document.nodes.length, commands }
}

const folderCommands = async (scratch, env, images) => {
  const repository = path.join(scratch, "dvc-folder")
  const folder = path.join(repository, "images")
  const files = await imageFolder(folder, images)
  const args = ["run", "transfer", "--dataset", folder, "--units", "64", "--epochs", "1"]
  await pipeline(args, env, { quiet: false })
  const commands = {
    pipeline: ours(args, env),
    "dvc repro": await dvcRepository(repository, "images", "find images -type f | wc -l")
  }
  return { files, commands }
}

const report = (title, measured) => {
  printTable(
    title,
    Object.entries(measured).map(([name, { processes, seconds }]) => [name, extent(seconds), `${processes} processes`])
  )
  const dvcToPipeline = measured["dvc repro"].seconds.median / measured.pipeline.seconds.median
  console.log(`  dvc repro takes ${dvcToPipeline.toFixed(1)} times as long`)
  return { ...measured, dvcToPipeline }
}

/**
 * Options: --home DIR is the store to work in (features of all 60,000 images save the folder's six minutes);
 * --skip-folder leaves the folder out; --samples N; --images N for small data.
 */
export const run = ({ home, images, skipFolder, samples = 10, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    await build()
    const onArchive = await archiveCommands(scratch, env, images)
    const onFolder = skipFolder ? null : await folderCommands(scratch, env, images)
    const before = machine()
    const archive = report("nothing to do, an archive", await inTurns(onArchive.commands, samples))
    const folder =
      onFolder === null
        ? null
        : {
            files: onFolder.files,
            ...report(
              `nothing to do, a folder of ${count(onFolder.files)} files`,
              await inTurns(onFolder.commands, samples)
            )
          }
    const file = write(out, "no-op", {
      machine: before,
      command: "pipeline run transfer --dataset …, twice; dvc repro of six stages on the same data, twice",
      versions: versionsOf("dvc"),
      counts: { nodesRan: 0, nodes: onArchive.nodes },
      archive,
      folder
    })
    const bars = (measured) =>
      Object.entries(measured)
        .filter(([, one]) => one.seconds !== undefined)
        .map(([name, { seconds }]) => ({ name, ours: !name.startsWith("dvc"), ...seconds }))
    await draw(file, {
      title: "A run with nothing to do",
      subtitle: `${onArchive.nodes} nodes, DVC six stages; shorter is faster, the lines show all rounds`,
      unit: "seconds",
      panels: [
        { title: "an archive of 5,000 images", bars: bars(archive) },
        ...(folder === null ? [] : [{ title: `a folder of ${count(folder.files)} files`, bars: bars(folder) }])
      ]
    })
    return file
  })
