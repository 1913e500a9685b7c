import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Stream } from "effect"
import { afterAll, beforeAll } from "vitest"
import type { Holder, System } from "../../../cache/lease-holder.ts"
import { Blobs, BlobsFailed, givesNewNamesOnce } from "../../../cache/remote/Blobs.ts"
import { layerFolder } from "../../../cache/remote/blobs-folder.ts"
import { layerMemory } from "../../../cache/remote/blobs-memory.ts"
import { layerS3 } from "../../../cache/remote/blobs-s3.ts"
import * as Unfinished from "../../../cache/unfinished.ts"
import { blobsContract } from "../../rig/blobs-contract.ts"
import { folder } from "../../rig/folder.ts"
import { machine } from "../../rig/machines.ts"
import { describeWith } from "../../rig/needs.ts"
import { moto, rclone, type S3Server, seaweed } from "../../rig/s3-servers.ts"
import { sharedStoreContract } from "../../rig/shared-store-contract.ts"
import * as Toys from "../../rig/toys.ts"

const using = <A, E>(layer: Layer.Layer<Blobs>, use: (store: typeof Blobs.Service) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(Blobs, use), layer)

for (const [name, blobs] of Object.entries({ memory: () => layerMemory(), folder: () => layerFolder(folder()) })) {
  blobsContract(name, blobs)
  sharedStoreContract(name, blobs)
}

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

it.effect("a file of somebody's in the place of a shared folder's folder is told, and stays", () =>
  Effect.gen(function* () {
    const root = folder()
    const file = path.join(root, "v1")
    fs.writeFileSync(file, "somebody's")
    yield* using(layerFolder(root), (store) =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(store.putNew("v1/objects/ab/abcd", new Uint8Array(1)))).toMatchObject({
          cause: "wrong",
          message: `has a file in the place of the folder ${path.join(root, "v1/objects/ab")}, or of one above it: move it away`
        })
        expect(yield* store.get("v1/objects/ab/abcd", 1)).toBeNull()
      })
    )
    expect(fs.readFileSync(file, "utf8")).toBe("somebody's")
  })
)

it.effect(
  "what writers left half-written who are gone is told of and removed, wherever it lies, and nothing of others",
  () =>
    Effect.gen(function* () {
      const root = folder()
      const [dead, alive, stranger] = [3, 4, 5].map((pid) => ({
        host: pid === 5 ? "bob" : "ada",
        self: () => ({ host: pid === 5 ? "bob" : "ada", pid, start: "1" }),
        isGone: (holder: Holder) => holder.host === "ada" && holder.pid === 3,
        isHere: () => false
      }))
      const nameBy = (system: System | undefined) => `.tmp-${Unfinished.mark(system)}`
      const lay = (file: string) => {
        fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
        fs.writeFileSync(path.join(root, file), "half")
        return file
      }
      const left = ["v1/objects/ab", "v1/traces/main/stage", "v1"].map((at) => lay(`${at}/${nameBy(dead)}`))
      const others = [alive, stranger].map((system) => lay(`v1/objects/ab/${nameBy(system)}`))
      yield* using(layerFolder(root), (store) => store.putNew("v1/objects/ab/abcd", new Uint8Array(9)))
      const after = (millis: number) => layerFolder(root, async () => Date.now() + millis, alive)
      const filesIn = () => [...left, ...others].filter((file) => fs.existsSync(path.join(root, file)))
      const day = 24 * 3600 * 1000
      expect(yield* using(after(0), (store) => store.tidy(true))).toEqual({ files: 3, bytes: 12 })
      expect(filesIn()).toEqual([...left, ...others])
      expect(yield* using(after(0.9 * day), (store) => store.tidy(false))).toEqual({ files: 3, bytes: 12 })
      expect(filesIn()).toEqual(others)
      expect(yield* using(after(1.1 * day), (store) => store.tidy(false))).toEqual({ files: 2, bytes: 8 })
      expect(filesIn()).toEqual([])
      expect(yield* using(after(0), (store) => store.size("v1/objects/ab/abcd"))).toBe(9)
      expect(yield* Effect.flip(using(layerFolder(path.join(root, "no")), (store) => store.tidy(false)))).toMatchObject(
        {
          cause: "absent"
        }
      )
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

it.effect("two who got one name are proof enough, and one who was not answered is none", () =>
  using(layerMemory(), (store) =>
    Effect.gen(function* () {
      const busy = new BlobsFailed({ cause: "busy", message: "answers 503" })
      let asked = 0
      /** Does not answer the third who asks, and, of those before, gives the name to so many. */
      const failingThird = (winners: number): typeof Blobs.Service => ({
        ...store,
        putNew: () =>
          Effect.suspend(() => {
            asked += 1
            return asked === 3 ? busy : Effect.succeed(asked <= winners)
          })
      })
      expect(yield* givesNewNamesOnce(failingThird(2), "probe")).toBe(false)
      asked = 0
      expect(yield* Effect.flip(givesNewNamesOnce(failingThird(1), "probe"))).toBe(busy)
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
    const blobs = () =>
      Layer.unwrapEffect(
        Effect.sync(() =>
          layerS3({ ...server.address, prefix: `of test/${prefixes++}` }, { patience, writing: patience })
        )
      )
    // moto looks first, as its requests' threads do side by side
    blobsContract(name, blobs, name === "moto")
    sharedStoreContract(name, blobs)

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

describeWith(["stores"], "rclone's server", () => {
  let server: S3Server
  beforeAll(async () => {
    server = await rclone()
  })
  afterAll(() => server.stop())

  it.live("gives one name to several writers: the probe finds that out, and a machine writes nothing there", () =>
    Effect.gen(function* () {
      const blobs = layerS3(server.address, { patience, writing: patience })
      for (let round = 0; round < 5; round++)
        expect(yield* using(blobs, (store) => givesNewNamesOnce(store, `probes/${round}`))).toBe(false)
      Toys.resetCounts()
      Toys.lists.set("a", [1, 2, 3])
      const at = machine(blobs)
      expect((yield* at.run()).status).toBe("done")
      const { left, why } = yield* at.upload
      expect(left).toBeGreaterThan(0)
      expect(why).toMatchObject({
        cause: "wrong",
        message: expect.stringContaining("gives one name to several writers")
      })
      const written = yield* using(blobs, (store) => Stream.runCollect(store.list("")))
      // of what raced for a name it may even lose the removal
      expect([...written].filter(({ name }) => !name.includes("probes/"))).toEqual([])
    })
  )
})
