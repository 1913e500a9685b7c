import { readFileSync } from "node:fs"
import path from "node:path"
import * as tar from "tar"
import { archive, cifarTraining } from "./rig/datasets.mjs"
import { environment as native, threads } from "./rig/environment.mjs"
import { draw } from "./rig/figure.mjs"
import { program, versionsOf } from "./rig/peers.mjs"
import { run as execute } from "./rig/process-tree.mjs"
import { inScratch, root, weights } from "./rig/product.mjs"
import { extent, machine, printTable, share, spread, write } from "./rig/report.mjs"
import { bundle, timed } from "./rig/timed.mjs"

export const about = "images a second through MobileNetV2: our two runtimes, Keras, ONNX runtime and OpenVINO, in turns"

const environment = { ...native, OMP_NUM_THREADS: threads, PYTHONDONTWRITEBYTECODE: "1" }

/** Features that lie further apart than this are not those of the same network. */
const mostDifference = 1e-3
const largestDifference = (a, b) => a.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[at])), 0)
const features = (file) => {
  const bytes = readFileSync(file)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}

/** Options: --images N (512), --samples N (7). Starting and loading never count; the order turns with each round. */
export const run = ({ images = 512, samples = 7, out }) =>
  inScratch(async (scratch) => {
    const before = machine()
    const [loop, inputs, stages] = [
      await bundle("extract-loop"),
      await bundle("extraction-inputs"),
      await bundle("extract-stages")
    ]
    // an archive of just as many training images
    const subset = path.join(scratch, "records")
    const { file: records5k } = await cifarTraining(subset, images)
    const python = await program("python")
    await tar.extract({ file: archive, cwd: scratch })
    const records = path.join(scratch, "cifar-10-batches-bin/data_batch_1.bin")
    await execute(process.execPath, [inputs, records, String(images), weights, scratch], { env: environment })

    const [pixels, given] = [path.join(scratch, "pixels.f32"), (name) => path.join(scratch, `${name}.f32`)]
    const ours = (runtime) => [process.execPath, [loop, runtime, threads, weights, pixels, given(`ours-${runtime}`)]]
    const peer = (name, network) => [
      python,
      [path.join(root, "bench/peers/extraction.py"), name, network, pixels, given(name), threads]
    ]
    const commands = {
      "ours-stages": [process.execPath, [stages, records5k, threads, weights, given("ours-stages"), subset]],
      "ours-tensorflow": ours("tensorflow"),
      "ours-onnxruntime": ours("onnxruntime"),
      keras: peer("keras", weights),
      onnxruntime: peer("onnxruntime", path.join(scratch, "network-16.onnx")),
      openvino: peer("openvino", path.join(scratch, "network-16.onnx")),
      "openvino-throughput": peer("openvino-throughput", path.join(scratch, "network-1.onnx"))
    }
    const contenders = []
    for (const [name, [command, args]] of Object.entries(commands))
      contenders.push({
        name,
        rates: [],
        cpuMs: [],
        residentBytes: [],
        networkShares: [],
        ...(await timed(command, args, environment))
      })
    for (let sample = 0; sample < samples; sample++) {
      for (let turn = 0; turn < contenders.length; turn++) {
        const one = contenders[(sample + turn) % contenders.length]
        const { seconds, cpuSeconds, residentBytes, networkShare } = await one.measure()
        one.rates.push(images / seconds)
        one.cpuMs.push((cpuSeconds / images) * 1000)
        if (networkShare !== undefined) one.networkShares.push(networkShare)
        if (residentBytes !== undefined) one.residentBytes.push(residentBytes)
      }
    }
    for (const { close } of contenders) close()

    const reference = features(given("keras"))
    const figures = Object.fromEntries(
      contenders.map(({ name, rates, cpuMs, residentBytes, networkShares }) => [
        name,
        {
          imagesPerSecond: spread(rates),
          cpuMillisecondsAnImage: spread(cpuMs),
          largestDifferenceFromKeras: largestDifference(features(given(name)), reference),
          ...(residentBytes.length > 0 && { residentBytes }),
          ...(networkShares.length > 0 && { networkShare: spread(networkShares) })
        }
      ])
    )
    for (const [name, { largestDifferenceFromKeras: difference }] of Object.entries(figures))
      if (!(difference <= mostDifference))
        throw new Error(
          `${name} differs from Keras by ${difference}; expected at most ${mostDifference}. No rate counts.`
        )
    const median = (name) => figures[name].imagesPerSecond.median
    printTable(
      `images a second, ${images} images, in turns`,
      Object.entries(figures).map(([name, one]) => [
        name,
        extent(one.imagesPerSecond, (rate) => rate.toFixed(1)),
        `${(median(name) / median("ours-tensorflow")).toFixed(2)} of ours on TensorFlow`,
        `${one.cpuMillisecondsAnImage.median.toFixed(2)} ms of processor an image`,
        `differs by ${one.largestDifferenceFromKeras.toExponential(1)}`,
        one.networkShare === undefined ? "" : `${share(one.networkShare.median)} of the time inside the network`
      ])
    )
    const best = Math.max(median("keras"), median("onnxruntime"), median("openvino"), median("openvino-throughput"))
    const file = write(out, "extraction-runtimes", {
      machine: before,
      command:
        "MobileNetV2 features of float32 pixels that are in memory; ours-stages: of stored 32x32 images, all stages, on the engine",
      versions: {
        "onnxruntime-node": JSON.parse(
          readFileSync(path.join(root, "node_modules/onnxruntime-node/package.json"), "utf8")
        ).version,
        ...versionsOf("keras", "tensorflow-cpu", "onnxruntime", "openvino")
      },
      images,
      runtimes: figures,
      onnxruntimeToTensorflow: median("ours-onnxruntime") / median("ours-tensorflow"),
      tensorflowToBestPeer: median("ours-tensorflow") / best,
      stagesToBestPeer: median("ours-stages") / best,
      onnxruntimeToBestPeer: median("ours-onnxruntime") / best
    })
    await draw(file, {
      title: "MobileNetV2 features",
      subtitle: "1.0/224, float32, pixels in memory; longer is faster, the lines show all rounds",
      unit: "images a second",
      panels: [
        {
          title: `${images} images, ${threads} threads`,
          bars: contenders.map(({ name }) => ({
            name: name.replace(/^ours-/, "ours, "),
            ours: name.startsWith("ours"),
            ...figures[name].imagesPerSecond
          }))
        }
      ]
    })
    return file
  })
