import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import * as Digest from "../../../artifacts/Digest.ts"
import { ObjectStore } from "../../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../../cache/object-store-disk.ts"
import { StoreListener } from "../../../cache/StoreListener.ts"
import { trickle } from "../../../cache/verify/trickle.ts"
import { wrap } from "../../rig/broken.ts"
import { folder } from "../../rig/folder.ts"

const HURRIED = { afterMillis: 0, everyMillis: 0, bytesPerSecond: Number.POSITIVE_INFINITY }

/** A store of some objects, and which of them were looked at. */
const filled = Effect.gen(function* () {
  const home = folder("headrace-trickle")
  const looked = new Set<string>()
  const layer = wrap(ObjectStore, ObjectStoreDisk.layerDisk(home), (store) => ({
    ...store,
    check: (object) =>
      Effect.zipRight(
        Effect.sync(() => looked.add(object)),
        store.check(object)
      )
  }))
  const texts = Array.from({ length: 12 }, (_, at) => `object ${at}`)
  const objects = yield* Effect.forEach(texts, (text) =>
    Effect.flatMap(ObjectStore, (store) => store.put(new TextEncoder().encode(text)))
  ).pipe(Effect.provide(layer))
  return { home, looked, layer, objects }
})

it.live("in time every object is looked at, and of whole ones nothing is said", () =>
  Effect.gen(function* () {
    const { home, looked, layer, objects } = yield* filled
    const heard: Array<string> = []
    const all = Effect.repeat(Effect.sleep("1 millis"), { until: () => looked.size === objects.length })
    yield* Effect.raceFirst(Effect.provide(trickle(home, HURRIED), layer), all).pipe(
      Effect.provideService(StoreListener, (message) => Effect.sync(() => void heard.push(message)))
    )
    expect(heard).toEqual([])
  })
)

it.live("a damaged one is told of by name, once, and stays as it is for verify", () =>
  Effect.gen(function* () {
    const { home, layer, objects } = yield* filled
    const [object = ""] = objects
    const file = path.join(home, "objects", object.slice(0, 2), object)
    fs.chmodSync(file, 0o644)
    fs.writeFileSync(file, "obj3ct 0")
    const told = yield* Deferred.make<string>()
    const heard: Array<string> = []
    const message = yield* Effect.raceFirst(
      Effect.provide(trickle(home, HURRIED), layer),
      Effect.zipLeft(Deferred.await(told), Effect.sleep("50 millis"))
    ).pipe(
      Effect.provideService(StoreListener, (said) =>
        Effect.zipRight(
          Effect.sync(() => void heard.push(said)),
          Effect.asVoid(Deferred.succeed(told, said))
        )
      )
    )
    expect(message).toContain(`Object ${Digest.short(object as Digest.Digest)} is damaged`)
    expect(heard).toHaveLength(1)
    expect(fs.readFileSync(file, "utf8")).toBe("obj3ct 0")
  })
)

it.live("a store that is empty, or is not there, is looked at in vain", () =>
  Effect.gen(function* () {
    const none = path.join(folder("headrace-trickle"), "none")
    const ended = yield* Effect.timeoutOption(
      Effect.provide(trickle(none, HURRIED), ObjectStoreDisk.layerDisk(none)),
      "20 millis"
    )
    expect(ended._tag).toBe("None")
  })
)
