import { createHash, createPublicKey, verify } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { command } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"
import { describeWith } from "../rig/needs.ts"
import { type OutsideProject, outsideProject } from "../rig/outside.ts"
import { blocksOf } from "../rig/pages.ts"
import { environmentOf } from "../rig/python.ts"
import { type S3Server, seaweed } from "../rig/s3-servers.ts"

// docs/store.md tells strangers what lies in a shared store. Here somebody who knows no more than that page looks into one.

let project: OutsideProject
let key: string
const signing = { PIPELINE_KEY_FILE: path.join(folder("headrace-key"), "key") }

/** A command of the project, in an environment. */
const typed = async (env: Readonly<Record<string, string>>, line: string) => {
  const given = Object.entries({ ...signing, ...env }).map(([name, value]) => `${name}='${value}'`)
  const { status, stdout, stderr } = await project.shell(`${given.join(" ")} npx pipeline ${line}`)
  expect(status, stderr).toBe(0)
  return { stdout, stderr }
}

beforeAll(async () => {
  project = await outsideProject()
  await typed({}, "key new")
  key = JSON.parse((await typed({}, "key list --json")).stdout).own
  await typed({}, `key trust ada ${key}`)
  await typed({}, "run rents")
})

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("hex")

describe("a shared folder", () => {
  it("has the names that the page has, objects that are what they are called, and traces that are signed as it says", async () => {
    const shared = folder("headrace-shared")
    await typed({ PIPELINE_REMOTE: shared }, "push rents")
    const names = fs
      .readdirSync(shared, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(shared, path.join(entry.parentPath, entry.name)))
    const traces = names.filter((name) => name.startsWith("v1/traces/main/"))
    expect(traces.map((name) => name.split("/")[3]).sort()).toEqual(["fit-line", "read-rents"])
    const objects = names.filter((name) => name.startsWith("v1/objects/"))
    expect(objects.length + traces.length + names.filter((name) => name.startsWith("v1/chunks/")).length).toBe(
      names.length
    )
    for (const name of objects) {
      const digest = sha256(fs.readFileSync(path.join(shared, name)))
      expect(name).toBe(`v1/objects/${digest.slice(0, 2)}/${digest}`)
    }
    for (const name of traces) {
      const { trace, by, signature } = JSON.parse(fs.readFileSync(path.join(shared, name), "utf8"))
      expect(by).toBe(key)
      const [, , namespace, stage, file = ""] = name.split("/")
      const lines = [
        "headrace",
        "1",
        "trace",
        namespace,
        JSON.stringify(stage),
        file.replace(".json", ""),
        sha256(trace)
      ]
      const signer = createPublicKey({
        format: "jwk",
        key: { kty: "OKP", crv: "Ed25519", x: by.slice("ed25519:".length) }
      })
      const isSigned = (text: string) => verify(null, Buffer.from(text), signer, Buffer.from(signature, "base64url"))
      expect([isSigned(lines.join("\n")), isSigned(`${lines.join("\n")}\n`)]).toEqual([true, false])
      for (const { parts } of Object.values(JSON.parse(trace).outputs) as ReadonlyArray<{
        parts: ReadonlyArray<{ object: string }>
      }>)
        for (const { object } of parts) expect(objects).toContain(`v1/objects/${object.slice(0, 2)}/${object}`)
    }
  })
})

describeWith(["readers", "stores"], "a bucket", () => {
  let server: S3Server
  beforeAll(async () => {
    server = await seaweed()
  })
  afterAll(() => server.stop())

  it("is read by pyarrow and DuckDB with the page's program", async () => {
    const { accessKeyId, secretAccessKey } = server.address.credentials
    const credentials = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    const { bucket, endpoint } = server.address
    await typed(
      { ...credentials, PIPELINE_REMOTE: `s3://${bucket}/of-tests?endpoint=${endpoint.origin}` },
      "push rents"
    )

    const [program] = blocksOf("docs/store.md").filter(({ language }) => language === "py")
    const [trace = ""] = fs
      .readdirSync(project.at(".pipeline/traces/read-rents"))
      .filter((name) => name.endsWith(".json"))
    const args = [endpoint.origin, `${bucket}/of-tests`, `v1/traces/main/read-rents/${trace}`]
    const found = await command(
      path.join(environmentOf("readers"), "bin/python"),
      ["-c", program?.text ?? "", ...args],
      { env: { ...process.env, ...credentials } }
    )
    expect(found.status, found.stderr).toBe(0)
    const { document } = await project.run("rents")
    const rows = document.nodes.find(({ node }: { readonly node: string }) => node === "read-rents").rows
    expect(found.stdout).toMatch(new RegExp(`^\\['area', 'rent'\\] ${rows}\\n\\(${rows}, [\\d.]+\\)\\n$`))
  })
})
