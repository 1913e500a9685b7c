import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { storeSize } from "../../cache/store-size.ts"
import { folder } from "../rig/folder.ts"

it.effect("counts objects and their bytes, without what is unfinished or is none", () =>
  Effect.gen(function* () {
    const home = folder("store-size")
    const write = (file: string, bytes: number) => {
      fs.mkdirSync(path.dirname(path.join(home, file)), { recursive: true })
      fs.writeFileSync(path.join(home, file), Buffer.alloc(bytes))
    }
    for (let at = 0; at < 20; at++) write(`objects/${String(at % 3)}a/${at}`, at)
    write("objects/0a/.tmp-1-abc", 1000)
    write("objects/stray", 1000)
    write("traces/train/key.json", 1000)
    fs.mkdirSync(path.join(home, "objects/0a/folder"))
    const heard: Array<number> = []
    const size = yield* storeSize(home, ({ objects }) => Effect.sync(() => void heard.push(objects)))
    expect(size).toEqual({ objects: 20, bytes: 190 })
    expect(heard.at(-1)).toBe(20)
    expect([...heard].sort((a, b) => a - b)).toEqual(heard)
  })
)

it.effect("a store that is not there yet is empty", () =>
  Effect.gen(function* () {
    expect(yield* storeSize("/nowhere/at/all", () => Effect.void)).toEqual({ objects: 0, bytes: 0 })
  })
)
