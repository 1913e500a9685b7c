import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { createInterface } from "node:readline"
import { AwsClient } from "aws4fetch"
import { Duration, Effect, Layer, ManagedRuntime, Schema } from "effect"
import type { Digest } from "../../artifacts/Digest.ts"
import { check } from "../../artifacts/Verified.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import * as BlobsS3 from "../../cache/remote/blobs-s3.ts"
import * as ObjectsBehind from "../../cache/remote/objects-behind.ts"
import { parse } from "../../cache/remote/RemoteAddress.ts"
import * as SharedStore from "../../cache/remote/SharedStore.ts"
import { Namespace } from "../../cache/remote/Trust.ts"
import * as Uploads from "../../cache/remote/Uploads.ts"

// How fast objects come and go: of the server alone, and through the store of a machine that has it behind it. Each line on the standard
// input is a pair of both, in turns; arguments: how many objects, of how many bytes, how many at once.

const [total = 0, bytes = 0, atOnce = 0] = process.argv.slice(2).map(Number)

const address = await Effect.runPromise(parse(process.env.PIPELINE_REMOTE ?? "", process.env, "."))
if (address._tag !== "S3") throw new Error("PIPELINE_REMOTE names no bucket; expected one to measure")
const { credentials, endpoint, bucket, prefix } = address
const client = new AwsClient({
  accessKeyId: credentials.accessKeyId,
  secretAccessKey: credentials.secretAccessKey,
  service: "s3",
  region: address.region,
  retries: 0
})

const patience = Duration.minutes(5)
const shared = SharedStore.layer({
  shown: address.shown,
  namespaces: [Schema.decodeSync(Namespace)("main")],
  trust: { trusted: [], revoked: [] },
  writer: null
}).pipe(Layer.provide(BlobsS3.layerS3(address, { patience, writing: patience })))

const made = () =>
  Array.from({ length: total }, () => {
    const body = new Uint8Array(randomBytes(bytes))
    return { object: createHash("sha256").update(body).digest("hex") as Digest, body }
  })
const urlOf = (name: string) => `${endpoint}${bucket}/${prefix}/${name}`
const alone = (name: string, init: RequestInit, isKept: boolean) =>
  Effect.promise(async () => {
    const answer = await client.fetch(urlOf(name), init)
    const body = await answer.arrayBuffer()
    if (answer.status !== 200 || (isKept && body.byteLength !== bytes))
      throw new Error(`The server answered ${answer.status} with ${body.byteLength} bytes; expected 200`)
  })
const nameOf = (object: Digest) => `v1/objects/${object.slice(0, 2)}/${object}`

/** Bytes a second of something that is done with each object. */
const rate = async <A>(each: ReadonlyArray<A>, use: (one: A) => Effect.Effect<unknown, unknown>) => {
  const before = performance.now()
  await Effect.runPromise(Effect.forEach(each, use, { concurrency: atOnce, discard: true }) as Effect.Effect<void>)
  return (each.length * bytes) / ((performance.now() - before) / 1000)
}

const kept = made()
const store = ManagedRuntime.make(shared)
const put = ({ object, body }: (typeof kept)[number]) =>
  Effect.flatMap(SharedStore.SharedStore, (to) =>
    Effect.flatMap(Effect.orDie(check(object, body)), (verified) =>
      Effect.zipRight(to.has(object, bytes), to.putObject(verified, object))
    )
  ).pipe(Effect.provide(store))
await rate(kept, put)

const turn = async () => {
  // what was written before is on the disk, and in nobody's way
  execFileSync("sync")
  const readAlone = await rate(kept, ({ object }) => alone(nameOf(object), {}, true))
  const home = mkdtempSync(path.join(tmpdir(), "headrace-bench-"))
  const behind = ManagedRuntime.make(
    ObjectsBehind.layer.pipe(Layer.provide([ObjectStoreDisk.layerDisk(home), shared, Uploads.layerNone]))
  )
  // made before it is timed
  const objects = await behind.runPromise(ObjectStore)
  const read = await rate(kept, ({ object }) => objects.get(object))
  await behind.dispose()
  rmSync(home, { recursive: true })
  const writtenAlone = await rate(made(), ({ object, body }) =>
    alone(`alone/${object}`, { method: "PUT", body: body as Uint8Array<ArrayBuffer> }, false)
  )
  const written = await rate(made(), put)
  return { readAlone, read, writtenAlone, written }
}

console.log(JSON.stringify({ ready: true }))
for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify(await turn()))
