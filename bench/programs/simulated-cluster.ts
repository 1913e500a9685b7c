/**
 * Has a command and many workers in this process compute tasks that do nothing but wait, over a real Redis server. The argument is
 * JSON: its `address`, the number of `workers` and `tasks`, the `millis` that each task takes, and how many tasks are handed out
 * `atOnce`. Prints the results as one JSON line, the last.
 */
import { Effect, identity, Layer, Schema } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Document from "../../artifacts/Document.ts"
import type { Code as CodeParts } from "../../cache/Key.ts"
import * as Lease from "../../cache/Lease.ts"
import * as ObjectStore from "../../cache/ObjectStore.ts"
import * as BlobsMemory from "../../cache/remote/blobs-memory.ts"
import * as ObjectsBehind from "../../cache/remote/objects-behind.ts"
import * as SharedStore from "../../cache/remote/SharedStore.ts"
import * as Sharing from "../../cache/remote/Sharing.ts"
import { generate } from "../../cache/remote/Signature.ts"
import { Namespace } from "../../cache/remote/Trust.ts"
import * as TracesBehind from "../../cache/remote/traces-behind.ts"
import * as Uploads from "../../cache/remote/Uploads.ts"
import * as Trace from "../../cache/Trace.ts"
import * as ExecutorElsewhere from "../../cluster/executor-elsewhere.ts"
import * as Cluster from "../../cluster/redis/Cluster.ts"
import * as RedisAddress from "../../cluster/redis/RedisAddress.ts"
import * as TasksRedis from "../../cluster/redis/tasks-redis.ts"
import { work } from "../../cluster/redis/worker-redis.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Results from "../../engine/Results.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import * as Stage from "../../engine/Stage.ts"
import * as Sweep from "../../engine/Sweep.ts"

interface Asked {
  readonly address: string
  readonly workers: number
  readonly tasks: number
  readonly millis: number
  readonly atOnce: number
}
const { address, workers, tasks, millis, atOnce } = JSON.parse(process.argv[2] ?? "") as Asked

const Waited = Document.make("Waited", 1, Schema.Struct({ number: Schema.Number }))
const wait = Stage.make({
  name: "wait",
  inputs: {},
  params: {
    number: Param.make(Schema.Int, 0, "Tells one from another"),
    millis: Param.make(Schema.Int, 0, "How long it takes")
  },
  outputs: { waited: Waited },
  run: (_, { number, millis: lasting }) => Effect.as(Effect.sleep(lasting), { waited: { number } })
})
const waiting = Pipeline.make({
  name: "waiting",
  description: "Waits",
  params: wait.params,
  build: (params) => ({ waited: wait({}, params).waited })
})

const code: CodeParts = { digest: Digest.ofBytes("wait"), files: {}, packages: {} }
const layerCode = Layer.succeed(Code, { of: () => Effect.succeed(code) })

const { writer } = generate()
const namespace = Schema.decodeSync(Namespace)("main")
const terms: SharedStore.Terms = {
  shown: "the memory of this process",
  namespaces: [namespace],
  trust: { trusted: [{ name: "bench", key: writer.publicKey, namespaces: ["main"] }], revoked: [] },
  writer
}
const blobs = new Map<string, Uint8Array>()

/** What a machine has of its own: stores in memory, and the shared one. */
const machine = () => {
  const own = Layer.mergeAll(ObjectStore.layerMemory(), Trace.layerMemory())
  const shared = Layer.provide(SharedStore.layer(terms), BlobsMemory.layerMemory(blobs))
  const sharing = Layer.provide(Sharing.layer(writer), [own, shared])
  const behind = Layer.provide(Layer.mergeAll(ObjectsBehind.layer, TracesBehind.layer), [
    Uploads.layerNone,
    own,
    shared
  ])
  return Layer.mergeAll(behind, sharing, Lease.layerMemory, layerCode)
}

const join = Effect.flatMap(RedisAddress.parse(address, {}), (found) => Cluster.join(found, "bench", terms))

const one = Effect.gen(function* () {
  const cluster = yield* join
  const options = { jobs: 1, project: "bench", store: "memory", hear: () => Effect.void, during: identity }
  yield* Effect.forkScoped(work(cluster, [waiting], options))
})

const sweep = Effect.suspend(() => {
  const points = Array.from({ length: tasks }, (_, number) => ({ number, millis }))
  return Sweep.run(waiting, points, { cores: null, jobs: atOnce, varied: ["number"] })
})

const program = Effect.gen(function* () {
  for (let at = 0; at < workers; at++) {
    // what a worker has lives as long as all of this
    const context = yield* Layer.build(Layer.provideMerge(Executor.layerInProcess(waiting), machine()))
    yield* Effect.provide(one, context)
  }
  const cluster = yield* join
  const executor = Layer.provide(ExecutorElsewhere.layer, TasksRedis.layer(cluster))
  const records = Layer.mergeAll(RunEvent.layerSilent, RunRecord.layerMemory([]), Results.layerNone)
  return yield* Effect.gen(function* () {
    const used = process.cpuUsage()
    const begun = performance.now()
    const { status, nodes } = yield* sweep
    const seconds = (performance.now() - begun) / 1000
    const ran = nodes.filter((node) => node.status === "ran").length
    if (status !== "done" || ran !== tasks) throw new Error(`${ran} of ${tasks} tasks ran, and the sweep is ${status}`)
    const { user, system } = process.cpuUsage(used)
    return { seconds, processorSeconds: (user + system) / 1e6 }
  }).pipe(Effect.provide(Layer.provideMerge(Layer.mergeAll(executor, records), machine())))
}).pipe(Effect.scoped)

console.log(JSON.stringify(await Effect.runPromise(program)))
process.exit(0)
