import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import * as Digest from "../../../artifacts/Digest.ts"
import { root } from "../../rig/bundle.ts"
import { command } from "../../rig/command.ts"
import { folder } from "../../rig/folder.ts"

const pipeline = (home: string, ...args: ReadonlyArray<string>) =>
  command(process.execPath, [path.join(root, "bin/pipeline.mjs"), ...args], {
    cwd: root,
    env: { ...process.env, PIPELINE_HOME: home, PIPELINE_REMOTE: "" }
  })

/** A store of three objects, of which one may be other than it is called. */
const storeOf = (damaged: string | null) => {
  const home = path.join(folder("headrace-verify"), "home")
  const files = ["one", "two", "three"].map((text) => {
    const object = Digest.ofBytes(text)
    const file = path.join(home, "objects", object.slice(0, 2), object)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, text)
    return file
  })
  const [file = ""] = files
  if (damaged !== null) fs.writeFileSync(file, damaged)
  return { home, file }
}

it("verify says what is wrong by its exit code, in text and in one document, and changes nothing", async () => {
  const { home, file } = storeOf("won")
  const told = await pipeline(home, "verify")
  expect(told.status).toBe(1)
  expect(told.stdout).toContain("3 objects (11 B), 0 traces, 0 records and 0 notes verified in")
  expect(told.stdout).toContain("to mend it: pipeline verify --repair")
  expect(told.stderr).toContain(`corrupt: object ${Digest.short(path.basename(file))}`)
  const document = await pipeline(home, "verify", "--json")
  expect(document.status).toBe(1)
  expect(JSON.parse(document.stdout)).toMatchObject({
    schema: 1,
    status: "failed",
    checked: { objects: 3, bytes: 11, traces: 0, records: 0, notes: 0 },
    findings: [{ fault: "corrupt", what: "object", name: path.basename(file), file, nodes: [], repair: null }]
  })
  expect(fs.readFileSync(file, "utf8")).toBe("won")
})

it("verify --repair leaves a store that is found sound, and tells what lies in quarantine", async () => {
  const { home, file } = storeOf("won")
  const repaired = await pipeline(home, "verify", "--repair", "--json")
  expect(repaired.status).toBe(0)
  const { status, findings } = JSON.parse(repaired.stdout)
  expect([status, findings]).toMatchObject(["done", [{ repair: { _tag: "Quarantined" } }]])
  expect(fs.readFileSync(findings[0].repair.to, "utf8")).toBe("won")
  expect(fs.existsSync(file)).toBe(false)
  const again = await pipeline(home, "verify")
  expect([again.status, again.stderr]).toEqual([0, ""])
  expect(again.stdout).toContain("in quarantine: 1 file, 3 B")
  expect(again.stdout).toContain("all is as it was written")
})

it("verify refuses a sample that is none, and a run that is not kept", async () => {
  const { home } = storeOf(null)
  for (const args of [["--sample", "8/7"], ["20990101"]]) {
    const { status, stdout } = await pipeline(home, "verify", ...args, "--json")
    expect(status).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ status: "failed", error: { tag: "UsageInvalid" } })
  }
  expect((await pipeline(home, "verify")).status).toBe(0)
})
