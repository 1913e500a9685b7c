import * as fs from "node:fs"
import * as path from "node:path"
import { root as checkout } from "./bundle.ts"
import { command } from "./command.ts"
import { folder } from "./folder.ts"
import { PATIENCE_MILLIS } from "./patience.ts"

const dependenciesOf = (at: string): ReadonlyArray<string> =>
  Object.keys(JSON.parse(fs.readFileSync(path.join(at, "package.json"), "utf8")).dependencies)

/** Links packages of this checkout to where a project looks for them. */
const linkAll = (packages: string, names: ReadonlyArray<string>): void => {
  for (const name of names) {
    const link = path.join(packages, name)
    fs.mkdirSync(path.dirname(link), { recursive: true })
    fs.symlinkSync(fs.realpathSync(path.join(checkout, "node_modules", name)), link)
  }
}

/** The package headrace-images as it is packed and provisioned, laid beside `headrace`; what it does not bring along is this checkout's. */
export const layImages = async (packages: string): Promise<string> => {
  const at = path.join(packages, "headrace-images")
  fs.mkdirSync(at)
  const done = async (file: string, args: ReadonlyArray<string>) => {
    const { status, stdout, stderr } = await command(file, args)
    if (status !== 0) throw new Error(`headrace-images cannot be laid: ${stderr}`)
    return stdout.trim().split("\n").at(-1) ?? ""
  }
  const tarball = await done(process.execPath, [path.join(checkout, "images/pack.mjs"), folder("headrace-packed")])
  await done("tar", ["-xzf", tarball, "-C", at, "--strip-components=1"])
  const isLacking = (name: string) => !fs.existsSync(path.join(at, "node_modules", name))
  linkAll(packages, dependenciesOf(at).filter(isLacking))
  await done(process.execPath, [path.join(at, "bin/headrace-images.mjs"), "provision"])
  return at
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
  linkAll(packages, [...dependenciesOf(at), "@types/node", "typescript", "vitest"])
  const commands = path.join(packages, ".bin")
  fs.mkdirSync(commands)
  for (const [name, file] of Object.entries({
    pipeline: "headrace/bin/pipeline.mjs",
    tsc: "typescript/bin/tsc",
    vitest: "vitest/vitest.mjs"
  }))
    fs.symlinkSync(path.join("..", file), path.join(commands, name))
  return at
}

/** A folder with a project in it, and what is done there. */
export const projectIn = (root: string) => {
  const at = (file: string) => path.join(root, file)
  const launcher = at("node_modules/headrace/bin/pipeline.mjs")
  // whoever runs the tests may have a key of their own
  const nobody = path.join(root, "node_modules", ".config")
  const own = { ...process.env, PIPELINE_HOME: "", PIPELINE_RESULTS: "", XDG_CONFIG_HOME: nobody }
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
    /** A line as somebody types it; what `npx` finds is found without it, which takes longer than most commands. */
    shell: (line: string) => {
      const PATH = `${at("node_modules/.bin")}${path.delimiter}${process.env.PATH}`
      return command("sh", ["-c", line.replaceAll("npx ", "")], { cwd: root, env: { ...own, PATH } })
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
export type OutsideProject = ReturnType<typeof projectIn>

/** A project outside of the repository, made by `pipeline init`, with a package of Headrace and nothing else. */
export const outsideProject = async () => {
  const tool = folder("headrace-tool")
  const installed = await layPackage(path.join(tool, "node_modules"))
  const root = path.join(folder("headrace-outside"), "my-rents")
  const made = await command(process.execPath, [path.join(installed, "bin/pipeline.mjs"), "init", root])
  fs.renameSync(path.join(tool, "node_modules"), path.join(root, "node_modules"))
  return { made, ...projectIn(root) }
}

/** A project of its own that is as another is now. */
export const copyOf = ({ root }: OutsideProject): OutsideProject => {
  const copy = path.join(folder("headrace-outside"), path.basename(root))
  fs.cpSync(root, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  return projectIn(copy)
}
