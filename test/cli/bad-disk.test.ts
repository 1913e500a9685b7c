import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { onDisk, picture, tar } from "../rig/archives.ts"
import { mounted, pipeline, place, refused } from "../rig/bad-input.ts"
import { folder } from "../rig/folder.ts"
import { describeWith } from "../rig/needs.ts"

let dataset = ""
beforeAll(async () => {
  const bytes = await Promise.all([40, 200].map((r) => picture("a.png", 8, 8, { r, g: 100, b: 50 })))
  dataset = onDisk(
    "images",
    ["cat", "dog"].flatMap((name, label) =>
      Array.from({ length: 24 }, (_, at) => ({ path: `${name}/${at}.png`, bytes: bytes[label] ?? "" }))
    )
  )
})

const train = () => ["run", "transfer", "--dataset", dataset, "--epochs", "1", "--units", "4"]

const full = {
  tag: "StoreFailed",
  what: expect.stringMatching(/^The disk is full: .*\(ENOSPC\)$/),
  expected: "free space for the cache",
  fix: "Free some, or move the cache with PIPELINE_HOME=/another/disk."
}

describeWith(["mounts"], "a full disk", () => {
  it("fails the node that writes, and leaves nothing half-written", async () => {
    const failure = await refused([...train(), "--image-size", "256"], 1, { under: mounted("size=1m") })
    expect(failure).toMatchObject(full)
    expect(failure.document.nodes?.map(({ node, status }) => `${node} ${status}`)).toEqual(
      expect.arrayContaining(["ingest failed", "extract-features skipped", "train skipped"])
    )
  })

  it("in the middle of an extraction keeps what is whole; with room, the next run goes on from there", async () => {
    const failure = await refused(train(), 1, { under: mounted("size=160k") })
    expect(failure).toMatchObject(full)
    expect(failure.document.nodes?.map(({ node, status }) => `${node} ${status}`)).toEqual(
      expect.arrayContaining(["ingest ran", "extract-features failed", "train skipped"])
    )
    const again = 'if "$@" > /dev/null 2>&1; then exit 98; fi; mount -o remount,size=64m "$PIPELINE_HOME"; "$@"'
    const { exit, stdout, stderr } = await pipeline([...train(), "--json"], {
      under: mounted("size=160k", ({ home }) => home, again)
    })
    expect(exit, stderr).toBe(0)
    const { nodes } = JSON.parse(stdout) as {
      readonly nodes: ReadonlyArray<{ readonly node: string; readonly status: string }>
    }
    expect(nodes.map(({ node, status }) => `${node} ${status}`)).toEqual(
      expect.arrayContaining(["ingest reused", "extract-features ran", "train ran"])
    )
  })

  it("on which nothing can be created is told as such", async () => {
    expect(await refused(train(), 1, { under: mounted("size=4k,nr_inodes=1") })).toMatchObject(full)
  })
})

describeWith(["mounts"], "a full temporary folder", () => {
  it("fails the reading of an archive whose order is another, saying how much room it takes and where to find it", async () => {
    const bytes = await picture("a.png", 8, 8)
    const noise = Buffer.concat([bytes, randomBytes(100_000)])
    const entries = ["dog", "cat"].flatMap((name) =>
      [0, 1, 2, 3].map((at) => ({ path: `${name}/${at}.png`, bytes: noise }))
    )
    const temporary = folder("tmp")
    const args = ["run", "transfer", "--dataset", onDisk("images.tar", tar(entries))]
    const under = mounted("size=64k", () => temporary)
    expect(await refused(args, 1, { under, env: { TMPDIR: temporary } })).toMatchObject({
      tag: "TemporaryUnwritable",
      what: expect.stringMatching(/^The temporary file in .*tmp-.* cannot be written: .*ENOSPC/),
      expected: "room for 1 MB there",
      fix: expect.stringMatching(/^Let TMPDIR name a folder on a disk with room/)
    })
  })
})

