import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import sharp from "sharp"
import { afterAll, expect, inject, vi } from "vitest"
import * as Seal from "../../cache/Seal.ts"
import { type Packed, picture, tar } from "./archives.ts"
import { folder } from "./folder.ts"
import { heard } from "./heard.ts"
import { mirror } from "./mirror.ts"
import { PATIENCE_MILLIS } from "./patience.ts"
import { buildsOf, copyProject } from "./project-copy.ts"

/**
 * A copy of the project that tests may edit, so that nobody else's edit reaches them; the packages are shared. It has a build of its sources, with which
 * its first command need not begin, unless a test is of builds.
 */
export const project = ({ isBuilt = true }: { readonly isBuilt?: boolean } = {}): string => {
  const root = folder("headrace-project")
  copyProject(root)
  if (isBuilt) fs.cpSync(buildsOf(inject("built")), buildsOf(root), { recursive: true, filter: isNoRecord })
  return root
}

/** What says which build is the current one has the time stamps of another copy's files. */
const isNoRecord = (file: string): boolean => path.basename(file) !== "current.json"

/** Gives a project packages of its own: links to the shared ones, which a test may replace. Returns their folder. */
export const ownPackages = (root: string): string => {
  const packages = path.join(root, "node_modules")
  const shared = fs.realpathSync(packages)
  fs.rmSync(packages)
  for (const name of fs.readdirSync(shared)) {
    const names = name.startsWith("@")
      ? fs.readdirSync(path.join(shared, name)).map((each) => `${name}/${each}`)
      : [name]
    for (const each of names) {
      fs.mkdirSync(path.dirname(path.join(packages, each)), { recursive: true })
      const from = path.join(shared, each)
      // a workspace, which npm links, is the project's own
      const target = fs.lstatSync(from).isSymbolicLink() ? fs.readlinkSync(from) : from
      fs.symlinkSync(target, path.join(packages, each))
    }
  }
  return packages
}

/** A project with packages of its own, of which one is as `change` left it. */
export const withPackage = (name: string, change: (folder: string) => void): string => {
  const root = project()
  const own = path.join(ownPackages(root), name)
  const shared = fs.realpathSync(own)
  fs.rmSync(own)
  fs.cpSync(shared, own, { recursive: true })
  change(own)
  return root
}

/** Where a command runs: a project, its cache, its results, its mirror. */
export interface Rig {
  readonly root: string
  readonly home: string
  readonly results: string
  readonly mirror: string
  readonly env: Readonly<Record<string, string>>
}

export const rig = (given: Partial<Rig> = {}): Rig => {
  const at = folder("headrace-home")
  return {
    root: given.root ?? project(),
    home: given.home ?? path.join(at, "home"),
    results: given.results ?? path.join(at, "results"),
    mirror: given.mirror ?? mirror(),
    env: given.env ?? {}
  }
}

export interface Finished {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
}

const started = new Set<ChildProcess>()
afterAll(() => {
  for (const child of started) child.kill("SIGKILL")
})

/** Starts the real binary, in a process group of its own, as a shell does. */
export const start = ({ root, home, results, mirror: from, env }: Rig, ...args: ReadonlyArray<string>): Running => {
  const child = spawn(process.execPath, [path.join(root, "bin/pipeline.mjs"), ...args], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PIPELINE_HOME: home, PIPELINE_RESULTS: results, PIPELINE_MIRROR: from, ...env }
  })
  const { stdout, stderr } = heard(child)
  started.add(child)
  const finished = new Promise<Finished>((resolve) =>
    child.once("close", (code, signal) => {
      started.delete(child)
      resolve({ code, signal, stdout: stdout(), stderr: stderr() })
    })
  )
  return { pid: child.pid ?? 0, child, finished }
}

export const pipeline = (at: Rig, ...args: ReadonlyArray<string>): Promise<Finished> => start(at, ...args).finished

/** What `run --json` says of a node. */
export interface NodeDocument {
  readonly node: string
  readonly stage: string
  readonly status: string
  readonly key: string | null
  readonly seconds: number | null
  readonly bytes: number | null
  readonly rows: number | null
  readonly chunks: { readonly reused: number; readonly ran: number } | null
  readonly reason: string | null
  /** What its stage says of the result; missing where it says nothing. */
  readonly told?: ReadonlyArray<string>
  readonly error: ErrorDocument | null
}

export interface ErrorDocument {
  readonly tag: string
  readonly what: string
  readonly expected: string | null
  readonly fix: string | null
  readonly details?: unknown
}

export interface RunDocument {
  readonly schema: number
  readonly run: string
  readonly pipeline: string
  readonly status: string
  readonly seconds: number
  readonly nodes: ReadonlyArray<NodeDocument>
  readonly results: Readonly<Record<string, { readonly path: string; readonly digest: string }>> & {
    readonly metrics: { readonly testAccuracy: number }
  }
  readonly error?: ErrorDocument
}

