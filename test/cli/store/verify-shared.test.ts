import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { type Cluster, cluster } from "../../rig/cluster.ts"

let machines: Cluster
beforeAll(async () => {
  machines = await cluster()
  expect((await machines.command("run", "waiting", "--number", "7")).code).toBe(0)
})
const verified = async (...args: ReadonlyArray<string>) => {
  const { code, stdout } = await machines.command("verify", "--shared", ...args, "--json")
  return { code, document: JSON.parse(stdout) }
}

it("verify --shared tells what lies there, and by --hash that each byte is as it was written", async () => {
  const listed = await verified()
  expect(listed).toMatchObject({ code: 0, document: { status: "done", traces: 2, hashed: 0, findings: [] } })
  const hashed = await verified("--hash")
  expect(hashed).toMatchObject({ code: 0, document: { findings: [], hashed: listed.document.bytes } })
  const told = (await machines.command("verify", "--shared")).stdout
  expect(told).toMatch(/^2 traces and 2 objects \(.+\) of .+ verified in .+, by their lengths: --hash reads them$/m)
  expect(told).toContain("all is as it was written")
})

it("what is damaged is told by the exit code, and removed by --repair", async () => {
  const objects = path.join(machines.shared, "v1/objects")
  const [file = ""] = fs
    .readdirSync(objects, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  const whole = fs.readFileSync(file)
  fs.chmodSync(file, 0o644)
  fs.writeFileSync(file, Buffer.alloc(whole.length))
  expect((await verified()).code).toBe(0)
  expect(await verified("--hash")).toMatchObject({
    code: 1,
    document: { status: "failed", findings: [{ fault: "corrupt", what: "object", name: path.basename(file) }] }
  })
  expect(await verified("--hash", "--repair")).toMatchObject({ code: 0, document: { findings: [{ isRemoved: true }] } })
  expect(fs.existsSync(file)).toBe(false)
  expect(await verified("--hash")).toMatchObject({ code: 2, document: { findings: [{ fault: "missing" }] } })
})

it("what makes no sense together is refused by name", async () => {
  const refused = async (...args: ReadonlyArray<string>) => {
    const { code, stdout } = await machines.command("verify", ...args, "--json")
    expect(code).toBe(2)
    return JSON.parse(stdout).error.what
  }
  expect(await refused("--hash")).toBe("--hash is of a shared store")
  expect(await refused("waiting", "--shared")).toBe("waiting says nothing of a shared store")
})
