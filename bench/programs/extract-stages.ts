/**
 * The stages themselves, ready to be timed: ingest, normalize, resize-to-224 and extract-features on the engine, in this
 * process, with nothing stored before. Extracts all of a CIFAR archive a line of input, and answers each with the seconds
 * that its images took from the first batch on (starting and loading don't count), and the share of that time that the
 * threads were inside the network. Arguments: archive, threads, weights, features to write, a folder to remember digests in.
 */
import { writeFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer, Stream } from "effect"
import * as Lease from "../../cache/Lease.ts"
import * as ObjectStore from "../../cache/ObjectStore.ts"
import * as Trace from "../../cache/Trace.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Results from "../../engine/Results.ts"
import * as Run from "../../engine/Run.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import * as Source from "../../engine/Source.ts"
import { FileDigests } from "../../files/FileDigests.ts"
import { DatasetFiles } from "../../images/artifacts/DatasetFiles.ts"
import { Features } from "../../images/artifacts/Features.ts"
import { WeightsFile } from "../../images/artifacts/WeightsFile.ts"
import { Images } from "../../images/services/Images.ts"
import { Onnxruntime, type Session } from "../../images/services/Onnxruntime.ts"
import { TensorflowLoader } from "../../images/services/Tensorflow.ts"
import { extractFeatures } from "../../stages/extract-features.ts"
import { ingest } from "../../stages/ingest.ts"
import { normalize } from "../../stages/normalize.ts"
import { resizeTo224 } from "../../stages/resize-to-224.ts"
import { codeOf } from "../../test/rig/code.ts"

const [archive = "", threads = "1", weightsFile = "", featuresFile = "", memory = ""] = process.argv.slice(2)

const local = (path: string) => () =>
  Effect.gen(function* () {
    const { digest } = yield* (yield* FileDigests).of(path)
    return { digest, path, label: path, notice: null }
  })
const images = Source.make({ name: "images", artifact: DatasetFiles, resolve: local(archive) })
const weights = Source.make({ name: "weights", artifact: WeightsFile, resolve: local(weightsFile) })

const extraction = Pipeline.make({
  name: "extraction",
  description: "Features of the training images",
  params: {},
  build: () => {
    const { train } = ingest({ dataset: images() })
    const { normalized } = normalize({ images: train })
    const { resized } = resizeTo224({ pixels: normalized })
    return extractFeatures({ pixels: resized, weights: weights() })
  }
})

const writeFeatures = ({ status, nodes, results }: RunRecord.RunRecord) =>
  Effect.gen(function* () {
    const stored = results.features?.stored
    if (status !== "done" || stored === undefined)
      return yield* Effect.dieMessage(`The run is ${status}; expected features. ${JSON.stringify(nodes)}`)
    const store = yield* ObjectStore.ObjectStore
    const table = yield* Effect.orDie(Features.decode(stored, ObjectStore.readPart(store)))
    const batches = yield* Effect.orDie(Stream.runCollect(table.batches))
    writeFileSync(featuresFile, Buffer.concat([...batches].map(({ columns: { feature } }) => bytesOf(feature.data))))
  })
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength)

const program = Effect.gen(function* () {
  let session: Session | undefined
  const watched = Layer.effect(
    Onnxruntime,
    Effect.map(Onnxruntime, (inner) => ({
      session: (model, streams) =>
        Effect.tap(inner.session(model, streams), (opened) =>
          Effect.sync(() => {
            session = opened
          })
        )
    }))
  ).pipe(Layer.provide(Onnxruntime.live))
  const busy = () => (session === undefined ? 0 : Effect.runSync(session.busyMilliseconds))

  const services = Layer.mergeAll(
    Images.live,
    TensorflowLoader.live,
    watched,
    FileDigests.layer({ directory: memory }),
    NodeFileSystem.layer
  )

  const once = Effect.gen(function* () {
    const seen: Array<{ readonly done: number; readonly at: number; readonly busy: number; readonly cpu: number }> = []
    const events = Layer.succeed(RunEvents, {
      publish: (event) =>
        Effect.sync(() => {
          if (event._tag !== "NodeProgress" || event.node !== "extract-features") return
          const { user, system } = process.cpuUsage()
          seen.push({ done: event.progress.done, at: performance.now(), busy: busy(), cpu: user + system })
        })
    })
    const cache = Layer.mergeAll(ObjectStore.layerMemory(), Trace.layerMemory(), Lease.layerMemory)
    yield* Run.run(extraction, {}, { cores: Number(threads) }).pipe(
      Effect.tap(writeFeatures),
      Effect.provide(
        Layer.mergeAll(
          Executor.layerInProcess(extraction).pipe(Layer.provide(services)),
          Results.layerNone,
          RunRecord.layerMemory(),
          events,
          Layer.succeed(Code, { of: () => Effect.succeed(codeOf("any")) })
        ).pipe(Layer.provideMerge(cache))
      )
    )
    return seen
  })
  yield* once
  console.log(JSON.stringify({ ready: true }))
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  while (!(yield* Effect.promise(() => lines.next())).done) {
    const seen = yield* once
    const [first, last] = [seen[0], seen.at(-1)]
    if (first === undefined || last === undefined) continue
    const milliseconds = last.at - first.at
    const share = last.done / (last.done - first.done)
    console.log(
      JSON.stringify({
        seconds: (milliseconds / 1000) * share,
        cpuSeconds: ((last.cpu - first.cpu) / 1e6) * share,
        networkShare: (last.busy - first.busy) / (Number(threads) * milliseconds),
        residentBytes: process.memoryUsage.rss()
      })
    )
  }
})

Effect.runPromise(program.pipe(Effect.provide([NodeFileSystem.layer, FileDigests.layer({ directory: memory })])))
