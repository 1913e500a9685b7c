import fs from "node:fs"
import http from "node:http"
import type { AddressInfo } from "node:net"
import path from "node:path"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Digest from "../../../artifacts/Digest.ts"
import * as Text from "../../../artifacts/Text.ts"
import { FileDigests } from "../../../files/FileDigests.ts"
import * as Backbone from "../../../images/models/Backbone.ts"
import * as Catalogue from "../../../images/services/Catalogue.ts"
import * as CifarArchive from "../../../images/services/CifarArchive.ts"
import { cifar10, standardNames } from "../../../images/services/CifarFormat.ts"
import { Datasets, type ResolveOptions } from "../../../images/services/Datasets.ts"
import { Download, type DownloadError, NoNetwork, type Request } from "../../../images/services/Download.ts"
import { tar } from "../../rig/archives.ts"
import { folder } from "../../rig/folder.ts"

const official = "cifar-10-binary.tar.gz"
const lossless = "cifar10-images-lossless.tar.gz"
const images = "cifar10-images.tar.gz"

type Network = (request: Request) => Effect.Effect<void, DownloadError>
const offline: Network = ({ url }) => Effect.fail(new NoNetwork({ url, what: "no route" }))
const online: Network = ({ destination }) =>
  Effect.sync(() => {
    fs.mkdirSync(path.dirname(destination), { recursive: true })
    fs.writeFileSync(destination, "from the network")
  })