/** The one document that a command printed; stdout must hold nothing else. */
export const documentOf = ({ stdout, stderr }: Finished): RunDocument => {
  expect(stdout, stderr).not.toBe("")
  return JSON.parse(stdout) as RunDocument
}

/** The nodes of transfer that are stored, in topological order. */
export const STORED = [
  "ingest",
  "extract-features",
  "extract-features[validation]",
  "train",
  "extract-features[test]",
  "evaluate",
  "plot",
  "mistakes",
  "plot-mistakes"
]

/** A small training: seconds go into what is tested, not into the head. */
export const small = ["--epochs", "2", "--units", "32", "--batch-size", "16"]

/** `run transfer --json` to its end, which must be a good one. */
export const run = async (at: Rig, dataset: string, ...args: ReadonlyArray<string>) => {
  const finished = await pipeline(at, "run", "transfer", "--dataset", dataset, ...small, ...args, "--json")
  expect(finished.code, `${finished.stderr}${finished.stdout}`).toBe(0)
  return { ...finished, document: documentOf(finished) }
}

export const statuses = ({ nodes }: Pick<RunDocument, "nodes">): Readonly<Record<string, string>> =>
  Object.fromEntries(nodes.map(({ node, status }) => [node, status]))

/** The stored nodes that ran. */
export const ran = ({ nodes }: Pick<RunDocument, "nodes">): ReadonlyArray<string> =>
  nodes.filter(({ status }) => status === "ran").map(({ node }) => node)

export const nodeOf = ({ nodes }: Pick<RunDocument, "nodes">, name: string): NodeDocument => {
  const found = nodes.find(({ node }) => node === name)
  if (found === undefined) throw new Error(`no node ${name} among ${nodes.map(({ node }) => node).join(", ")}`)
  return found
}

/** Everything that must be equal where two runs made the same: keys hold the digests of all inputs. */
export const outcomeOf = ({ nodes, results }: RunDocument) => ({
  keys: Object.fromEntries(nodes.map(({ node, key }) => [node, key])),
  results: Object.fromEntries(
    Object.entries(results).map(([name, value]) => [name, "digest" in value ? value.digest : value])
  )
})

export interface FolderOptions {
  /** Training images a class. */
  readonly train?: number
  /** Test images a class. */
  readonly test?: number
}

/** Side of an image, so that chunks are cut at 16 to 256 rows, 80 in the middle. */
const SIDE = 224
export const CLASSES = ["blue", "green", "red"]

/** A PNG of one colour, another for each class and index; stored, so that every image has the same size in bytes. */
const writePicture = async (file: string, label: number, index: number, stored = false) => {
  const [r = 0, g = 0, b = 0] = [2, 1, 0].map((channel) =>
    channel === label ? 200 + (index % 50) : (index * 7 + channel * 13) % 120
  )
  const image = sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: { r, g, b } } })
  fs.writeFileSync(file, await image.png({ compressionLevel: stored ? 0 : 1 }).toBuffer())
}

const fill = async (at: string, label: number, from: number, count: number) => {
  fs.mkdirSync(at, { recursive: true })
  const indices = Array.from({ length: count }, (_, index) => from + index)
  for (const index of indices) {
    await writePicture(path.join(at, `${String(index).padStart(4, "0")}.png`), label, index)
  }
}

/** An image folder of three classes of coloured squares. */
export const imageFolder = async ({ train = 60, test = 5 }: FolderOptions = {}): Promise<string> => {
  const at = path.join(folder("headrace-images"), "squares")
  for (const [label, name] of CLASSES.entries()) {
    await fill(path.join(at, "train", name), label, 0, train)
    await fill(path.join(at, "test", name), label, 1000, test)
  }
  return at
}

/** A mirror's `cifar10` in small: the default dataset, an archive of an image folder. Asks no network. */
export const giveCifar10 = async ({ home, mirror: at }: Rig, { train = 8, test = 3 }: FolderOptions = {}) => {
  const entries: Array<Packed> = []
  for (const [label, name] of CLASSES.entries()) {
    for (let index = 0; index < train + test; index++) {
      const [r = 0, g = 0, b = 0] = [2, 1, 0].map((channel) => (channel === label ? 200 + index : index * 9))
      const bytes = await picture("square.jpg", 32, 32, { r, g, b })
      entries.push({ path: `images/${index < train ? "train" : "test"}/${name}/${index}.jpg`, bytes })
    }
  }
  fs.writeFileSync(path.join(at, "cifar10-images.tar.gz"), gzipSync(tar(entries)))
  forgetOfficial(home)
}

/** As if the last run had found the official archive out of reach. */
export const forgetOfficial = (home: string) => {
  fs.mkdirSync(path.join(home, "sources"), { recursive: true })
  fs.writeFileSync(path.join(home, "sources/editions.json"), JSON.stringify({ cifar10: "cifar10-images.tar.gz" }))
}

/** More images of one class, sorted among those that are there. */
export const addImages = (at: string, name: string, from: number, count: number) =>
  fill(path.join(at, "train", name), CLASSES.indexOf(name), from, count)

