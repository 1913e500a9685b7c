import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as Uploads from "../../../cache/remote/Uploads.ts"
import * as StoreListener from "../../../cache/StoreListener.ts"
import { folder } from "../../rig/folder.ts"
import { traceOf } from "../../rig/store-contract.ts"

const { key } = traceOf("s", 1)
const address = { kind: "trace", stage: "s", key } as const
const note = (home: string) =>
  Effect.provide(
    Effect.flatMap(Uploads.Uploads, (uploads) => uploads.note(address)),
    Uploads.layerDisk(home)
  )
const nothing = { drops: [], objectDrops: [], uploads: [] }

it.effect("a note of which any bit was flipped is carried out for nothing else: it goes, and is told of", () =>
  Effect.gen(function* () {
    const home = folder()
    yield* note(home)
    expect(yield* Uploads.pending(home)).toEqual({ ...nothing, uploads: [address] })
    const [name = ""] = fs.readdirSync(path.join(home, "uploads"))
    const file = path.join(home, "uploads", name)
    const whole = fs.readFileSync(file)
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const heard: Array<string> = []
      const bytes = Buffer.from(whole)
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      fs.writeFileSync(file, bytes)
      const found = yield* Effect.provideService(Uploads.pending(home), StoreListener.StoreListener, (message) =>
        Effect.sync(() => void heard.push(message))
      )
      expect(found).toEqual(nothing)
      expect(heard).toEqual([expect.stringContaining(`${file} said what is to be shared, and was damaged; expected`)])
      expect(fs.existsSync(file)).toBe(false)
    }
  })
)

it.effect("a note under another's name, which could never be struck, is nobody's", () =>
  Effect.gen(function* () {
    const home = folder()
    yield* note(home)
    const at = path.join(home, "uploads")
    const [name = ""] = fs.readdirSync(at)
    fs.renameSync(path.join(at, name), path.join(at, "other.trace.json"))
    expect(yield* Uploads.pending(home)).toEqual(nothing)
    expect(fs.readdirSync(at)).toEqual([])
  })
)

const stateOf = (at: number) => ({ kind: "trace", stage: "s.state", key: traceOf("s.state", at).key }) as const

it.effect(
  "of states that replace each other one is noted every ten seconds, and the newest before what is made of it",
  () =>
    Effect.gen(function* () {
      const home = folder()
      const noted = Effect.map(Uploads.pending(home), ({ uploads }) => uploads)
      const writes = () => fs.readdirSync(path.join(home, "uploads")).length
      yield* Effect.gen(function* () {
        const uploads = yield* Uploads.Uploads
        const replace = (at: number) =>
          Effect.zipRight(uploads.note(stateOf(at)), at === 1 ? Effect.void : uploads.drop(stateOf(at - 1), []))
        for (const at of [1, 2, 3]) yield* replace(at)
        expect(fs.existsSync(path.join(home, "uploads"))).toBe(false)
        yield* TestClock.adjust("10 seconds")
        yield* replace(4)
        expect(yield* noted).toEqual([stateOf(4)])
        // it has been noted, and may be on its way: that it is replaced is for whoever sends it
        for (const at of [5, 6]) yield* replace(at)
        expect(yield* noted).toEqual([])
        yield* uploads.note(address)
        expect(yield* noted).toEqual(expect.arrayContaining([stateOf(6), address]))
        yield* replace(7)
        expect(writes()).toBe(1)
      }).pipe(Effect.provide(Uploads.layerDisk(home)))
      // the process ends before the training
      expect(yield* noted).toEqual(expect.arrayContaining([stateOf(7), address]))
      expect((yield* Uploads.pending(home)).drops).toEqual([])
    })
)
