import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { documentOf, imageFolder, nodeOf, pipeline, type Rig, type RunDocument, ran, rig } from "../rig/cli.ts"

/** What a command that tells of runs prints. */
interface Told extends RunDocument {
  readonly git: { readonly commit: string } | null
  readonly until: ReadonlyArray<string> | null
  readonly report: string
  readonly runs: ReadonlyArray<Pick<Told, "run" | "until" | "git">>
}

let at: Rig
let options: ReadonlyArray<string>
beforeAll(async () => {
  const images = await imageFolder({ train: 4, test: 2 })
  const network = '[{"kind":"flatten"},{"kind":"dense","units":4,"activation":"relu"}]'
  options = ["--dataset", images, "--network", network, "--epochs", "2", "--validation", "test"]
  at = rig()
  fs.writeFileSync(path.join(at.root, ".gitignore"), ".pipeline\nnode_modules\n")
  git("init", "--quiet")
  git("add", "--all")
  git("commit", "--quiet", "--message", "One")
})

const git = (...args: ReadonlyArray<string>): string =>
  execFileSync("git", ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org", ...args], {
    cwd: at.root,
    encoding: "utf8"
  }).trim()

const ask = (command: string, ...args: ReadonlyArray<string>) =>
  pipeline(at, command, "simple-cnn", ...options, ...args)
const asJson = async (command: string, ...args: ReadonlyArray<string>) =>
  documentOf(await ask(command, ...args, "--json")) as Told
const document = async (...args: ReadonlyArray<string>) => documentOf(await pipeline(at, ...args, "--json")) as Told

/** What lies in the results folder of the pipeline, and when each file was changed. */
const folderOf = () => {
  const folder = path.join(at.results, "simple-cnn")
  if (!fs.existsSync(folder)) return null
  return fs.readdirSync(folder).map((name) => [name, fs.statSync(path.join(folder, name)).mtimeMs])
}

describe("a run until a node", () => {
  it("carries out what the node needs, as its plan says, and tells of the others as not asked for", async () => {
    const planned = await asJson("plan", "--until", "train-network")
    expect(planned.until).toEqual(["train-network"])
    expect(nodeOf(planned, "train-network")).toMatchObject({ status: "run", key: null })
    expect(nodeOf(planned, "evaluate-network")).toMatchObject({ status: "unasked", key: null, reason: null })

    const first = await asJson("run", "--until", "train-network")
    expect(first).toMatchObject({ status: "done", until: ["train-network"] })
    // beside what was run, of which commit it was
    const of = { commit: git("rev-parse", "HEAD"), isDirty: false }
    expect(first.git).toEqual(of)
    expect(ran(first)).toEqual(["ingest", "train-network"])
    expect(nodeOf(first, "evaluate-network")).toMatchObject({ status: "unasked", key: null, error: null, reason: null })
    expect(Object.keys(first.results)).toContain("model")
    expect(Object.keys(first.results)).not.toContain("metrics")
    expect(folderOf()).toBeNull()

    const again = await ask("run", "--until", "train-network")
    expect(again.code).toBe(0)
    expect(again.stdout).toMatch(
      /simple-cnn until train-network \S+ done .*: nothing to do: everything that is asked for/
    )
  })

  it("leaves its work to the whole run, and the results of that as they are", async () => {
    const whole = await asJson("run")
    expect(ran(whole)).not.toContain("train-network")
    expect(whole.until).toBeNull()
    const before = folderOf()
    expect(before?.map(([name]) => name)).toContain("metrics.json")
    const part = await asJson("run", "--until", "train-network", "--seed", "1")
    expect(ran(part)).toEqual(["train-network"])
    expect(folderOf()).toEqual(before)
    // its report lies beside its record
    expect(part.report).toBe(path.join(at.home, "runs", `${part.run}.html`))
  })

  it("takes a stage's name, or what a node makes, for the node", async () => {
    const planned = await asJson("plan", "--until", "history")
    expect(nodeOf(planned, "train-network").status).toBe("reuse")
    expect(nodeOf(planned, "evaluate-network").status).toBe("unasked")
  })

  it("is listed as such, and is none of the last runs that are compared", async () => {
    const { runs } = await document("list", "simple-cnn")
    expect(runs.map(({ until }) => until)).toEqual([["train-network"], null, ["train-network"], ["train-network"]])
    expect(runs[0]?.git).toEqual(runs[3]?.git)
    expect((await pipeline(at, "list")).stdout).toContain("done until train-network")
    expect((await document("compare", "simple-cnn", "--last", "2")).error).toMatchObject({
      what: "simple-cnn has one finished run"
    })
    // by its id it is compared by the numbers that it has, where it has some
    const [part = "", whole = ""] = runs.map(({ run }) => run)
    expect((await document("compare", part, whole)).status).toBe("done")
    const { run } = await asJson("run", "--until", "ingest")
    expect((await document("compare", run, whole)).error).toMatchObject({
      what: `${run} has no metrics: it was run until ingest`
    })
    // what it was not asked for is told by the run before it
    const { stdout } = await ask("why", "evaluate-network")
    expect(stdout).toContain(`in its last run (${whole}) it ran`)
    expect((await document("inspect", "simple-cnn/metrics")).status).toBe("done")
  })

  it("is refused by name where there is no such node, or nothing of it is kept, with a way out", async () => {
    const misspelt = await ask("run", "--until", "train-netwrok", "--json")
    expect(misspelt.code).toBe(2)
    expect(documentOf(misspelt).error).toMatchObject({
      what: 'simple-cnn has no node "train-netwrok"',
      fix: "Did you mean train-network?"
    })
    expect((await asJson("plan", "--until", "normalize")).error).toMatchObject({
      what: "normalize is streamed: nothing of it is kept, it is made anew for every node that needs it"
    })
    expect((await asJson("run", "--until", "ingest", "--again", "train-network")).error).toMatchObject({
      what: "--again train-network asks for a node that --until ingest leaves out",
      expected: "one of ingest",
      fix: "Leave one of the two out, or add --until train-network."
    })
  })
})
