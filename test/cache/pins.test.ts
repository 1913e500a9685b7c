import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Pins from "../../cache/Pins.ts"
import { folder } from "../rig/folder.ts"
import { traceOf } from "../rig/store-contract.ts"

const { key } = traceOf("s", 1)
const content: Pins.Content = { asked: "toy", label: "toy", keys: [key], pinned: "2026-01-01T00:00:00.000Z" }
const ofRun: Pins.Subject = { _tag: "Run", run: "20260101-000000-000abcd" }
const ofKey: Pins.Subject = { _tag: "Key", key }

it.effect("what was pinned is listed until it is no more", () =>
  Effect.gen(function* () {
    const home = folder()
    expect(yield* Pins.list(home)).toEqual([])
    yield* Pins.put(home, ofRun, content)
    yield* Pins.put(home, ofKey, content)
    yield* Pins.put(home, ofKey, { ...content, asked: "toy/read" })
    expect(yield* Pins.list(home)).toEqual(
      expect.arrayContaining([
        { subject: ofRun, content },
        { subject: ofKey, content: { ...content, asked: "toy/read" } }
      ])
    )
    yield* Pins.remove(home, ofKey)
    expect(yield* Pins.list(home)).toEqual([{ subject: ofRun, content }])
    yield* Pins.remove(home, ofKey)
  })
)

it.effect("a damaged pin still says what it keeps", () =>
  Effect.gen(function* () {
    const home = folder()
    for (const subject of [ofRun, ofKey]) yield* Pins.put(home, subject, content)
    for (const name of fs.readdirSync(path.join(home, "pins"))) fs.appendFileSync(path.join(home, "pins", name), " ")
    expect(yield* Pins.list(home)).toEqual(
      expect.arrayContaining([ofRun, ofKey].map((subject) => ({ subject, content: null })))
    )
  })
)
