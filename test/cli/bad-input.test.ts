import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { pipeline, refused } from "../rig/bad-input.ts"
import { folder } from "../rig/folder.ts"

const run = (...args: ReadonlyArray<string>) => refused(["run", "transfer", ...args], 2)

describe("a wrong command line exits with 2, and says what would be right", () => {
  it("of a command", async () => {
    expect(await refused(["rnu"], 2)).toMatchObject({
      tag: "UsageInvalid",
      what: 'There is no command "rnu"',
      expected: expect.stringMatching(/^one of \d+, such as run, /),
      fix: "Did you mean run?"
    })
    expect(await refused(["frobnicate"], 2)).toMatchObject({ fix: "See pipeline --help." })
    expect(await refused(["--epochs", "3"], 2)).toMatchObject({ what: "--epochs comes before any command" })
  })

  it("of PIPELINE_THREADS, which stands beside it", async () => {
    for (const found of ["0", "abc", "1.5"]) {
      expect(await refused(["plan", "transfer"], 2, { env: { PIPELINE_THREADS: found } })).toMatchObject({
        tag: "ThreadsInvalid",
        what: `PIPELINE_THREADS is "${found}"`,
        expected: "a whole number from 1 to 1024",
        fix: "Unset it to use every core, or set it to such a number."
      })
    }
  })

  it("of a pipeline", async () => {
    expect(await refused(["run", "trasnfer"], 2)).toMatchObject({
      what: 'There is no pipeline "trasnfer"',
      expected: expect.stringContaining("transfer"),
      fix: "Did you mean transfer?"
    })
    const none = { what: "pipeline plan names no pipeline", fix: "Name one; pipeline list tells what they are." }
    expect(await refused(["plan"], 2)).toMatchObject(none)
    expect(await refused(["plan", "--epochs", "3"], 2)).toMatchObject(none)
  })

  it("of a parameter, with the nearest name", async () => {
    expect(await run("--learing-rate", "0.1")).toMatchObject({
      what: 'pipeline run transfer has no option "--learing-rate"',
      expected: expect.stringMatching(/^one of \d+, such as --learning-rate, /),
      fix: "Did you mean --learning-rate?"
    })
    expect(await run("--frobnicate=1")).toMatchObject({ fix: "See pipeline run transfer --help." })
    expect(await run("-x")).toMatchObject({ what: 'pipeline run transfer has no option "-x"' })
    expect(await refused(["list", "--jsn"], 2)).toMatchObject({ fix: "Did you mean --json?" })
  })

  it("of a value: its type", async () => {
    expect(await run("--epochs", "three")).toMatchObject({
      tag: "ParamInvalid",
      what: 'Param "epochs" is "three"',
      expected: "a whole number from 1 to 100000",
      fix: "Try --epochs 10."
    })
    expect(await run("--seed", "1.5")).toMatchObject({ what: 'Param "seed" is 1.5', expected: "a whole number" })
    expect(await run("--learning-rate", "NaN")).toMatchObject({ what: 'Param "learningRate" is "NaN"' })
    expect(await run("--dataset", "")).toMatchObject({ what: 'Param "dataset" is ""', fix: "Try --dataset cifar10." })
  })

  it("of a value: its range", async () => {
    expect(await run("--epochs", "0")).toMatchObject({ what: 'Param "epochs" is 0', fix: "Try --epochs 10." })
    expect(await run("--units", "99999999")).toMatchObject({ expected: "a whole number from 1 to 65536" })
    expect(await run("--dropout", "1")).toMatchObject({ expected: "a number from 0 to below 1" })
    const negative = {
      what: 'Param "learningRate" is -1',
      expected: "a number above 0",
      fix: "Try --learning-rate 0.0003."
    }
    expect(await run("--learning-rate", "-1")).toMatchObject(negative)
    expect(await run("--learning-rate=-1")).toMatchObject(negative)
  })

  it("of a value that is JSON, or a file of it", async () => {
    const expected = "null, or a whole number from 8 to 1024, as JSON or @file.json of at most 1 MB"
    expect(await run("--image-size", "{")).toMatchObject({ what: 'Param "imageSize" is "{"', expected })
    expect(await run("--image-size", "@/nowhere.json")).toMatchObject({
      what: 'Param "imageSize" is "@/nowhere.json"',
      expected
    })
    const file = path.join(folder(), "size.json")
    fs.writeFileSync(file, "4")
    expect(await run("--image-size", `@${file}`)).toMatchObject({ what: 'Param "imageSize" is 4' })
  })

  it("of a value that is missing or given twice, and of an argument too many", async () => {
    expect(await run("--epochs")).toMatchObject({
      what: "--epochs has no value",
      expected: "a whole number from 1 to 100000",
      fix: "Try --epochs 10."
    })
    expect(await run("--epochs", "--units", "3")).toMatchObject({ what: "--epochs has no value" })
    expect(await run("--epochs", "3", "--epochs=4")).toMatchObject({ what: "--epochs is given twice" })
    expect(await run("--refresh=maybe")).toMatchObject({ what: "--refresh was given a value" })
    expect(await run("cifar10-5k")).toMatchObject({ what: 'pipeline run transfer takes no argument "cifar10-5k"' })
    expect(await refused(["inspect", "one", "two"], 2)).toMatchObject({
      what: 'pipeline inspect takes no argument "two"',
      expected: "one argument: PIPELINE/NAME, RUN/NAME or the beginning of a digest"
    })
    expect(await refused(["doctor", "all"], 2)).toMatchObject({ what: 'pipeline doctor takes no argument "all"' })
    expect(await refused(["list", "all"], 2)).toMatchObject({ what: 'There is no pipeline "all"' })
  })

  it("of an artifact or a node", async () => {
    expect(await refused(["inspect", "nothing/here"], 2)).toMatchObject({
      what: 'No run of "nothing" is kept',
      expected: expect.stringContaining("the beginning of a digest"),
      fix: "See pipeline list."
    })
    expect(await refused(["inspect", "transfer/model"], 2)).toMatchObject({
      fix: "Run it first: pipeline run transfer."
    })
    expect(await refused(["inspect", "abcd"], 2)).toMatchObject({ what: 'Nothing in the cache begins with "abcd"' })
    expect(await refused(["inspect"], 2)).toMatchObject({ what: "pipeline inspect names nothing" })
    expect(await refused(["export", "transfer/model"], 2)).toMatchObject({
      what: "pipeline export has no --to",
      fix: "Try --to exported."
    })
    expect(await refused(["why", "transfer", "nonode"], 2)).toMatchObject({
      what: 'transfer has no node "nonode"',
      expected: expect.stringContaining("one of 15, such as "),
      fix: "See pipeline plan transfer."
    })
    expect(await refused(["why", "transfer", "trian"], 2)).toMatchObject({ fix: "Did you mean train?" })
  })
})

