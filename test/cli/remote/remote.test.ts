import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Finished, Rig } from "../../rig/cli.ts"
import { documentOf, imageFolder, nodeOf, pipeline, project, ran, rig } from "../../rig/cli.ts"
import { folder } from "../../rig/folder.ts"
import { describeWith } from "../../rig/needs.ts"
import { freePorts } from "../../rig/ports.ts"
import { type S3Server, seaweed } from "../../rig/s3-servers.ts"

// Two machines are two homes of one project: what they share lies in a folder, or in a bucket of a real server.

let root: string
let images: string
beforeAll(async () => {
  root = project()
  images = await imageFolder({ train: 6, test: 2 })
})

const NETWORK = '[{"kind":"flatten"},{"kind":"dense","units":4,"activation":"relu"}]'
const RUN = ["--network", NETWORK, "--validation", "test"]
const training = (command: string, epochs = 1) => [
  command,
  "simple-cnn",
  "--dataset",
  images,
  ...RUN,
  "--epochs",
  String(epochs),
  "--json"
]
/** The same for what needs no training: two nodes. */
const exploring = (command: string) => [command, "explore", "--dataset", images, "--json"]
const errorOf = ({ stdout }: Finished) => JSON.parse(stdout).error as { what: string; expected: string; fix: string }

/** Somebody with a key of their own, who is trusted for some namespaces. */
const person = async (at: Rig, name: string, ...namespaces: ReadonlyArray<string>) => {
  const env = { PIPELINE_KEY_FILE: path.join(folder("headrace-key"), "key") }
  const made = JSON.parse((await pipeline({ ...at, env }, "key", "new", "--json")).stdout) as { key: string }
  const scopes = namespaces.flatMap((namespace) => ["--namespace", namespace])
  expect((await pipeline({ ...at, env }, "key", "trust", name, made.key, ...scopes)).code).toBe(0)
  return { env, key: made.key }
}
const nobody = { PIPELINE_KEY_FILE: path.join(folder("headrace-key"), "none") }

