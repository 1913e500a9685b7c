import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { eventually } from "../../rig/cli.ts"
import { bytesUnder, type StoringProject, storingProject } from "../../rig/storing-project.ts"

interface Answer {
  readonly before: number
  readonly after: number
  readonly freed: number
  readonly seconds: number
  readonly groups: ReadonlyArray<{ readonly group: string; readonly bytes: number; readonly seconds: number }>
}

const seeds = (count: number) => `seed=${Array.from({ length: count }, (_, seed) => seed + 10).join(",")}`
/** Of a store with no more than a sweep's points need: what is shared, and a kilobyte or two of words each. */
const MODEL_BYTES = 80_000

let at: StoringProject
beforeAll(() => {
  at = storingProject()
})

describe("a sweep, and then a smaller store", () => {
  const POINTS = 12
  let dry: Answer
  let went: Answer

  it("a dry run says what would go and what it would take to make it again, and removes nothing", async () => {
    await at.asked(["run", "storing"])
    await at.asked(["sweep", "storing", "--over", seeds(POINTS)])
    const before = bytesUnder(at.home)
    dry = await at.asked(["gc", "--keep-size", "600kB", "--dry-run"])
    expect(bytesUnder(at.home)).toBe(before)
    expect(dry.before).toBe(before)
    expect(dry.after).toBeLessThanOrEqual(600_000)
    expect(dry.groups.map(({ group }) => group)).toEqual(["fit"])
    expect(dry.seconds).toBeGreaterThan(0)
  })

  it("removes what was said, so that the store has the size that was asked for, and no larger", async () => {
    went = await at.asked(["gc", "--keep-size", "600kB"])
    expect(went.freed).toBe(dry.freed)
    // what it remembers of the size is its own
    expect(Math.abs(bytesUnder(at.home) - went.after)).toBeLessThan(1000)
    expect(bytesUnder(at.home)).toBeLessThanOrEqual(600_000)
    expect(went.freed).toBeGreaterThan(POINTS * MODEL_BYTES - 600_000)
    expect(fs.readdirSync(at.home)).not.toContain("results")
  })

  it("hits further down still hit: the sweep and the run before it find everything", async () => {
    const swept = await at.asked(["sweep", "storing", "--over", seeds(POINTS)])
    expect(swept.nodes).toMatchObject({ ran: 0, failed: 0 })
    const ran = await at.asked(["run", "storing"])
    expect(ran.nodes.map(({ status }: { status: string }) => status)).toEqual(["reused", "reused", "reused"])
  })

  it("all goes that no kept run needs, and what is needed again is computed again, to the same", async () => {
    await at.asked(["gc", "--keep-last", "1"])
    const first = await at.asked(["run", "storing", "--seed", "10"])
    expect(first.nodes.map(({ status }: { status: string }) => status)).toEqual(["reused", "reused", "reused"])
    const shown = await at.pipeline(["run", "storing", "--seed", "10", "--again", "score", "--json"])
    expect(JSON.parse(shown.stdout)).toMatchObject({ status: "done", results: { metrics: first.results.metrics } })
    expect(shown.stderr).toContain("An object of fit was missing; it is computed again.")
  })

  it("what is pinned stays, and goes once it is not", async () => {
    const { pin } = await at.asked(["pin", "storing/model"])
    expect(pin).toMatchObject({ label: "fit of storing", results: 1 })
    await at.asked(["run", "storing", "--seed", "99"])
    const kept = await at.asked(["gc", "--keep-last", "1"])
    expect(kept.spared.pinned).toBeGreaterThan(MODEL_BYTES)
    expect((await at.asked(["pin"])).pins).toHaveLength(1)
    expect(await at.asked(["unpin", "storing/model"])).toMatchObject({ unpinned: [pin.key] })
    expect((await at.asked(["pin"])).pins).toEqual([])
    expect((await at.asked(["gc", "--keep-last", "1"])).freed).toBeGreaterThan(MODEL_BYTES)
  })

  it("runs that are older are forgotten where that is asked for, but for the newest of each pipeline", async () => {
    const records = () => fs.readdirSync(path.join(at.home, "runs")).filter((name) => name.endsWith(".json"))
    expect(records().length).toBeGreaterThan(1)
    await at.asked(["gc", "--older-than", "1h"])
    expect(records().length).toBeGreaterThan(1)
    await at.asked(["gc", "--older-than", "0m"])
    expect(records()).toHaveLength(1)
  })
})

it("what is no size, no age or no number of runs is refused by name, with an example", async () => {
  const refused = async (...args: ReadonlyArray<string>) => {
    const { status, stdout } = await at.pipeline(["gc", ...args, "--json"])
    expect(status).toBe(2)
    return JSON.parse(stdout).error
  }
  for (const size of ["20", "-1GB", "20gb", "1e3MB", "99999999TB", "GB"])
    expect(await refused(`--keep-size=${size}`)).toMatchObject({
      what: `--keep-size is ${JSON.stringify(size)}`,
      expected: expect.stringContaining("20GiB"),
      fix: "Try --keep-size 20GB."
    })
  for (const age of ["30", "d", "1.5d", "-1d", "30D"])
    expect(await refused(`--older-than=${age}`)).toMatchObject({ fix: "Try --older-than 30d." })
  expect(await refused("--keep-last", "0")).toMatchObject({ what: "--keep-last is 0" })
})

it("what was never run, or is not pinned, is refused by name", async () => {
  const refused = async (...args: ReadonlyArray<string>) => {
    const { status, stdout } = await at.pipeline([...args, "--json"])
    expect(status).toBe(2)
    return JSON.parse(stdout).error
  }
  expect(await refused("pin", "storring")).toMatchObject({ tag: "UsageInvalid", what: 'No run "storring" is kept' })
  expect(await refused("unpin", "storing")).toMatchObject({ what: 'Nothing is pinned by "storing"' })
})

describe("the budget of a store", () => {
  it("is kept after runs, in the background, which is said once", async () => {
    const own = storingProject()
    const env = { PIPELINE_KEEP_SIZE: "500kB" }
    const first = await own.pipeline(["sweep", "storing", "--over", seeds(8)], env)
    expect(first.stderr).toContain("PIPELINE_KEEP_SIZE=100GB lets it grow, off leaves it alone.")
    await eventually(() => expect(bytesUnder(own.home)).toBeLessThanOrEqual(500_000))
    const second = await own.pipeline(["sweep", "storing", "--over", "seed=50,51,52,53,54,55"], env)
    expect(second.stderr).not.toContain("PIPELINE_KEEP_SIZE")
    await eventually(() => expect(bytesUnder(own.home)).toBeLessThanOrEqual(500_000))
    expect((await own.asked(["sweep", "storing", "--over", seeds(8)], env)).nodes).toMatchObject({ ran: 0 })
  })

  it("that cannot be read is told of after the run, which is none the worse", async () => {
    const { status, stderr } = await at.pipeline(["run", "storing", "--seed", "1234"], { PIPELINE_KEEP_SIZE: "lots" })
    expect(status).toBe(0)
    expect(stderr).toContain('warning: PIPELINE_KEEP_SIZE is "lots"; expected a number with its unit')
  })
})
