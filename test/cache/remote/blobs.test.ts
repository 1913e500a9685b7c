import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"
import { Blobs, givesNewNamesOnce } from "../../../cache/remote/Blobs.ts"
import { layerFolder } from "../../../cache/remote/blobs-folder.ts"
import { layerMemory } from "../../../cache/remote/blobs-memory.ts"
import { layerS3 } from "../../../cache/remote/blobs-s3.ts"
import { blobsContract } from "../../rig/blobs-contract.ts"
import { folder } from "../../rig/folder.ts"
import { describeWith } from "../../rig/needs.ts"
import { moto, type S3Server, seaweed } from "../../rig/s3-servers.ts"

const using = <A, E>(layer: Layer.Layer<Blobs>, use: (store: typeof Blobs.Service) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(Blobs, use), layer)

blobsContract("memory", () => layerMemory())
blobsContract("folder", () => layerFolder(folder()))

it.effect("a folder that is not there is absent, and is not made: it may be a disk that is not mounted", () =>
  Effect.gen(function* () {
    const root = path.join(folder(), "not-mounted")
    yield* using(layerFolder(root), (store) =>
      Effect.gen(function* () {
        for (const asked of [store.get("a", 1), store.size("a"), store.putNew("a", new Uint8Array(1))])
          expect(yield* Effect.flip(asked as Effect.Effect<unknown, unknown>)).toMatchObject({ cause: "absent" })
      })
    )
    expect(fs.existsSync(root)).toBe(false)
  })
)

it.effect("the twin that looks before it writes, and is overtaken in between, is found out by the probe", () =>
  using(layerMemory(), (store) =>
    Effect.gen(function* () {
      const overtaken: typeof Blobs.Service = {
        ...store,
        putNew: (name, bytes) =>
          Effect.flatMap(store.size(name), (size) =>
            size !== null
              ? Effect.succeed(false)
              : Effect.zipRight(Effect.yieldNow(), Effect.as(store.putNew(name, bytes), true))
          )
      }
      const ignoring: typeof Blobs.Service = {
        ...store,
        putNew: (name, bytes) => Effect.as(store.putNew(name, bytes), true)
      }
      expect(yield* givesNewNamesOnce(overtaken, "probe")).toBe(false)
      expect(yield* givesNewNamesOnce(ignoring, "probe")).toBe(false)
      expect(yield* givesNewNamesOnce(store, "probe")).toBe(true)
    })
  )
)

const patience = Duration.seconds(20)
for (const [name, start] of Object.entries({ seaweed, moto })) {
  describeWith(["stores"], name, () => {
    let server: S3Server
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server.stop())
    let prefixes = 0
    blobsContract(name, () =>
      Layer.unwrapEffect(
        Effect.sync(() =>
          layerS3({ ...server.address, prefix: `of test/${prefixes++}` }, { patience, writing: patience })
        )
      )
    )

    it.live("a bucket that is not there is absent, and a wrong secret is forbidden", () =>
      Effect.gen(function* () {
        const absent = layerS3({ ...server.address, bucket: "no-such-bucket" }, { patience, writing: patience })
        expect(yield* using(absent, (store) => Effect.flip(store.get("a", 1)))).toMatchObject({ cause: "absent" })
        if (name === "moto") return
        const credentials = { ...server.address.credentials, secretAccessKey: "wrong" }
        const stranger = layerS3({ ...server.address, credentials }, { patience, writing: patience })
        const refused = yield* using(stranger, (store) => Effect.flip(store.putNew("a", new Uint8Array(1))))
        expect(refused).toMatchObject({ cause: "forbidden", message: expect.stringContaining("403") })
        expect(JSON.stringify(refused)).not.toContain("wrong")
      })
    )
  })
}
