import { writeFileSync } from "node:fs"
import path from "node:path"
import { program } from "./peers.mjs"
import { run } from "./process-tree.mjs"

const stages = ["ingest", "extract", "extract-test", "train", "evaluate", "plot"]

/** Six stages in a row on one dependency. They do next to nothing: only finding that nothing is to be done is timed. */
const pipelineText = (data, first) => {
  const stage = (name, index) => {
    const input = index === 0 ? data : `${stages[index - 1]}.txt`
    const command = index === 0 ? first : `cp ${input} ${name}.txt`
    return `  ${name}:\n    cmd: ${command}\n    deps: [${input}]\n    outs: [${name}.txt]\n`
  }
  return `stages:\n${stages.map(stage).join("")}`
}

/**
 * Makes a git and DVC repository in `folder` around `data`, a file or folder in it, and runs its pipeline once.
 * Gives the command that then has nothing to do; DVC reports nothing and looks for no updates.
 */
export const dvcRepository = async (folder, data, first) => {
  const dvc = await program("dvc")
  const env = {
    DVC_NO_ANALYTICS: "1",
    DVC_SITE_CACHE_DIR: path.join(folder, ".dvc-site"),
    DVC_GLOBAL_CONFIG_DIR: folder
  }
  const within = { cwd: folder, env }
  await run("git", ["init", "--quiet"], within)
  await run(dvc, ["init", "--quiet"], within)
  await run(dvc, ["config", "core.analytics", "false"], within)
  await run(dvc, ["config", "core.check_update", "false"], within)
  writeFileSync(path.join(folder, "dvc.yaml"), pipelineText(data, `${first} > ${stages[0]}.txt`))
  writeFileSync(path.join(folder, ".gitignore"), `${data}\n.dvc-site\n`, { flag: "a" })
  const identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
  await run(dvc, ["repro"], within)
  await run("git", ["add", "--all"], within)
  await run("git", [...identity, "commit", "--quiet", "--message", "Run once"], within)
  const isNoOp = ({ stdout }) => stages.every((name) => stdout.includes(`Stage '${name}' didn't change, skipping`))
  return { command: dvc, args: ["repro"], cwd: folder, env, isNoOp }
}
