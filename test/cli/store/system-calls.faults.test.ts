import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { failingCalls, type Who } from "../../rig/failing-calls.ts"
import { times } from "../../rig/fault-counts.ts"
import { storingProject } from "../../rig/storing-project.ts"

// The Nth call on a file of the store fails, once or from then on: what comes of it is a right result or a failure by name, and the next
// run needs nothing but to be given.

const CODES = ["EIO", "ENOSPC", "EMFILE", "EROFS"] as const
const RUN = ["run", "storing", "--rows", "3000", "--size", "3000"]

const unfinishedIn = (home: string) =>
  fs.readdirSync(home, { recursive: true }).filter((name) => path.basename(String(name)).startsWith(".tmp-"))

const failing = (who: Who) =>
  it(`a call of the ${who} that fails, whichever it is, makes no result wrong, and nothing has to be mended by hand`, async () => {
    const at = storingProject()
    const { results } = await at.asked(RUN)
    const empty = () => fs.rmSync(at.home, { recursive: true, force: true })
    const counting = failingCalls(at.root, { who, under: at.home, at: null, code: "", fromThenOn: false })
    empty()
    await at.asked(RUN, counting.env)
    counting.undo()
    const calls = counting.calls()
    expect(calls).toBeGreaterThan(20)
    // a few of them, spread evenly, by turns with each code; or each with all
    const most = times({ quick: 6, long: calls })
    const each = times({ quick: 1, long: CODES.length })
    let failed = 0
    for (let turn = 0; turn < most; turn++)
      for (let more = 0; more < each; more++) {
        const number = 1 + Math.floor((turn * calls) / most)
        const code = CODES[(turn + more) % CODES.length] as (typeof CODES)[number]
        const fromThenOn = (turn + more) % 2 === 1
        const { env, undo } = failingCalls(at.root, { who, under: at.home, at: number, code, fromThenOn })
        empty()
        const ended = await at.pipeline([...RUN, "--json"], env)
        undo()
        const where = `call ${number}, ${code}${fromThenOn ? " from then on" : ""}: ${ended.stderr}${ended.stdout}`
        const document = JSON.parse(ended.stdout)
        if (document.status === "done") {
          for (const [name, result] of Object.entries<Record<string, { what: string }>>(document.results))
            if (result.error === undefined) expect(result, where).toEqual(results[name])
            else expect(result.error.what, where).toContain(code)
          expect(Object.keys(document.results), where).toEqual(Object.keys(results))
        } else {
          failed += 1
          expect([document.status, document.error.tag === "Bug"], where).toEqual(["failed", false])
          for (const part of ["what", "fix"]) expect(document.error[part], where).toMatch(/\S/)
          expect(document.error.what, where).toContain(code)
        }
        expect((await at.asked(RUN)).results, where).toEqual(results)
        // what was left by whoever could not remove it goes with the next command that writes
        await at.asked([...RUN, "--seed", "2"])
        expect(unfinishedIn(at.home), where).toEqual([])
      }
    expect(failed).toBeGreaterThan(0)
  })

failing("command")
failing("worker")