/** The URL of a server that sends half of a file, cuts the connection and is gone. */
const vanishing = Effect.acquireRelease(
  Effect.async<http.Server>((resume) => {
    const server = http.createServer((_, response) => {
      server.close()
      response.writeHead(200, { "content-length": 200_000 })
      response.write(Buffer.alloc(100_000), () => setImmediate(() => response.destroy()))
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`))

/** A machine with an empty mirror and home. `asked` lists the URLs that were tried since it was last emptied. */
const machine = (datasets: ReadonlyArray<Catalogue.Entry> = Catalogue.datasets) => {
  const root = folder("datasets")
  const [mirror, home, workingDirectory] = ["mirror", "home", "here"].map((name) => {
    fs.mkdirSync(path.join(root, name))
    return path.join(root, name)
  }) as [string, string, string]
  const asked: Array<string> = []
  const layer = (network: Network, mirrorVariable: string | null) =>
    Datasets.layer(
      { home, projectRoot: path.join(root, "project/checkout"), workingDirectory, mirror: mirrorVariable },
      datasets
    ).pipe(
      Layer.provide(
        Layer.succeed(Download, {
          fetch: (request) =>
            Effect.zipRight(
              Effect.sync(() => asked.push(request.url)),
              network(request)
            )
        })
      ),
      Layer.provide(FileDigests.layer({ directory: path.join(home, "sources") }))
    )
  const resolve = (name: string, network = offline, options: ResolveOptions = { refresh: false }) =>
    Effect.flatMap(Datasets, (datasets) => datasets.resolve(name, options)).pipe(Effect.provide(layer(network, mirror)))
  const put = (file: string, text: string) => fs.writeFileSync(path.join(mirror, file), text)
  return { root, mirror, home, workingDirectory, asked, layer, resolve, put }
}

describe("datasets by name", () => {
  it.effect("the official archive of the mirror is taken without asking the network", () =>
    Effect.gen(function* () {
      const { mirror, asked, resolve, put } = machine()
      put(official, "official")
      put(images, "images")
      const files = yield* resolve("cifar10", online)
      expect(files).toMatchObject({ path: path.join(mirror, official), digest: Digest.ofBytes("official") })
      expect(asked).toEqual([])
    })
  )

  it.effect("a mirror's file of the official name with other bytes is taken, and said to be another", () =>
    Effect.gen(function* () {
      const { resolve, put } = machine()
      put(official, "official?")
      const files = yield* resolve("cifar10")
      expect(files.label).toContain("altered")
      expect(Text.show(files.notice ?? "")).toContain(Digest.ofBytes("official?"))
    })
  )

  it.effect("what the mirror lacks is downloaded once", () =>
    Effect.gen(function* () {
      const { home, asked, resolve, put } = machine()
      put(images, "images")
      const first = yield* resolve("cifar10", online)
      expect(first.path).toBe(path.join(home, "downloads", official))
      expect(asked).toEqual([`https://www.cs.toronto.edu/~kriz/${official}`])
      expect(yield* resolve("cifar10")).toEqual(first)
      expect(asked).toHaveLength(1)
    })
  )

  it.effect("without a network the image-folder edition is taken, with a notice", () =>
    Effect.gen(function* () {
      const { resolve, put } = machine()
      put(images, "images")
      const files = yield* resolve("cifar10")
      expect(files).toMatchObject({ digest: Digest.ofBytes("images"), label: "cifar10 (image-folder edition)" })
      expect(Text.show(files.notice ?? "")).toMatch(/lossy.*lower.*refresh/)
    })
  )

  it.effect("the lossless images stand between the official archive and the lossy images", () =>
    Effect.gen(function* () {
      const { mirror, resolve, put } = machine()
      put(images, "images")
      expect((yield* resolve("cifar10")).path).toBe(path.join(mirror, images))
      put(lossless, "lossless")
      expect((yield* resolve("cifar10")).path).toBe(path.join(mirror, lossless))
      put(official, "official")
      expect((yield* resolve("cifar10")).path).toBe(path.join(mirror, official))
    })
  )

  it.effect("lossless images with other bytes are said to be others, though no URL gives them", () =>
    Effect.gen(function* () {
      const { resolve, put } = machine()
      put(lossless, "lossless?")
      const { label, notice } = yield* resolve("cifar10")
      expect(label).toBe("cifar10 (lossless image-folder edition), altered")
      expect(notice).toContain(Digest.ofBytes("lossless?"))
      expect(notice).not.toContain("null")
    })
  )

  it("every edition that isn't the official archive says what differs from it", () => {
    const [first, second, third] = Catalogue.datasets.find(({ name }) => name === "cifar10")?.editions ?? []
    expect([first?.file, second?.file, third?.file]).toEqual([official, lossless, images])
    expect(first?.notice).toBeNull()
    expect(second?.notice).toMatch(/lossless.*official pixels in another order/)
    expect(Text.show(third?.notice ?? "")).toMatch(/lossy.*lower/)
  })

  it.effect("the choice is remembered: the network is not asked again, until a refresh", () =>
    Effect.gen(function* () {
      const { home, asked, resolve, put } = machine()
      put(images, "images")
      const first = yield* resolve("cifar10")
      expect(asked).toHaveLength(1)
      expect(yield* resolve("cifar10", online)).toEqual(first)
      expect(asked).toHaveLength(1)
      const refreshed = yield* resolve("cifar10", online, { refresh: true })
      expect(refreshed.path).toBe(path.join(home, "downloads", official))
      expect(asked).toHaveLength(2)
    })
  )

  it.effect("a better edition in the mirror ends a remembered choice", () =>
    Effect.gen(function* () {
      const { mirror, asked, resolve, put } = machine()
      put(images, "images")
      yield* resolve("cifar10")
      put(official, "official")
      expect((yield* resolve("cifar10")).path).toBe(path.join(mirror, official))
      expect(asked).toHaveLength(1)
    })
  )

  it.effect("a remembered edition that is gone is looked for afresh", () =>
    Effect.gen(function* () {
      const { mirror, home, resolve, put } = machine()
      put(images, "images")
      yield* resolve("cifar10")
      fs.rmSync(path.join(mirror, images))
      expect((yield* resolve("cifar10", online)).path).toBe(path.join(home, "downloads", official))
    })
  )

  it.effect("a damaged memory of choices is forgotten", () =>
    Effect.gen(function* () {
      const { home, asked, resolve, put } = machine()
      put(images, "images")
      yield* resolve("cifar10")
      fs.writeFileSync(path.join(home, "sources/editions.json"), "{")
      yield* resolve("cifar10")
      expect(asked).toHaveLength(2)
    })
  )

  it.scopedLive("a download that breaks off is not quietly replaced by a lesser edition, nor is that remembered", () =>
    Effect.gen(function* () {
      const { home, resolve, put } = machine()
      put(images, "images")
      const url = yield* vanishing
      const broken: Network = (request) =>
        Effect.flatMap(Download, ({ fetch }) => fetch({ ...request, url })).pipe(Effect.provide(Download.live))
      expect((yield* Effect.flip(resolve("cifar10", broken)))._tag).toBe("DownloadInterrupted")
      expect(fs.existsSync(path.join(home, "sources/editions.json"))).toBe(false)
    })
  )

  it.effect("no mirror and no network: the URL, the variable and the place are named", () =>
    Effect.gen(function* () {
      const { mirror, resolve } = machine()
      const { _tag, message } = yield* Effect.flip(resolve("cifar10"))
      expect(_tag).toBe("SourceUnavailable")
      expect(message).toContain(`https://www.cs.toronto.edu/~kriz/${official} is out of reach (no route); expected`)
      expect(message).toContain(`one of these files in the mirror ${mirror}:`)
      expect(message).toContain(`\n  ${official} (170.1 MB), https://www.cs.toronto.edu/~kriz/${official}`)
      expect(message).toContain(`\n  ${lossless} (108.5 MB), which only mirrors have`)
      expect(message).toContain("PIPELINE_MIRROR")
      expect(message).toContain('What needs no network: dataset: "sample" and backbone: "random".')
    })
  )

  it.effect("without PIPELINE_MIRROR, the mirror is ../shared/data beside the project", () =>
    Effect.gen(function* () {
      const { root, layer } = machine()
      const standard = path.join(root, "project/shared/data")
      fs.mkdirSync(standard, { recursive: true })
      fs.writeFileSync(path.join(standard, images), "images")
      const files = yield* Effect.flatMap(Datasets, (datasets) => datasets.resolve("cifar10", { refresh: false })).pipe(
        Effect.provide(layer(offline, null))
      )
      expect(files.path).toBe(path.join(standard, images))
    })
  )
})

