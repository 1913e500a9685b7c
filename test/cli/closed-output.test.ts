import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { mounted, pipeline as run } from "../rig/bad-input.ts"
import {
  finishedChunks,
  giveCifar10,
  goOn,
  imageFolder,
  pipeline,
  processesOf,
  type Rig,
  recordOf,
  rig,
  start,
  stoppedWhere,
  tracesOf
} from "../rig/cli.ts"
import { describeWith } from "../rig/needs.ts"

describe("a command whose output nobody reads", () => {
  let at: Rig

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
    expect((await pipeline(at, "run", "transfer", "--epochs", "1", "--units", "4")).code).toBe(0)
  })

  it.each(["list", "inspect transfer/metrics", "run transfer --epochs 1 --units 4", "--help"])(
    "ends as it would have, without a word: %s",
    async (line) => {
      const command = start(at, ...line.split(" "))
      command.child.stdout?.destroy()
      expect(await command.finished).toMatchObject({
        code: 0,
        stderr: expect.not.stringMatching(/error|EPIPE|^\s+at /im)
      })
    }
  )

  it("is interrupted where it is a run that is under way: a record, no leases, no processes", async () => {
    const images = await imageFolder({ train: 150 })
    let away = at
    const command = await stoppedWhere(
      () => {
        away = rig({ root: at.root })
        return start(away, "run", "transfer", "--dataset", images)
      },
      () => finishedChunks(away).length >= 1,
      () => tracesOf(away, "evaluate").length > 0
    )
    command.child.stderr?.destroy()
    goOn(command)
    expect((await command.finished).code).toBe(130)
    const [record = ""] = fs.readdirSync(path.join(away.home, "runs")).filter((name) => name.endsWith(".json"))
    expect(recordOf(away, path.basename(record, ".json")).status).toBe("interrupted")
    expect(fs.readdirSync(path.join(away.home, "leases"))).toEqual([])
    expect(processesOf(away)).toEqual([])
  })
})

describeWith(["mounts"], "an answer that can't be written", () => {
  it("on a full disk, is a failure", async () => {
    const full = 'head -c 4096 /dev/zero > "$PIPELINE_HOME/ballast"; touch "$PIPELINE_HOME/answer"'
    const ended = await run(["list"], {
      under: mounted("size=4k", ({ home }) => home, `${full}; "$@" > "$PIPELINE_HOME/answer"`)
    })
    expect(ended).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/^error: The answer cannot be written \(ENOSPC.*\); expected .*\. .*\.\n$/)
    })
  })
})