const sharing = (where: string, remote: () => Readonly<Record<string, string>>) => {
  it(`what one machine trained another takes from ${where}, and computes nothing`, async () => {
    const at = rig({ root })
    const { env } = await person(at, "ada")
    const first = await pipeline({ ...at, env: { ...env, ...remote() } }, ...training("run"))
    expect(first.code).toBe(0)
    expect(ran(documentOf(first)).length).toBeGreaterThan(2)
    expect(first.stderr).toMatch(/\d+ results put into .* \(.* sent\)/)

    const other = rig({ root, env: { ...nobody, ...remote() } })
    const second = await pipeline(other, ...training("run"))
    expect(ran(documentOf(second))).toEqual([])
    expect(second.stderr).not.toContain("warning")
    const digests = (finished: Finished) =>
      Object.values(documentOf(finished).results as Record<string, { digest?: string }>).map(({ digest }) => digest)
    expect(digests(second)).toEqual(digests(first))
    // the images are read by nobody, and stay where they are
    const sizes = (home: string) =>
      fs
        .readdirSync(path.join(home, "objects"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile()).length
    expect(sizes(other.home)).toBeLessThan(sizes(at.home))

    // where the bytes lie is told, and asked anew each time
    const parts = async (from: Rig) => {
      const asked = await pipeline(from, "inspect", "simple-cnn/ingest.train", "--json")
      return (JSON.parse(asked.stdout) as { parts: ReadonlyArray<Record<string, unknown>> }).parts
    }
    expect((await parts(other))[0]).toMatchObject({ here: false, shared: true, file: null })
    expect((await parts({ ...at, env: remote() }))[0]).toMatchObject({ here: true, shared: true })
    expect((await parts({ ...at, env: {} }))[0]).toMatchObject({ here: true, shared: null })
    const told = await pipeline({ ...at, env: remote() }, "inspect", "simple-cnn/ingest.train")
    expect(told.stdout).toContain("\nbytes: here and in the shared store\n")

    // a worker process fetches what it needs
    const more = await pipeline(other, ...training("run"), "--learning-rate", "0.01")
    expect(documentOf(more).status).toBe("done")
    expect(ran(documentOf(more))).not.toContain("ingest")
  })
}

describe("a shared folder", () => {
  const shared = folder("headrace-shared")
  sharing("a folder", () => ({ PIPELINE_REMOTE: shared }))

  it("takes what was computed before there was one, and gives all of it to a machine that will be without it", async () => {
    const at = rig({ root, home: path.join(folder("headrace-home"), "home") })
    const remote = { PIPELINE_REMOTE: folder("headrace-shared") }
    const { env } = await person(at, "ada")
    expect(ran(documentOf(await pipeline({ ...at, env }, ...training("run")))).length).toBeGreaterThan(2)
    const pushed = await pipeline({ ...at, env: { ...env, ...remote } }, ...training("push"))
    expect(pushed.code).toBe(0)
    const other = rig({ root, env: { ...nobody, ...remote } })
    expect((await pipeline(other, ...training("pull"))).code).toBe(0)
    const alone = await pipeline({ ...other, env: {} }, ...training("run"), "--again", "train-network")
    expect(ran(documentOf(alone))).toEqual(["train-network"])
    // a longer training goes on from where that of the first machine stood
    const more = rig({ root, env: { ...nobody, ...remote } })
    expect((await pipeline(more, ...training("pull"))).code).toBe(0)
    const longer = documentOf(await pipeline({ ...more, env: {} }, ...training("run", 2)))
    expect(nodeOf(longer, "train-network").reason).toContain("continues from epoch 1")
  })

  it("that takes nothing makes a push fail, which says what is left; the next one puts it there", async () => {
    const at = rig({ root, home: path.join(folder("headrace-home"), "home") })
    const { env } = await person(at, "ada")
    expect((await pipeline({ ...at, env }, ...exploring("run"))).code).toBe(0)
    const [port] = await freePorts(1)
    const silent = {
      PIPELINE_REMOTE: `s3://team/results?endpoint=http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "ada",
      AWS_SECRET_ACCESS_KEY: "nobody-asks"
    }
    const failed = await pipeline({ ...at, env: { ...env, ...silent } }, ...exploring("push"))
    expect(failed.code, failed.stderr).toBe(1)
    const { status, nodes, left } = JSON.parse(failed.stdout)
    expect({ status, nodes: nodes.length > 0, left: left >= nodes.length }).toEqual({
      status: "failed",
      nodes: true,
      left: true
    })
    expect(failed.stderr).toContain("not in the shared store s3://team/results?endpoint=")
    const other = { ...env, PIPELINE_REMOTE: folder("headrace-shared") }
    const pushed = await pipeline({ ...at, env: other }, ...exploring("push"))
    expect({ code: pushed.code, left: JSON.parse(pushed.stdout).left }).toEqual({ code: 0, left: 0 })
  })

  it("keeps no secret: neither a record, nor a report, nor what is said has one", async () => {
    const at = rig({ root })
    const { env } = await person(at, "ada")
    const secret = fs.readFileSync(env.PIPELINE_KEY_FILE, "utf8").trim()
    expect(fs.statSync(env.PIPELINE_KEY_FILE).mode & 0o777).toBe(0o600)
    const keys = { AWS_ACCESS_KEY_ID: "reader", AWS_SECRET_ACCESS_KEY: "nobody-sees-this" }
    const shared = folder("headrace-shared")
    const run = await pipeline({ ...at, env: { ...env, ...keys, PIPELINE_REMOTE: shared } }, ...exploring("run"))
    expect(run.code, run.stdout + run.stderr).toBe(0)
    const written = [at.home, at.results, shared].flatMap((directory) =>
      fs
        .readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name)))
    )
    for (const text of [run.stdout, run.stderr, ...written])
      for (const hidden of [secret, "nobody-sees-this"]) expect(text.includes(hidden)).toBe(false)
  })
})

describeWith(["stores"], "a bucket", () => {
  let server: S3Server
  beforeAll(async () => {
    server = await seaweed()
  })
  afterAll(() => server.stop())
  const remote = () => ({
    PIPELINE_REMOTE: `s3://${server.address.bucket}/of-tests?endpoint=${server.address.endpoint.origin}`,
    AWS_ACCESS_KEY_ID: server.address.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.address.credentials.secretAccessKey
  })
  sharing("a bucket", remote)

  it("that is not there, or that refuses whoever asks, is told of once, and changes no result", async () => {
    await person(rig({ root }), "ada")
    for (const [wrong, told] of [
      [{ PIPELINE_REMOTE: `s3://no-such?endpoint=${server.address.endpoint.origin}` }, "no such bucket"],
      [{ AWS_SECRET_ACCESS_KEY: "wrong" }, "403"]
    ] as const) {
      const run = await pipeline(rig({ root, env: { ...nobody, ...remote(), ...wrong } }), ...exploring("run"))
      expect(documentOf(run).status).toBe("done")
      expect(run.stderr.match(/warning: The shared store/g)).toHaveLength(1)
      expect(run.stderr).toContain(told)
    }
  })
})

describe("a command that asks for a shared store is refused", () => {
  const refused = async (env: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
    errorOf(await pipeline(rig({ root, env: { ...nobody, ...env } }), ...args, "--json"))

  it("where nobody would be believed, or nobody would believe what is written", async () => {
    fs.rmSync(path.join(root, "headrace.keys.json"), { force: true })
    const shared = { PIPELINE_REMOTE: folder("headrace-shared") }
    expect((await refused(shared, "run", "explore", "--dataset", images)).what).toContain("trusts nobody")
    const at = rig({ root })
    await person(at, "ada", "release")
    const { env } = await person(at, "bob", "pr-*")
    expect((await refused({ ...shared, ...env }, "plan", "explore")).what).toContain("does not trust your key for main")
    expect((await refused(shared, "plan", "explore", "--remote", "write")).what).toContain("there is no key")
    const own = { ...shared, ...env, PIPELINE_NAMESPACE: "pr-7,main" }
    expect((await pipeline(rig({ root, env: own }), "plan", "explore", "--dataset", images)).code).toBe(0)
  })

  it("where what says so makes no sense", async () => {
    expect(await refused({}, "plan", "explore", "--remote", "reed")).toMatchObject({
      what: '--remote is "reed"',
      fix: "Try --remote read."
    })
    expect((await refused({}, "plan", "explore", "--remote", "read")).what).toContain("PIPELINE_REMOTE names none")
    expect((await refused({ PIPELINE_REMOTE: "gs://x" }, "list")).what).toContain("no kind of store")
    expect((await refused({ PIPELINE_REMOTE: "/tmp", PIPELINE_NAMESPACE: "Main!" }, "list")).what).toContain('"Main!"')
    expect((await refused({ PIPELINE_REMOTE: "/tmp", PIPELINE_KEY: "hush" }, "list")).what).toBe(
      "PIPELINE_KEY is no key"
    )
    expect((await refused({ PIPELINE_REMOTE: "/tmp" }, "push", "explore", "--remote", "off")).what).toContain(
      "push needs"
    )
  })
})

describe("pipeline key", () => {
  it("makes one key, which nothing overwrites, and says whose are trusted and revoked", async () => {
    const own = project()
    const at = rig({ root: own })
    const ada = await person(at, "ada")
    expect(errorOf(await pipeline({ ...at, env: ada.env }, "key", "new", "--json")).what).toContain("a key already")
    const bob = await person(at, "bob", "pr-*")
    const listed = await pipeline({ ...at, env: ada.env }, "key", "list")
    expect(listed.stdout).toContain(`ada   ${ada.key}  main         yours`)
    expect(listed.stdout).toContain(`bob   ${bob.key}  pr-*`)
    expect((await pipeline(at, "key", "revoke", "bob")).code).toBe(0)
    expect((await pipeline(at, "key", "list")).stdout).toMatch(/bob .* revoked \d{4}-\d\d-\d\d/)
    expect(errorOf(await pipeline(at, "key", "trust", "bob", bob.key, "--json")).what).toContain("was revoked on")
  })

  it("refuses what is no key, no name and no action", async () => {
    const at = rig({ root })
    const told = async (...args: ReadonlyArray<string>) => errorOf(await pipeline(at, "key", ...args, "--json"))
    expect((await told("trust", "ada", "ed25519:short")).what).toBe('"ed25519:short" is no public key')
    expect((await told("trust", "ada")).what).toBe("pipeline key trust names no key")
    expect((await told("trust", "ada", `ed25519:${"A".repeat(43)}`, "--namespace", "Main")).what).toContain(
      "cannot be trusted"
    )
    expect((await told("revoke", "nobody")).what).toContain('no trusted key "nobody"')
    expect(await told("trsut")).toMatchObject({ fix: "Did you mean trust?" })
    fs.writeFileSync(path.join(root, "headrace.keys.json"), '{"trusted":[{"name":"x"}]}')
    expect((await told("list")).what).toContain("headrace.keys.json")
    fs.rmSync(path.join(root, "headrace.keys.json"))
  })
})