/** An archive as CIFAR-10's home has it, of `count` records a batch; what is cut out of it takes its first three and two. */
const fakeOfficial = (count = 5) => {
  const batch = (from: number) => {
    const bytes = Buffer.alloc(count * cifar10.recordBytes)
    for (let at = 0; at < count; at++) bytes.fill(from + at, at * cifar10.recordBytes, (at + 1) * cifar10.recordBytes)
    return bytes
  }
  const [train, test] = [batch(0), batch(4)]
  const bytes = gzipSync(
    tar([
      { path: "cifar-10-batches-bin/data_batch_1.bin", bytes: train },
      { path: "cifar-10-batches-bin/batches.meta.txt", bytes: Buffer.from("airplane\n") },
      { path: "cifar-10-batches-bin/test_batch.bin", bytes: test }
    ])
  )
  const part = CifarArchive.pack({
    classes: standardNames,
    train: train.subarray(0, 3 * cifar10.recordBytes),
    test: test.subarray(0, 2 * cifar10.recordBytes)
  })
  return { bytes, part }
}

/** A catalogue whose `part` lies in a mirror, or is cut out of an archive that `url` gives. */
const catalogueWith = (url: string): ReadonlyArray<Catalogue.Entry> => {
  const { bytes, part } = fakeOfficial()
  const from: Catalogue.Published = {
    _tag: "Published",
    file: "whole.tar.gz",
    label: "whole",
    url,
    bytes: bytes.length,
    md5: null,
    sha256: Digest.ofBytes(bytes),
    notice: null
  }
  const common = { label: "part", notice: null }
  return [
    {
      name: "part",
      instead: "do without",
      editions: [
        { ...common, _tag: "Kept", file: "part.tar.gz", bytes: null, sha256: null },
        {
          ...common,
          _tag: "Cut",
          file: "part.tar",
          sha256: Digest.ofBytes(part),
          from,
          cut: (archive) => CifarArchive.cut(archive, { train: 3, test: 2 })
        }
      ]
    }
  ]
}

