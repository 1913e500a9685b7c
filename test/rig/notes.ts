import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Layer } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as AcceptancesDisk from "../../cache/acceptances-disk.ts"
import type { Key } from "../../cache/Key.ts"
import { here, written } from "../../cache/lease-holder.ts"
import * as Pins from "../../cache/Pins.ts"
import * as Uploads from "../../cache/remote/Uploads.ts"
import * as Seal from "../../cache/Seal.ts"
import { TraceStore } from "../../cache/Trace.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import * as Ledger from "../../engine/gc/Ledger.ts"
import * as Marks from "../../engine/Marks.ts"
import * as DigestMemory from "../../files/DigestMemory.ts"
import { codeOf } from "./code.ts"

/** The folders of a store that have notes alone. */
export const FOLDERS = ["accepted", "begun", "gc", "leases", "marks", "pins", "sources", "uploads", "using"] as const

const key = Digest.ofBytes("a key") as string as Key
/** Whoever mends what is of the other one waits for no lease. */
const leased = Digest.ofBytes("a key that somebody computes")

/** Notes one of each kind in a store, as commands do: of a lease and a use as well, by this process. */
export const noteAll = (home: string, run: string) =>
  Effect.gen(function* () {
    const { putPrinted } = yield* TraceStore
    yield* putPrinted("sum", key, "what was printed\n")
    yield* Pins.put(
      home,
      { _tag: "Run", run },
      { asked: run, label: "toy", keys: [key], pinned: "2026-01-01T00:00:00Z" }
    )
    yield* Marks.put(home, run, { tags: ["for the paper"], note: "", hidden: false })
    const [before, after] = ["one", "two"].map((of) => codeOf(of, { "stages/sum.ts": of }))
    if (before === undefined || after === undefined) return
    const id = "0123456789ab"
    const changes = [{ stage: "sum", before, after }] as const
    const accepted = {
      schema: 1,
      id,
      stage: "sum",
      changes,
      because: "renamed",
      by: "ada",
      accepted: "2026-01-01"
    } as const
    yield* AcceptancesDisk.put(home, AcceptancesDisk.sign(accepted, null))
    yield* Effect.flatMap(Uploads.Uploads, ({ note }) => note({ kind: "trace", stage: "sum", key }))
    yield* Ledger.rememberFound(home, new Map([[key, 3]]))
    const memory = { format: 1, root: "/data", fingerprint: null, digest: key } as const
    yield* DigestMemory.save(path.join(home, "sources", `${key}.txt`), memory, [["a.csv", "1 2 3", key]])
    fs.mkdirSync(path.join(home, "begun"), { recursive: true })
    fs.writeFileSync(path.join(home, "begun", "20990101-000000-000-abcd.json"), Seal.bytesOf("{}"))
    for (const file of [`leases/${leased}/token.json`, "using/0123456789abcdef/holder"]) {
      fs.mkdirSync(path.dirname(path.join(home, file)), { recursive: true })
      fs.writeFileSync(path.join(home, file), written(here.self()))
    }
  }).pipe(Effect.provide(Layer.mergeAll(TraceDisk.layerDisk(home), Uploads.layerDisk(home))))
