import { randomBytes } from "node:crypto"
import fs, { createReadStream, readFileSync } from "node:fs"
import { appendFile, mkdtemp, readFile, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { env } from "node:process"
import { pipeline as flow } from "node:stream/promises"
import { promisify } from "node:util"
import { FileSystem } from "@effect/platform"
import { Clock, Config, Effect, Random, Schema } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Files from "../../artifacts/Files.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Source from "../../engine/Source.ts"
import * as Stage from "../../engine/Stage.ts"

// A stage that reads the environment and files in every way that a stage may think of.

const Text = Document.make("Text", 1, Schema.Struct({ text: Schema.String }))
const TextFile = Files.make("TextFile", 1)

/** A file on this machine, by its path. */
const file = Source.make({
  name: "file",
  artifact: TextFile,
  params: { file: Param.make(Schema.String, "", "Its path") },
  resolve: ({ file }) =>
    Effect.sync(() => ({ digest: Digest.ofBytes(readFileSync(file)), path: file, label: "file", notice: null }))
})

const textOf = (bytes: unknown): string => String(bytes).trim()
const streamed = async (at: string): Promise<string> => {
  let text = ""
  for await (const piece of createReadStream(at, "utf8")) text += piece
  return text
}

/** Each way to read, given the path of a file: what it found. */
const WAYS = {
  nothing: () => "nothing",
  variable: () => process.env.SCALE ?? "absent",
  imported: () => env.SCALE ?? "absent",
  destructured: () => {
    const { SCALE = "absent" } = process.env
    return SCALE
  },
  asked: () => String("SCALE" in process.env),
  listed: () => Object.entries(process.env).find(([name]) => name === "SCALE")?.[1] ?? "absent",
  named: () => String(Object.keys(process.env).includes("SCALE")),
  copied: () => ({ ...process.env }).SCALE ?? "absent",
  swallowed: () => {
    try {
      return process.env.SCALE ?? "absent"
    } catch {
      return "swallowed"
    }
  },
  declared: () => process.env.WORD ?? "absent",
  dated: () => new Date(2026, 0, 1).toISOString(),
  now: () => String(Date.now() > 0),
  today: () => String(new Date() > new Date(0)),
  "today as text": () => String(Date().length > 0),
  "measured time": () => String(performance.now() > 0),
  "measured nanoseconds": () => String(process.hrtime.bigint() > 0n),
  drawn: () => String(Math.random() < 1),
  "drawn by another's loop": () => String(Array.from({ length: 3 }, Math.random).length),
  "drawn after many times": () => {
    for (let time = 0; time < 100_000; time++) Math.random()
    return String(new Date() > new Date(0))
  },
  bytes: () => String(randomBytes(4).length),
  "bytes of the web": () => String(crypto.getRandomValues(new Uint8Array(4)).length),
  id: () => String(crypto.randomUUID().length),
  home: () => process.env.HOME ?? "absent",
  "read sync": (at: string) => textOf(readFileSync(at)),
  "read by the default export": (at: string) => textOf(fs.readFileSync(at)),
  "read in a promise": async (at: string) => textOf(await readFile(at)),
  "read in a callback": (at: string) =>
    new Promise<string>((resolve, reject) =>
      fs.readFile(at, (error, bytes) => (error === null ? resolve(textOf(bytes)) : reject(error)))
    ),
  "read as a stream": streamed,
  "read through a handle": async (at: string) => {
    const handle = await fs.promises.open(new URL(`file://${at}`), "r+")
    const text = textOf(await handle.readFile())
    await handle.close()
    return text
  },
  "copied and read": (at: string) => {
    const folder = fs.mkdtempSync(path.join(tmpdir(), "headrace-reading-"))
    fs.copyFileSync(at, path.join(folder, "copy"))
    return textOf(readFileSync(path.join(folder, "copy")))
  },
  "read by a promisified function": async (at: string) => textOf(await promisify(fs.readFile)(at)),
  required: (at: string) => {
    // its one word is a variable that no module has, which the failure names
    try {
      return String(createRequire(import.meta.url)(at))
    } catch (failure) {
      return String((failure as Error).message.split(" ")[0])
    }
  },
  "linked and read": (at: string) => {
    const link = path.join(fs.mkdtempSync(path.join(tmpdir(), "headrace-reading-")), "link")
    fs.linkSync(at, link)
    return textOf(readFileSync(link))
  },
  "in a folder that it did not make": (at: string) => {
    fs.mkdirSync(path.dirname(at), { recursive: true })
    return textOf(readFileSync(at))
  },
  "where it failed to write": (at: string) => {
    try {
      fs.writeFileSync(at, "own", { flag: "wx" })
    } catch {
      // it is there
    }
    return textOf(readFileSync(at))
  },
  "appended and read": async (at: string) => {
    await appendFile(at, "")
    return textOf(readFileSync(at))
  },
  "folder listed": (at: string) => fs.readdirSync(path.dirname(at)).join(","),
  "own file": async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "headrace-reading-"))
    await writeFile(path.join(folder, "own"), "own")
    const text = textOf(readFileSync(path.join(folder, "own")))
    fs.rmSync(folder, { recursive: true })
    return text
  },
  "own files by all ways": async (at: string) => {
    const folder = `${at}.made`
    fs.mkdirSync(folder)
    const [deep, copy, copies, moved, appended, streamed] = [
      "deep",
      "copy",
      "copies",
      "moved",
      "appended",
      "streamed"
    ].map((name) => `${folder}-${name}`) as [string, string, string, string, string, string]
    await fs.promises.mkdir(path.join(deep, "er"), { recursive: true })
    await writeFile(path.join(folder, "own"), "own ")
    await promisify(fs.copyFile)(path.join(folder, "own"), copy)
    fs.cpSync(folder, copies, { recursive: true })
    fs.copyFileSync(copy, path.join(folder, "again"))
    fs.renameSync(path.join(folder, "again"), moved)
    await appendFile(appended, "own ")
    await flow([Buffer.from("own ")], fs.createWriteStream(streamed))
    const listed = [folder, deep, copies].flatMap((each) => fs.readdirSync(each)).join(" ")
    const texts = [copy, moved, appended, streamed].map((file) => String(readFileSync(file)).trim()).join(" ")
    return `${listed} ${texts}`
  },
  system: () => (textOf(readFileSync("/proc/self/stat")).length > 0 ? "system" : ""),
  package: () => {
    const { resolve } = createRequire(`${process.cwd()}/package.json`)
    return JSON.parse(textOf(readFileSync(resolve("esbuild/package.json")))).name
  }
} satisfies Readonly<Record<string, (at: string) => string | Promise<string>>>
type Way = keyof typeof WAYS
const ways = Object.keys(WAYS) as [Way, ...ReadonlyArray<Way>]

