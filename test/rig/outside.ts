import * as fs from "node:fs"
import * as path from "node:path"
import { root as checkout } from "./bundle.ts"
import { command } from "./command.ts"
import { folder } from "./folder.ts"
import { PATIENCE_MILLIS } from "./patience.ts"

const link = (to: string, at: string) => {
  fs.mkdirSync(path.dirname(at), { recursive: true })
  fs.symlinkSync(fs.realpathSync(to), at)
}

/** The package as `npm pack` fills it, laid into the packages of a project; its own packages are this checkout's. */
export const layPackage = async (packages: string): Promise<string> => {
  const at = path.join(packages, "headrace")
  fs.mkdirSync(at, { recursive: true })
  for (const name of ["bin", "template", "package.json"])
    fs.cpSync(path.join(checkout, name), path.join(at, name), { recursive: true })
  const compiled = await command(path.join(checkout, "node_modules/.bin/tsc"), [
    "-p",
    path.join(checkout, "tsconfig.dist.json"),
    "--outDir",
    path.join(at, "dist")
  ])
  if (compiled.status !== 0) throw new Error(`the package cannot be compiled: ${compiled.stdout}`)
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(at, "package.json"), "utf8"))
  for (const name of [...Object.keys(dependencies), "@types/node", "typescript", "vitest"])
    link(path.join(checkout, "node_modules", name), path.join(packages, name))
  for (const name of ["tsc", "vitest"])
    link(path.join(checkout, "node_modules/.bin", name), path.join(packages, ".bin", name))
  link(path.join(at, "bin/pipeline.mjs"), path.join(packages, ".bin/pipeline"))
  return at
}

/** What is done with a project outside of the repository that has its packages. */
export const projectAt = (root: string) => {
  const at = (file: string) => path.join(root, file)
  const launcher = at("node_modules/headrace/bin/pipeline.mjs")
  const own = { ...process.env, PIPELINE_HOME: "", PIPELINE_RESULTS: "" }
  const pipeline = (...args: ReadonlyArray<string>) =>
    command(process.execPath, [launcher, ...args], { cwd: root, env: own })
  return {
    root,
    at,
    launcher,
    pipeline,
    read: (file: string) => fs.readFileSync(at(file), "utf8"),
    write: (file: string, text: string) => {
      fs.mkdirSync(path.dirname(at(file)), { recursive: true })
      fs.writeFileSync(at(file), text)
    },
    edit: (file: string, from: string | RegExp, to: string) => {
      const text = fs.readFileSync(at(file), "utf8")
      const edited = text.replace(from, to)
      if (edited === text) throw new Error(`${file} has no ${from}`)
      fs.writeFileSync(at(file), edited)
    },
    /** Runs a pipeline; what it says. */
    run: async (...args: ReadonlyArray<string>) => {
      const { status, stdout, stderr } = await pipeline("run", ...args, "--json")
      if (stdout === "") throw new Error(stderr)
      return { code: status, stderr, document: JSON.parse(stdout) }
    },
    tsc: () => command(path.join(checkout, "node_modules/.bin/tsc"), ["-p", root], { cwd: root }),
    vitest: () =>
      command(
        path.join(checkout, "node_modules/.bin/vitest"),
        ["run", "--root", root, `--testTimeout=${PATIENCE_MILLIS}`],
        {
          cwd: root
        }
      )
  }
}

/** A project that `pipeline init` made, with a package of Headrace and nothing else. */
export const outsideProject = async () => {
  const tool = folder("headrace-tool")
  const installed = await layPackage(path.join(tool, "node_modules"))
  const root = path.join(folder("headrace-outside"), "my-rents")
  const made = await command(process.execPath, [path.join(installed, "bin/pipeline.mjs"), "init", root])
  fs.renameSync(path.join(tool, "node_modules"), path.join(root, "node_modules"))
  return { made, ...projectAt(root) }
}
