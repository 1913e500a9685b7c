import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { documentOf, type Finished, imageFolder, pipeline, project, type Rig, ran, rig } from "../../rig/cli.ts"
import { type FaultProxy, faultProxy, faults } from "../../rig/fault-proxy.ts"
import { folder } from "../../rig/folder.ts"
import { describeWith } from "../../rig/needs.ts"
import { type S3Server, seaweed } from "../../rig/s3-servers.ts"

// The real command, its worker processes and a real server, with a network between them that does not work.

describeWith(["stores"], "a command whose shared store", () => {
  let server: S3Server
  let proxy: FaultProxy
  let root: string
  let images: string
  let ada: Readonly<Record<string, string>>
  let digests: ReadonlyArray<unknown>

  const TOKEN = "a-token-that-nobody-sees"
  const remote = () => ({
    PIPELINE_REMOTE: `s3://${proxy.address.bucket}/of-tests?endpoint=${proxy.address.endpoint.origin}`,
    AWS_ACCESS_KEY_ID: proxy.address.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: proxy.address.credentials.secretAccessKey
  })
  const nobody = { PIPELINE_KEY_FILE: path.join(folder("headrace-key"), "none") }
  const NETWORK = '[{"kind":"flatten"},{"kind":"dense","units":4,"activation":"relu"}]'
  const training = (command: string, ...more: ReadonlyArray<string>) => [
    command,
    "simple-cnn",
    "--dataset",
    images,
    "--network",
    NETWORK,
    "--epochs",
    "1",
    "--validation",
    "test",
    "--json",
    ...more
  ]
  const digestsOf = (finished: Finished) =>
    Object.values(documentOf(finished).results as Record<string, { digest?: string }>).map(({ digest }) => digest)
  const warnings = ({ stderr }: Finished) => stderr.split("\n").filter((line) => line.startsWith("warning:"))

  beforeAll(async () => {
    server = await seaweed()
    proxy = await faultProxy(server)
    root = project()
    images = await imageFolder({ train: 6, test: 2 })
    ada = { PIPELINE_KEY_FILE: path.join(folder("headrace-key"), "key") }
    const at = rig({ root, env: ada })
    const made = JSON.parse((await pipeline(at, "key", "new", "--json")).stdout) as { readonly key: string }
    await pipeline(at, "key", "trust", "ada", made.key)
    const first = await pipeline(rig({ root, env: { ...ada, ...remote() } }), ...training("run"))
    expect(first.code, first.stderr).toBe(0)
    digests = digestsOf(first)
  })
  afterAll(async () => {
    await proxy.stop()
    await server.stop()
  })
  beforeEach(() => {
    proxy.befall(() => null)
    proxy.asked.length = 0
  })

  /** All that a command left for anybody to read. */
  const left = ({ home, results }: Rig, { stdout, stderr }: Finished): ReadonlyArray<Buffer> => [
    Buffer.from(stdout),
    Buffer.from(stderr),
    ...[home, results].flatMap((directory) =>
      fs
        .readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name)))
    )
  ]
  const secrets = () => [
    proxy.address.credentials.secretAccessKey,
    TOKEN,
    fs.readFileSync(ada.PIPELINE_KEY_FILE ?? "", "utf8").trim(),
    "Signature="
  ]

  for (const [what, fault] of [
    ["answers nothing", faults.silent()],
    ["cannot be connected to", faults.refused()],
    ["refuses whoever asks", faults.answered(403, "AccessDenied")],
    ["hangs up in the middle", faults.cutDown()]
  ] as const)
    it(`${what} ends as one without it, waits for one name, says so once, and tells no secret`, async () => {
      proxy.befall(() => fault)
      const at = rig({ root, env: { ...nobody, ...remote(), AWS_SESSION_TOKEN: TOKEN } })
      const finished = await pipeline(at, ...training("run"))
      expect(documentOf(finished).status).toBe("done")
      expect(digestsOf(finished)).toEqual(digests)
      expect(warnings(finished)).toHaveLength(1)
      // in the background, it is asked again for that, and by a worker whether it is there at all
      const names = proxy.asked.map(({ name }) => name).filter((name) => !name.includes("/probes/"))
      expect(new Set(names).size).toBe(1)
      for (const text of left(at, finished)) for (const secret of secrets()) expect(text.includes(secret)).toBe(false)
    })

  it("gives other bytes has none, whoever finds that out", async () => {
    proxy.befall(({ method, name }) => (method === "GET" && name.includes("/objects/") ? faults.flipped() : null))
    const at = rig({ root, env: { ...nobody, ...remote() } })
    const finished = await pipeline(at, ...training("run", "--learning-rate", "0.01"))
    expect(documentOf(finished).status).toBe("done")
    expect(ran(documentOf(finished))).toContain("ingest")
    expect(warnings(finished).join("\n")).toMatch(/gave other bytes for object [0-9a-f]+: they are not used/)
  })
})
