import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { onDisk, type Packed, picture, tar, zip } from "../rig/archives.ts"
import { refused } from "../rig/bad-input.ts"

const run = (name: string, bytes: Uint8Array) => refused(["run", "transfer", "--dataset", onDisk(name, bytes)], 1)

const withGood = async (...more: ReadonlyArray<Packed>): Promise<ReadonlyArray<Packed>> => {
  const bytes = await picture("a.png")
  return [...["cat", "dog"].flatMap((name) => [0, 1].map((at) => ({ path: `${name}/${at}.png`, bytes }))), ...more]
}

describe("a hostile archive fails before anything of it is used", () => {
  it.each(["../evil.png", "cat/../../evil.png", "/etc/evil.png"])("for its entry %s", async (path) => {
    const entries = await withGood({ path, bytes: "x" })
    const refusal = {
      tag: "ArchiveRefused",
      what: expect.stringContaining(`has an entry "${path}"`),
      expected: "relative paths that stay inside",
      fix: expect.stringContaining("tar -C FOLDER -czf ARCHIVE .")
    }
    const [packed, zipped] = await Promise.all([
      run("evil.tar.gz", gzipSync(tar(entries))),
      run("evil.zip", zip(entries))
    ])
    expect(packed).toMatchObject(refusal)
    expect(zipped).toMatchObject(refusal)
  })

  it("for a link or a device", async () => {
    const expected = "only regular files and folders"
    const [symbolic, hard, device, zipped] = await Promise.all([
      run("symbolic.tar", tar(await withGood({ path: "cat/link.png", type: "SymbolicLink" }))),
      run("hard.tar.gz", gzipSync(tar(await withGood({ path: "cat/link.png", type: "Link" })))),
      run("device.tar", tar(await withGood({ path: "cat/null.png", type: "CharacterDevice" }))),
      run("symbolic.zip", zip(await withGood({ path: "cat/link.png", bytes: "/etc/passwd", type: "SymbolicLink" })))
    ])
    expect(symbolic).toMatchObject({
      what: expect.stringContaining('a symbolic link, "cat/link.png"'),
      expected
    })
    expect(hard).toMatchObject({ what: expect.stringContaining('a hard link, "cat/link.png"'), expected })
    expect(device).toMatchObject({ what: expect.stringContaining('a device, "cat/null.png"'), expected })
    expect(zipped).toMatchObject({
      what: expect.stringContaining('a symbolic link, "cat/link.png"'),
      expected
    })
  })
})

describe("a damaged archive fails, saying so", () => {
  it("a truncated one", async () => {
    const entries = await withGood()
    const [packed, plain, zipped] = await Promise.all([
      run("cut.tar.gz", gzipSync(tar(entries)).subarray(0, -30)),
      run("cut.tar", tar(entries).subarray(0, 1200)),
      run("cut.zip", zip(entries).subarray(0, -30))
    ])
    for (const refusal of [packed, plain, zipped]) {
      expect(refusal).toMatchObject({
        tag: "ArchiveRefused",
        what: expect.stringMatching(/cut\.(tar|tar\.gz|zip) is truncated$/),
        expected: "a whole archive",
        fix: "Copy or download it again."
      })
    }
  })

  it("a file that is none", async () => {
    const page = Buffer.from("<html>404 Not Found</html>\n".repeat(100))
    const [text, gzip, zipped, empty] = await Promise.all([
      run("page.tar", page),
      run("page.tar.gz", gzipSync(page)),
      run("page.zip", page),
      run("empty.tar.gz", Buffer.alloc(0))
    ])
    for (const refusal of [text, gzip, zipped, empty]) {
      expect(refusal).toMatchObject({
        tag: "ArchiveRefused",
        what: expect.stringMatching(/ is no archive, or damaged from its start$/),
        expected: "a .tar, .tar.gz, .tgz or .zip",
        fix: expect.stringMatching(/a failed download is often a web page/)
      })
    }
  })

  it("a zip whose bytes are not those of its checksum", async () => {
    expect(await run("crc.zip", zip(await withGood(), { crc: 1 }))).toMatchObject({
      tag: "ArchiveRefused",
      what: expect.stringContaining("has another checksum")
    })
  })
})
