import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Layer } from "effect"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import type { Finding } from "../../cache/verify/Finding.ts"
import * as Repair from "../../cache/verify/Repair.ts"
import type * as Sample from "../../cache/verify/Sample.ts"
import * as Verify from "../../cache/verify/Verify.ts"
import { recordedIn, recordedWhole } from "../../cli/store/recorded.ts"
import * as Executor from "../../engine/Executor.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import * as RunRecordDisk from "../../engine/run-record-disk.ts"
import { folder } from "./folder.ts"
import * as Toys from "./toys.ts"
import { runWalk, walking } from "./walking.ts"

// A store on the disk that the pipelines of toys fill, and what is found by verifying it.

/** Who hears of nothing while a store is verified. */
export const silent: typeof Verify.Listener.Service = { progress: () => Effect.void, found: () => Effect.void }

export const verifying = (home = path.join(folder("headrace-verify"), "home")) => {
  const stores = Layer.mergeAll(ObjectStoreDisk.layerDisk(home), TraceDisk.layerDisk(home), LeaseDisk.layerDisk(home))
  const events: Array<RunEvent.RunEvent> = []
  const whole = Layer.mergeAll(
    Toys.layerCode,
    RunEvent.layerCollect(events),
    RunRecordDisk.layerDisk(home),
    Toys.layerReadResults
  ).pipe(
    Layer.provideMerge(Executor.layerInProcess(Toys.toy, walking)),
    Layer.provideMerge(stores),
    Layer.provideMerge(Toys.layerCode)
  )
  const verify = (
    asked: { readonly sample?: Sample.Sample; readonly alone?: RunRecord } = {},
    listener: typeof Verify.Listener.Service = silent
  ) =>
    Verify.verify({
      home,
      sample: asked.sample ?? null,
      alone: asked.alone === undefined ? null : recordedWhole(asked.alone),
      recordIn: recordedIn
    }).pipe(Effect.provideService(Verify.Listener, listener), Effect.provide(stores))
  return {
    home,
    stores,
    run: (given: Readonly<Record<string, unknown>> = {}) => Effect.provide(Toys.runToy(given), whole),
    walk: (given: Readonly<Record<string, unknown>> = {}) => Effect.provide(runWalk(given), whole),
    verify,
    repair: (findings: ReadonlyArray<Finding>) =>
      Effect.flatMap(Repair.folderFor(home), (to) =>
        Effect.forEach(findings, (finding) => Repair.repair(home, to, finding))
      ).pipe(Effect.provide(stores)),
    /** All files below some folders of the store. */
    files: (...below: ReadonlyArray<string>): ReadonlyArray<string> =>
      below.flatMap((name) => {
        const at = path.join(home, name)
        if (!fs.existsSync(at)) return []
        return fs
          .readdirSync(at, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => path.join(entry.parentPath, entry.name))
          .sort()
      })
  }
}

/** Puts other bytes in the place of a file, read-only as it may be. */
export const overwrite = (file: string, bytes: Uint8Array): void => {
  fs.rmSync(file)
  fs.writeFileSync(file, bytes)
}

/** The bytes with one bit of them flipped. */
export const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const other = new Uint8Array(bytes)
  other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return other
}

/** What becomes of a file whose writer, disk or copier fails. */
export const DAMAGES: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  "cut off at its beginning": () => new Uint8Array(),
  "cut off after a byte": (bytes) => bytes.subarray(0, 1),
  "cut in half": (bytes) => bytes.subarray(0, bytes.length >> 1),
  "cut off before its last byte": (bytes) => bytes.subarray(0, -1),
  "filled with zeros": (bytes) => new Uint8Array(bytes.length),
  "filled with something else": (bytes) => bytes.map((_, at) => (at * 31 + 7) % 251),
  "made longer by a byte": (bytes) => Uint8Array.of(...bytes, 0)
}