/** A server of one file, which counts how often it was asked. */
const serverOf = (bytes: Uint8Array) =>
  Effect.acquireRelease(
    Effect.async<{ readonly server: http.Server; asked: number }>((resume) => {
      const held = {
        asked: 0,
        server: http.createServer((_, response) => {
          held.asked += 1
          response.end(bytes)
        })
      }
      held.server.listen(0, "127.0.0.1", () => resume(Effect.succeed(held)))
    }),
    ({ server }) => Effect.sync(() => server.close())
  )

describe("a dataset that is asked for lazily", () => {
  const known = "from the network"
  const edition: Catalogue.Published = {
    _tag: "Published",
    file: "numbers.tar",
    label: "numbers (published)",
    url: "https://example.org/numbers.tar",
    bytes: known.length,
    md5: null,
    sha256: Digest.ofBytes(known),
    notice: null
  }
  const kept: Catalogue.Kept = {
    ...edition,
    _tag: "Kept",
    file: "numbers-kept.tar",
    label: "numbers (kept)",
    sha256: null
  }
  const entry: Catalogue.Entry = { name: "numbers", instead: "take another", editions: [edition, kept] }
  const lazily = { refresh: false, lazily: true }

  it.effect("is known by its digest, and downloaded when it is fetched", () =>
    Effect.gen(function* () {
      const { home, asked, resolve } = machine([entry])
      const found = yield* resolve("numbers", online, lazily)
      expect(found).toMatchObject({ digest: Digest.ofBytes(known), label: "numbers (published)" })
      expect(asked).toEqual([])
      if (!("fetch" in found)) return expect.fail("it is here")
      yield* found.fetch
      expect(found.path).toBe(path.join(home, "downloads", "numbers.tar"))
      expect(fs.readFileSync(found.path, "utf8")).toBe(known)
      expect(asked).toEqual([edition.url])
      expect(yield* resolve("numbers", offline, lazily)).not.toHaveProperty("fetch")
    })
  )

  it.effect("is looked for at once where another edition is here, or a better one is asked for", () =>
    Effect.gen(function* () {
      const { asked, resolve, put } = machine([entry])
      expect(yield* Effect.flip(resolve("numbers", offline, { ...lazily, refresh: true }))).toMatchObject({
        _tag: "SourceUnavailable"
      })
      put(kept.file, "kept")
      expect((yield* resolve("numbers", offline, lazily)).digest).toBe(Digest.ofBytes("kept"))
      expect(asked).toEqual([edition.url, edition.url])
    })
  )

  it.effect("says when it is fetched that it is not to be had, or that another is what came", () =>
    Effect.gen(function* () {
      const { resolve, put } = machine([entry])
      const unavailable = yield* resolve("numbers", offline, lazily)
      if (!("fetch" in unavailable)) return expect.fail("it is here")
      expect(yield* Effect.flip(unavailable.fetch)).toMatchObject({ _tag: "SourceUnavailable", name: "numbers" })
      put(kept.file, "kept")
      expect(yield* Effect.flip(unavailable.fetch)).toMatchObject({ _tag: "EditionChanged", found: "numbers (kept)" })
    })
  )
})

