import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as TaskFiles from "../../../cluster/slurm/TaskFiles.ts"
import { folder } from "../../rig/folder.ts"

const array = "headrace-0123456789ab"

/** An array of two tasks. */
const submitted = () => {
  const root = folder("headrace-arrays")
  const at = TaskFiles.folderOf(root, array)
  fs.mkdirSync(at, { recursive: true })
  for (const index of [0, 1]) fs.writeFileSync(path.join(at, `${index}.json`), "{}")
  return { root, at }
}

it.effect(
  "the folder of an array goes with the last of its tasks, also where a job that was ended left its output",
  () =>
    Effect.gen(function* () {
      const { root, at } = submitted()
      yield* TaskFiles.remove(root, { array, index: 0 })
      fs.writeFileSync(path.join(at, "0.out"), "slurmstepd: error: cancelled")
      expect(fs.readdirSync(at).sort()).toEqual(["0.out", "1.json"])
      yield* TaskFiles.remove(root, { array, index: 1 })
      expect(fs.existsSync(at)).toBe(false)
    })
)

it.effect("it stays while a task of it is left, or a command waits for one", () =>
  Effect.gen(function* () {
    const { root, at } = submitted()
    fs.writeFileSync(path.join(at, "1.waiting-abcdef"), "")
    yield* TaskFiles.remove(root, { array, index: 0 })
    expect(fs.readdirSync(at).sort()).toEqual(["1.json", "1.waiting-abcdef"])
    yield* TaskFiles.remove(root, { array, index: 1 })
    expect(fs.readdirSync(at)).toEqual(["1.waiting-abcdef"])
    // nobody minds what is gone already
    fs.rmSync(at, { recursive: true })
    yield* TaskFiles.remove(root, { array, index: 1 })
  })
)
