import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as ObjectStore from "../../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../../cache/object-store-disk.ts"
import * as Using from "../../../cache/Using.ts"
import type { Going } from "../../../engine/gc/Policy.ts"
import { remove } from "../../../engine/gc/remove.ts"
import { folder } from "../../rig/folder.ts"
import { unitOf } from "../../rig/gc-unit.ts"
import { traceOf } from "../../rig/store-contract.ts"

const { key } = traceOf("s", 1)
const bytes = new TextEncoder().encode("what somebody may need")

/** A store with an object that goes, and how to remove it with something happening in the middle. */
const objectThatGoes = Effect.gen(function* () {
  const home = folder()
  const store = yield* ObjectStore.ObjectStore.pipe(Effect.provide(ObjectStoreDisk.layerDisk(home)))
  const object = yield* store.put(bytes)
  const file = store.locate(object) ?? ""
  // long ago, so that whoever puts it again is seen
  fs.utimesSync(file, 1, 1)
  const stat = fs.statSync(file)
  const held = { file, bytes: stat.size, inode: String(stat.ino), names: stat.nlink, modified: stat.mtimeMs }
  const going: Going = {
    unit: unitOf({ files: [held], key }),
    files: [held],
    frees: held.bytes
  }
  const removing = (meanwhile: () => void, changed: Going = going) =>
    Effect.suspend(() => {
      let looks = 0
      const inUse = () => {
        // the first look is before anything is touched, the second when it has another name
        if (++looks === 2) meanwhile()
        return Using.read(home, Date.now())
      }
      return remove(home, inUse, [changed], new Map([[file, [key]]]), () => Effect.void)
    })
  return { home, store, object, file, going, removing }
})

/** Says that this process found the key, from now on. */
const declaring = (home: string) =>
  Effect.map(
    Effect.flatMap(Layer.build(Using.layer(home)), (context) => Effect.provide(Using.Using, context)),
    (using) => () => Effect.runSync(using.declare([key]))
  )

it.effect("what nobody uses goes, and nothing of it is left", () =>
  Effect.gen(function* () {
    const { home, removing } = yield* objectThatGoes
    expect(yield* removing(() => undefined)).toEqual({ bytes: bytes.length, spared: 0 })
    const left = fs.readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect(left).toEqual([])
  })
)

it.scoped("what somebody has found by then is given back, with its bytes", () =>
  Effect.gen(function* () {
    const { home, store, object, file, removing } = yield* objectThatGoes
    expect(yield* removing(yield* declaring(home))).toEqual({ bytes: 0, spared: 1 })
    expect(new Uint8Array(yield* store.get(object))).toEqual(bytes)
    expect(fs.readdirSync(path.dirname(file))).toEqual([object])
  })
)

it.scoped("what somebody had found before is not touched", () =>
  Effect.gen(function* () {
    const { home, file, removing } = yield* objectThatGoes
    const declare = yield* declaring(home)
    declare()
    const { ctimeMs } = fs.statSync(file)
    expect(yield* removing(() => undefined)).toEqual({ bytes: 0, spared: 1 })
    expect(fs.statSync(file).ctimeMs).toBe(ctimeMs)
  })
)

it.effect("what is put at the very moment is there, whoever is first", () =>
  Effect.gen(function* () {
    const before = yield* objectThatGoes
    // its writer stamped it and is about to read it, when it gets another name
    fs.utimesSync(before.file, new Date(), new Date())
    expect(yield* before.removing(() => undefined)).toEqual({ bytes: 0, spared: 1 })
    expect(yield* Effect.exit(before.store.check(before.object))).toMatchObject({ _tag: "Success" })

    const after = yield* objectThatGoes
    yield* after.removing(() => {
      // its writer found nothing, and wrote it anew
      fs.writeFileSync(after.file, bytes)
    })
    expect(yield* Effect.exit(after.store.check(after.object))).toMatchObject({ _tag: "Success" })
    expect(fs.readdirSync(path.dirname(after.file))).toEqual([after.object])
  })
)

it.scoped("what commands read where it lies stays as long as one is there, whatever it says that it uses", () =>
  Effect.gen(function* () {
    const { home, file, going, removing } = yield* objectThatGoes
    const read: Going = { ...going, unit: { ...going.unit, isRead: true } }
    const using = yield* Layer.build(Using.layer(home))
    const begin = Effect.flatMap(Using.Using, (one) => one.begin).pipe(Effect.provide(using))
    expect(yield* removing(() => Effect.runSync(begin), read)).toEqual({ bytes: 0, spared: 1 })
    expect(fs.existsSync(file)).toBe(true)
  })
)

it.effect("a folder goes as a whole, or not at all", () =>
  Effect.gen(function* () {
    const { home, going, removing } = yield* objectThatGoes
    const build = path.join(home, "build", "0123")
    const whole = () => {
      fs.mkdirSync(build, { recursive: true })
      fs.writeFileSync(path.join(build, "cli.cjs"), "")
      return { ...going, unit: { ...going.unit, folder: { path: build, modified: fs.statSync(build).mtimeMs } } }
    }
    yield* removing(() => undefined, whole())
    expect(fs.readdirSync(path.join(home, "build"))).toEqual([])
    const touched = whole()
    fs.utimesSync(build, 1, 1)
    yield* removing(() => undefined, touched)
    expect(fs.readdirSync(build)).toEqual(["cli.cjs"])
  })
)