it("a wrong command line ends with the way to write the command", async () => {
  const last = async (...args: ReadonlyArray<string>) => (await pipeline(args)).stderr.trimEnd().split("\n").at(-1)
  expect(await last("rnu")).toBe("usage: pipeline COMMAND [--json]")
  expect(await last("run", "trasnfer")).toMatch(/^usage: pipeline run PIPELINE /)
  expect(await last("sweep", "transfer", "--jobs", "two")).toMatch(/^usage: pipeline sweep transfer .*\[--jobs N\]/)
  const json = await pipeline(["export", "--json"])
  expect(JSON.parse(json.stdout)).toMatchObject({
    error: { tag: "UsageInvalid", usage: "pipeline export ADDRESS --to FOLDER [--whole] [--json]" }
  })
})

describe("what isn't wrong", () => {
  it("help is text without colours, and a document with --json, wherever it is asked for", async () => {
    const plain = await pipeline(["run", "transfer", "--help"])
    expect(plain).toMatchObject({ exit: 0, stderr: "" })
    expect(plain.stdout).toMatch(/--learning-rate/)
    expect(plain.stdout).not.toContain("\u001b")
    const json = await pipeline(["--json", "run", "transfer", "--help"])
    expect(JSON.parse(json.stdout)).toMatchObject({ status: "done", text: expect.stringContaining("--learning-rate") })
    for (const args of [
      ["help", "run", "transfer"],
      ["run", "transfer", "-h"],
      ["run", "transfer", "--bad", "--help"]
    ])
      expect(await pipeline(args)).toMatchObject({ exit: 0, stdout: plain.stdout })
    expect(await pipeline([])).toMatchObject({ exit: 0, stdout: (await pipeline(["--help"])).stdout })
  })

  it("the version", async () => {
    expect(await pipeline(["--version"])).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    expect(JSON.parse((await pipeline(["--version", "--json"])).stdout)).toMatchObject({ status: "done" })
  })

  it("negative numbers are values, not options", async () => {
    expect(await run("--learning-rate", "-1e-3")).toMatchObject({ what: 'Param "learningRate" is -0.001' })
    expect(await refused(["sweep", "transfer", "--seeds", "-2"], 2)).toMatchObject({ what: "--seeds is -2" })
  })
})