describe("a dataset that is cut out of another", () => {
  const real: Network = (request) =>
    Effect.flatMap(Download, ({ fetch }) => fetch(request)).pipe(Effect.provide(Download.live))

  it.scopedLive("is downloaded whole once, verified and cut; then neither is asked for again", () =>
    Effect.gen(function* () {
      const { bytes, part } = fakeOfficial()
      const held = yield* serverOf(bytes)
      const { home, resolve } = machine(
        catalogueWith(`http://127.0.0.1:${(held.server.address() as AddressInfo).port}/`)
      )
      const seen: Array<string> = []
      const files = yield* resolve("part", real, {
        refresh: false,
        onProgress: ({ what }) => Effect.sync(() => seen.push(what))
      })
      expect(files).toEqual({
        path: path.join(home, "downloads/part.tar"),
        digest: Digest.ofBytes(part),
        label: "part",
        notice: null
      })
      expect(seen).toContain("downloading whole.tar.gz")
      expect(fs.readFileSync(files.path).equals(part)).toBe(true)
      expect(yield* resolve("part", real)).toEqual(files)
      expect(held.asked).toBe(1)
    })
  )

  it.effect("is cut out of the mirror's copy of the whole without asking the network", () =>
    Effect.gen(function* () {
      const { mirror, asked, resolve } = machine(catalogueWith("http://nowhere/"))
      const { bytes, part } = fakeOfficial()
      fs.writeFileSync(path.join(mirror, "whole.tar.gz"), bytes)
      expect((yield* resolve("part")).digest).toBe(Digest.ofBytes(part))
      expect(asked).toEqual([])
    })
  )

  it.effect("is cut again where what was cut is no longer what it was", () =>
    Effect.gen(function* () {
      const { home, mirror, resolve } = machine(catalogueWith("http://nowhere/"))
      const { bytes, part } = fakeOfficial()
      fs.writeFileSync(path.join(mirror, "whole.tar.gz"), bytes)
      yield* resolve("part")
      fs.writeFileSync(path.join(home, "downloads/part.tar"), part.subarray(1))
      const files = yield* resolve("part")
      expect(files.digest).toBe(Digest.ofBytes(part))
      expect(fs.readFileSync(files.path).equals(part)).toBe(true)
    })
  )

  it.effect("gives way to the part itself where a mirror has it", () =>
    Effect.gen(function* () {
      const { mirror, asked, resolve, put } = machine(catalogueWith("http://nowhere/"))
      put("part.tar.gz", "part")
      expect((yield* resolve("part")).path).toBe(path.join(mirror, "part.tar.gz"))
      expect(asked).toEqual([])
    })
  )

  it.effect("is never cut out of an archive with other records, or a damaged one: that is told by name", () =>
    Effect.gen(function* () {
      const { home, mirror, resolve, put } = machine(catalogueWith("http://nowhere/"))
      const whole = path.join(mirror, "whole.tar.gz")
      for (const [bytes, why] of [
        [fakeOfficial(2).bytes, "its first records are not the published ones"],
        [fakeOfficial().bytes.subarray(0, 100), "it is truncated"],
        [gzipSync(tar([{ path: "../x; expected y" }])), 'it has an entry "../x; expected y"; expected']
      ] as const) {
        fs.writeFileSync(whole, bytes)
        const { _tag, message } = yield* Effect.flip(resolve("part"))
        expect(_tag).toBe("SourceUnavailable")
        expect(message).toContain(`nothing can be cut out of ${whole}, since `)
        expect(message).toContain(why)
        expect(fs.existsSync(path.join(home, "downloads/part.tar"))).toBe(false)
      }
      fs.rmSync(whole)
      const { message } = yield* Effect.flip(resolve("part"))
      expect(message).toContain("\n  part.tar.gz, which only mirrors have\n  whole.tar.gz (0.0 MB), http://nowhere/")
      put("part.tar.gz", "part")
      expect((yield* resolve("part")).digest).toBe(Digest.ofBytes("part"))
    })
  )
})

describe("a dataset that is made", () => {
  it.effect("needs neither mirror nor network, and is drawn once", () =>
    Effect.gen(function* () {
      const { home, asked, resolve } = machine()
      const files = yield* resolve("sample")
      expect(files).toMatchObject({ path: path.join(home, "downloads/sample.tar"), digest: Catalogue.sample.sha256 })
      const written = fs.statSync(files.path).ino
      expect(yield* resolve("sample")).toEqual(files)
      expect(fs.statSync(files.path).ino).toBe(written)
      expect(asked).toEqual([])
    })
  )

  it.effect("is made again where its file was changed; a mirror's file of that name is not taken for it", () =>
    Effect.gen(function* () {
      const { home, resolve, put } = machine()
      put("sample.tar", "other")
      fs.mkdirSync(path.join(home, "downloads"))
      fs.writeFileSync(path.join(home, "downloads/sample.tar"), "damaged")
      const files = yield* resolve("sample")
      expect(files.digest).toBe(Catalogue.sample.sha256)
      expect(Digest.ofBytes(fs.readFileSync(files.path))).toBe(Catalogue.sample.sha256)
    })
  )

  it.effect("says where it can't be written", () =>
    Effect.gen(function* () {
      const { home, resolve } = machine()
      fs.writeFileSync(path.join(home, "downloads"), "a file where a folder should be")
      const error = yield* Effect.flip(resolve("sample"))
      expect(error._tag).toBe("DownloadUnwritable")
      expect(error.message).toContain(path.join(home, "downloads/sample.tar"))
    })
  )
})