it("a cache that can't be written fails a run where a file lies in its place", async () => {
  const home = path.join(folder(), "a-file")
  fs.writeFileSync(home, "")
  const env = { PIPELINE_HOME: home }
  expect(await refused(train(), 1, { env })).toMatchObject({
    tag: "StoreFailed",
    what: expect.stringMatching(/^A file lies where the cache should have a directory: .*a-file/),
    fix: expect.stringContaining("PIPELINE_HOME")
  })
})

const remount = 'mount -o remount,ro "$PIPELINE_HOME"; "$@"'

describeWith(["mounts"], "a cache that can't be written", () => {
  it("fails a run, saying where it may lie instead", async () => {
    const under = mounted("size=1m", ({ home }) => home, remount)
    expect(await refused(train(), 1, { under })).toMatchObject({
      tag: "StoreFailed",
      what: expect.stringMatching(/^The cache cannot be written: .*\(EROFS\)$/),
      expected: "a directory that you may write to",
      fix: "Correct its permissions, or move the cache with PIPELINE_HOME."
    })
  })

  it("can be read: a plan needs no writing", async () => {
    const under = mounted("size=1m", ({ home }) => home, remount)
    const { exit, stdout, stderr } = await pipeline(["plan", "transfer", "--dataset", dataset], { under })
    expect({ exit, stderr }).toMatchObject({ exit: 0, stderr: expect.not.stringContaining("EROFS") })
    expect(stdout).toContain("would run")
  })
})

describeWith(["mounts"], "results that can't be written", () => {
  it("fail a run that has computed everything, naming the folder; what is cached stays", async () => {
    const at = place()
    const filled = await pipeline(train(), { at })
    expect(filled.exit, filled.stderr).toBe(0)
    const before = fs.readFileSync(path.join(at.results, "transfer", "metrics.json"), "utf8")
    const readOnly = path.join(folder(), "results")
    const under = mounted("size=1m", () => readOnly, `mount -o remount,ro "${readOnly}"; "$@"`)
    expect(await refused(train(), 1, { at, under, env: { PIPELINE_RESULTS: readOnly } })).toMatchObject({
      tag: "StoreFailed",
      what: expect.stringContaining(`The results cannot be written: ${readOnly}`),
      expected: "a folder that you may write to, with room",
      fix: expect.stringContaining("PIPELINE_RESULTS")
    })
    expect(fs.readFileSync(path.join(at.results, "transfer", "metrics.json"), "utf8")).toBe(before)
  })
})

describeWith(["mounts"], "what can't be cleaned up", () => {
  it("fails no run: not a killed one's results, nor its unfinished objects", async () => {
    // a mount point can't be removed, not even by root
    const stuck = [
      'touch "$PIPELINE_RESULTS/.here" && mkdir -p "$PIPELINE_RESULTS/.transfer-1-0123abcd/stuck" "$PIPELINE_HOME/objects/ab"',
      'mount -t tmpfs headrace "$PIPELINE_RESULTS/.transfer-1-0123abcd/stuck"',
      'touch "$PIPELINE_HOME/objects/ab/.tmp-1-0"',
      'mount --bind "$PIPELINE_RESULTS/.here" "$PIPELINE_HOME/objects/ab/.tmp-1-0"',
      'touch -d "3 days ago" "$PIPELINE_RESULTS/.here" "$PIPELINE_RESULTS/.transfer-1-0123abcd"'
    ].join(" && ")
    const at = place()
    const ended = await pipeline([...train(), "--json"], {
      at,
      under: mounted("size=64m", ({ home }) => home, `${stuck} || exit 99; "$@"`)
    })
    expect(ended.exit, ended.stderr).toBe(0)
    expect(JSON.parse(ended.stdout)).toMatchObject({ status: "done" })
    expect(fs.existsSync(path.join(at.results, "transfer", "curves.png"))).toBe(true)
    expect(fs.readdirSync(at.results).sort()).toEqual([".here", ".transfer-1-0123abcd", "transfer"])
  })
})