/** Writes an image without compression, so that its pixels do not change its size. */
export const writeStored = (file: string, index: number) => writePicture(file, 1, index, true)

/** Every process that works for this home, found by its environment. */
export const processesOf = ({ home }: Rig): ReadonlyArray<number> =>
  fs.readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const environment = fs.readFileSync(`/proc/${name}/environ`, "latin1").split("\0")
      return environment.includes(`PIPELINE_HOME=${home}`) ? [Number(name)] : []
    } catch {
      return []
    }
  })

export const workersOf = (at: Rig, command: Running): ReadonlyArray<number> =>
  processesOf(at).filter((pid) => pid !== command.pid)

/** Waits until something holds, looking often. */
export const eventually = (what: () => void) => vi.waitFor(what, { timeout: PATIENCE_MILLIS, interval: 10 })

/**
 * A command that stands still in the middle of its work, with its workers: one that `begin` starts, stopped where `has`
 * holds. If it `isDone` by then, since the machine was away meanwhile, another is begun. Signals reach it after `goOn`.
 */
export const stoppedWhere = async (
  begin: () => Running | Promise<Running>,
  has: () => boolean,
  isDone: () => boolean
): Promise<Running> => {
  for (;;) {
    const command = await begin()
    await eventually(() => expect(has()).toBe(true))
    if (command.child.exitCode === null) process.kill(-command.pid, "SIGSTOP")
    if (command.child.exitCode === null && !isDone()) return command
    if (command.child.exitCode === null) process.kill(-command.pid, "SIGKILL")
    await command.finished
  }
}
export const goOn = ({ pid }: Running): void => void process.kill(-pid, "SIGCONT")

const namesIn = (at: string): ReadonlyArray<string> => (fs.existsSync(at) ? fs.readdirSync(at) : [])

/** The chunks that an extraction has finished so far. */
export const finishedChunks = ({ home }: Rig): ReadonlyArray<string> =>
  namesIn(path.join(home, "traces/extract-features/chunks")).filter((name) => /^[0-9a-f]+\.json$/.test(name))

/** Chunks computed by a run, over all its nodes. */
export const ranChunks = ({ nodes }: Pick<RunDocument, "nodes">): number =>
  nodes.reduce((sum, { chunks }) => sum + (chunks?.ran ?? 0), 0)

/** A trace as it lies on the disk: a line of sha256 and JSON. */
export interface TraceDocument {
  readonly file: string
  readonly node: string
  readonly text: { readonly params: Readonly<Record<string, unknown>> }
  readonly outputs: Readonly<
    Record<string, { readonly content: string; readonly parts: ReadonlyArray<{ readonly object: string }> }>
  >
}

export const tracesOf = ({ home }: Rig, stage: string): ReadonlyArray<TraceDocument> => {
  const at = path.join(home, "traces", stage)
  return namesIn(at)
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const text = fs.readFileSync(path.join(at, name), "utf8")
      return { ...JSON.parse(text.slice(text.indexOf("\n") + 1)), file: path.join(at, name) }
    })
}

const recordFile = ({ home }: Pick<Rig, "home">, run: string) => path.join(home, "runs", `${run}.json`)

/** The record of a run, as it lies on the disk under its seal. */
export const recordOf = (at: Pick<Rig, "home">, run: string) =>
  JSON.parse(Seal.open(fs.readFileSync(recordFile(at, run), "utf8")) ?? "null")

/** Lays a record into a store, as a run does. */
export const layRecord = <R extends { readonly run: string }>(at: Pick<Rig, "home">, record: R): string => {
  const file = recordFile(at, record.run)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, Seal.bytesOf(JSON.stringify(record)))
  return file
}

/** Where the first object of an output lies. */
export const objectOf = (at: Rig, stage: string, node: string, output: string): string => {
  const trace = tracesOf(at, stage).find((each) => each.node === node)
  const object = trace?.outputs[output]?.parts[0]?.object ?? "none"
  return path.join(at.home, "objects", object.slice(0, 2), object)
}

/** The files of one chunk of an extraction. */
export const chunkOf = (at: Rig): { readonly trace: string; readonly object: string } => {
  const [name = "none"] = finishedChunks(at)
  const trace = path.join(at.home, "traces/extract-features/chunks", name)
  const { part } = JSON.parse(fs.readFileSync(trace, "utf8").split("\n")[1] ?? "") as {
    readonly part: { readonly object: string }
  }
  return { trace, object: path.join(at.home, "objects", part.object.slice(0, 2), part.object) }
}

/** One bit of a file, in its middle; its size stays. */
export const flip = (file: string): void => {
  fs.chmodSync(file, 0o644)
  const bytes = fs.readFileSync(file)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  fs.writeFileSync(file, bytes)
}

/** Every file under a folder, relative to it, sorted. */
export const filesIn = (at: string): ReadonlyArray<string> =>
  fs
    .readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(at, path.join(entry.parentPath, entry.name)))
    .sort()

export const warnings = (stderr: string): ReadonlyArray<string> =>
  stderr.split("\n").filter((line) => line.startsWith("warning:"))