describe("datasets by path", () => {
  it.effect("a folder or an archive is taken relative to where the user is", () =>
    Effect.gen(function* () {
      const { workingDirectory, resolve } = machine()
      fs.mkdirSync(path.join(workingDirectory, "pets/cat"), { recursive: true })
      fs.writeFileSync(path.join(workingDirectory, "pets/cat/1.jpg"), "cat")
      fs.writeFileSync(path.join(workingDirectory, "pets.tgz"), "packed")
      expect(yield* resolve("pets")).toMatchObject({ path: path.join(workingDirectory, "pets"), label: "pets" })
      expect((yield* resolve("./pets.tgz")).digest).toBe(Digest.ofBytes("packed"))
    })
  )

  it.effect("a name or path that isn't there lists the known names and the nearest", () =>
    Effect.gen(function* () {
      const { workingDirectory, resolve } = machine()
      const typo = yield* Effect.flip(resolve("cifar-10"))
      expect(typo.message).toMatch(/no dataset "cifar-10" .*; expected cifar10, cifar10-5k, .* Did you mean cifar10\?/)
      const missing = yield* Effect.flip(resolve("photos/animals"))
      expect(missing.message).toContain(path.join(workingDirectory, "photos/animals"))
      expect(missing.message).toContain("Check the path.")
    })
  )

  it.effect("a file of another kind is refused before it is hashed", () =>
    Effect.gen(function* () {
      const { workingDirectory, resolve } = machine()
      fs.writeFileSync(path.join(workingDirectory, "labels.csv"), "a,b")
      const error = yield* Effect.flip(resolve("labels.csv"))
      expect(error.message).toMatch(/labels\.csv is not .*; expected a folder, a \.tar/)
    })
  )
})

describe("weights", () => {
  const name = "mobilenet_v2_1.0_224_no_top"
  const weights = (layer: Layer.Layer<Datasets>) =>
    Effect.flatMap(Datasets, (datasets) =>
      datasets.resolveWeights(Backbone.weightsOf(Backbone.get("mobilenet_v2_1.0_224")), { refresh: false })
    ).pipe(Effect.provide(layer))

  it.effect("random ones are made, and said to know nothing", () =>
    Effect.gen(function* () {
      const { mirror, asked, layer } = machine()
      const random = Backbone.weightsOf(Backbone.get("random"))
      const files = yield* Effect.flatMap(Datasets, (datasets) =>
        datasets.resolveWeights(random, { refresh: false })
      ).pipe(Effect.provide(layer(offline, mirror)))
      expect(Text.show(files.notice ?? "")).toContain("know nothing of photographs")
      expect(asked).toEqual([])
    })
  )

  it.effect("Keras' own file is preferred, the mirror's restored one comes with a notice", () =>
    Effect.gen(function* () {
      const { mirror, asked, layer, put } = machine()
      put(`${name}.dequantized.h5`, "restored")
      const restored = yield* weights(layer(offline, mirror))
      expect(Text.show(restored.notice ?? "")).toContain("quantized")
      put("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", "keras")
      const keras = yield* weights(layer(offline, mirror))
      expect(keras).toMatchObject({ digest: Digest.ofBytes("keras"), notice: null })
      expect(asked).toEqual([expect.stringMatching(/^https:.*\/mobilenet_v2_weights_tf.*no_top\.h5$/)])
    })
  )
})