/** Ways that are effects. */
const effects = {
  "clock of Effect": Effect.map(Clock.currentTimeMillis, (now) => String(now > 0)),
  "chance of Effect": Effect.map(Random.next, (drawn) => String(drawn < 1)),
  "chance that it seeds": Effect.map(Effect.withRandom(Random.next, Random.make("seed")), (drawn) => String(drawn < 1)),
  sleep: Effect.as(Effect.sleep(1), "slept")
}
const isEffect = (way: string): way is keyof typeof effects => way in effects
const ofEffect = Object.keys(effects) as Array<keyof typeof effects>

const params = {
  way: Param.make(Schema.Literal(...ways, ...ofEffect, "config", "file system"), "nothing", "How it reads"),
  at: Param.make(Schema.String, "", "A path")
}

export const peek = Stage.make({
  name: "peek",
  inputs: { file: TextFile },
  params,
  environment: ["WORD"],
  outputs: { text: Text },
  run: ({ file }, { way, at }) =>
    Effect.gen(function* () {
      const wanted = at === "" ? file.path : at
      if (isEffect(way)) return { text: { text: yield* effects[way] } }
      if (way === "config") return { text: { text: yield* Effect.orDie(Config.string("SCALE")) } }
      if (way === "file system") {
        const files = yield* FileSystem.FileSystem
        return { text: { text: textOf(yield* Effect.orDie(files.readFileString(wanted))) } }
      }
      return { text: { text: yield* Effect.promise(async () => WAYS[way](wanted)) } }
    })
})

export const reading = Pipeline.make({
  name: "reading",
  description: "Reads",
  params: { ...file.params, ...params },
  build: (values) => peek({ file: file(values) }, values)
})

/** A date that depends on the time zone, which it declares. */
const local = Stage.make({
  name: "local",
  inputs: {},
  environment: ["TZ"],
  outputs: { text: Text },
  run: () => Effect.sync(() => ({ text: { text: WAYS.dated() } }))
})

export const dating = Pipeline.make({ name: "dating", description: "Dates", params: {}, build: () => local({}) })
