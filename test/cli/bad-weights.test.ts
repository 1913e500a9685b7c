import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import * as Backbone from "../../images/models/Backbone.ts"
import type * as KerasWeights from "../../images/models/KerasWeights.ts"
import { onDisk, picture } from "../rig/archives.ts"
import { offline, place, refused } from "../rig/bad-input.ts"
import { folder } from "../rig/folder.ts"
import { WIDE } from "../rig/mirror.ts"
import { describeWith } from "../rig/needs.ts"
import { randomWeights } from "../rig/random-weights.ts"
import { weightFile, writeWeights } from "../rig/weight-file.ts"

/** A good file under the name that Keras gives it: a mirror that has it is not asked for another, nor is the network. */
const official = weightFile(WIDE)
const published = path.basename(official)
const weights = randomWeights(Backbone.get(WIDE))

let dataset = ""
beforeAll(async () => {
  const bytes = await Promise.all([40, 200].map((r) => picture("a.png", 8, 8, { r, g: 100, b: 50 })))
  dataset = onDisk(
    "images",
    ["cat", "dog"].flatMap((name, label) =>
      [0, 1, 2, 3, 4].map((at) => ({ path: `${name}/${at}.png`, bytes: bytes[label] ?? "" }))
    )
  )
})

/** A mirror that holds nothing but this weight file. */
const mirrorOf = (write: (file: string) => void): string => {
  const mirror = folder("mirror")
  write(path.join(mirror, published))
  return mirror
}

/** MobileNetV2 as Keras writes it, each weight as `change` has it; null leaves it out. */
const changed =
  (change: (name: string, weight: KerasWeights.Weight) => KerasWeights.Weight | null) =>
  (at: string): void =>
    writeWeights(
      at,
      new Map(
        [...weights].flatMap(([name, weight]) => {
          const written = change(name, weight)
          return written === null ? [] : [[name, written] as const]
        })
      )
    )

const run = (mirror: string) =>
  refused(["run", "transfer", "--dataset", dataset], 1, { env: { PIPELINE_MIRROR: mirror } })

const failedNodes = ({ document }: Awaited<ReturnType<typeof run>>) =>
  document.nodes?.filter(({ status }) => status === "failed").map(({ node }) => node)

describe("a weight file that is not as it should be fails the extraction, naming it", () => {
  it("one that lacks a weight", async () => {
    const failure = await run(mirrorOf(changed((name, weight) => (name === "block_6_expand_BN/gamma" ? null : weight))))
    expect(failure).toMatchObject({
      tag: "WeightMissing",
      what: expect.stringMatching(/^In .*_no_top\.h5 there is no "gamma" of layer "block_6_expand_BN"$/),
      expected: "the weights of every layer of the network",
      fix: "Use the file that was made for this network."
    })
    expect(failedNodes(failure)).toEqual(["extract-features", "extract-features[test]"])
  })

  it("one with a weight of another shape", async () => {
    const halved = mirrorOf(
      changed((name, weight) =>
        name === "Conv1/kernel" ? { shape: [3, 3, 3, 16], data: weight.data.slice(0, 432) } : weight
      )
    )
    expect(await run(halved)).toMatchObject({
      tag: "WeightMisshapen",
      what: expect.stringMatching(/^In .*\.h5 the weight "kernel" of layer "Conv1" has the shape \[3, 3, 3, 16\]$/),
      expected: "[3, 3, 3, 32]"
    })
  })

  it("one with a negative variance, which would give zeros for features", async () => {
    const negative = mirrorOf(
      changed((name, weight) =>
        name === "block_6_expand_BN/moving_variance"
          ? { shape: weight.shape, data: weight.data.map((value, channel) => (channel === 7 ? -0.5 : value)) }
          : weight
      )
    )
    expect(await run(negative)).toMatchObject({
      tag: "VarianceNegative",
      what: 'The weight "moving_variance" of layer "block_6_expand_BN" is damaged: channel 7 has -0.5',
      expected: "a variance of 0 or more",
      fix: "Replace the weight file with a fresh copy."
    })
  })

  it("one that is not HDF5, and one that breaks off", async () => {
    const unreadable = {
      tag: "WeightsUnreadable",
      expected: "a complete Keras .h5 file of float32 arrays",
      fix: "Replace it with a fresh copy."
    }
    expect(await run(mirrorOf((at) => fs.writeFileSync(at, "<html>404</html>")))).toMatchObject({
      ...unreadable,
      what: expect.stringMatching(/\.h5 cannot be read: .*signature not found$/)
    })
    const half = fs.readFileSync(official).subarray(0, 5_000_000)
    expect(await run(mirrorOf((at) => fs.writeFileSync(at, half)))).toMatchObject({
      ...unreadable,
      what: expect.stringContaining("truncated file")
    })
  })

  it("one whose middle was overwritten", async () => {
    const bytes = fs.readFileSync(official)
    bytes.fill(255, bytes.length / 2, bytes.length / 2 + 4096)
    expect(await run(mirrorOf((at) => fs.writeFileSync(at, bytes)))).toMatchObject({
      tag: "WeightsUnreadable",
      what: expect.stringMatching(/\.h5 cannot be read: /)
    })
  })
})

describe("a source that is nowhere to be had", () => {
  describeWith(["mounts"], "without a network", () => {
    it("fails without a mirror, naming the URL and the way out", async () => {
      const mirror = path.join(folder("mirror"), "nowhere")
      for (const [name, args, file] of [
        [
          "cifar10",
          // it is known by its digest, and fails the node that is to read it
          ["explore", "--dataset", "cifar10"],
          /cifar-10-binary\.tar\.gz \(170\.1 MB\), https:.*cifar-10-binary\.tar\.gz/
        ],
        [
          "cifar10-5k",
          ["explore", "--dataset", "cifar10-5k"],
          /cifar-10-binary-5k\.tar\.gz .*\n.*\(170\.1 MB\), https:.*\.tar\.gz/
        ],
        ["mobilenet_v2_1.0_224_no_top", ["transfer", "--dataset", dataset], /\(9\.4 MB\), https:.*1\.0_224_no_top\.h5/]
      ] as const) {
        const failure = await refused(["run", ...args], 1, {
          env: { PIPELINE_MIRROR: mirror },
          under: offline
        })
        expect(failure).toMatchObject({
          tag: "SourceUnavailable",
          what: expect.stringMatching(new RegExp(`^${name} is not to be had: .*https:.* is out of reach`)),
          expected: expect.stringMatching(file),
          fix: expect.stringMatching(
            /^Copy it there, .*What needs no network: --dataset sample and --backbone random\.$/
          )
        })
        expect(failure.expected).toContain(`in the mirror ${mirror}:`)
        expect(failure.fix).toContain("PIPELINE_MIRROR")
      }
    })
  })
})

describe("a training that diverges", () => {
  it("fails at the epoch and step where it does, and says which learning rate to try", async () => {
    const args = ["--dataset", dataset, "--units", "8", "--epochs", "3", "--learning-rate", "1e12"]
    const failure = await refused(["run", "transfer", ...args], 1, { at: place() })
    expect(failure).toMatchObject({
      tag: "Diverged",
      what: expect.stringMatching(/^Training diverged: .* at epoch [12], step 1$/),
      expected: "it to fall",
      fix: "Lower the learning rate: --learning-rate 0.001."
    })
    expect(failure.document.nodes?.map(({ node, status }) => `${node} ${status}`)).toEqual(
      expect.arrayContaining(["extract-features reused", "train failed", "evaluate skipped", "plot skipped"])
    )
  })
})
