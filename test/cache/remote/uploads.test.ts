import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
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
