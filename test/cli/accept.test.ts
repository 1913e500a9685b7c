import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { cluster } from "../rig/cluster.ts"
import { command as execute } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"
import { waitingProject } from "../rig/waiting-project.ts"

// A change of code that alters no result is accepted, used, shown, audited and taken back, in a project of two stages.

const program = path.resolve(import.meta.dirname, "../../bin/pipeline.mjs")

let root: string
let counted: () => ReadonlyArray<number>
const home = folder("headrace-accept")
beforeAll(() => {
  const project = waitingProject()
  root = project.root
  counted = project.counted
})

const command = async (...args: ReadonlyArray<string>) => {
  const env = { ...process.env, PIPELINE_HOME: home, PIPELINE_RESULTS: path.join(home, "results") }
  return await execute(process.execPath, [program, ...args], { cwd: root, env })
}
const json = async (...args: ReadonlyArray<string>) => JSON.parse((await command(...args, "--json")).stdout)
const run = (...args: ReadonlyArray<string>) => json("run", "waiting", ...args)
const ran = ({ nodes }: { nodes: ReadonlyArray<{ node: string; status: string }> }) =>
  nodes.filter(({ status }) => status === "ran").map(({ node }) => node)
const edit = (from: string, to: string) => {
  const file = path.join(root, "stages/wait.ts")
  const text = fs.readFileSync(file, "utf8")
  expect(text).toContain(from)
  fs.writeFileSync(file, text.replace(from, to))
}
const becauseOf = (why: string, ...args: ReadonlyArray<string>) =>
  ["accept", "waiting", "wait", "--because", why, ...args] as const

it("what earlier code made serves again, for every result of the stage, until that is taken back", async () => {
  for (const number of ["1", "2"]) expect(ran(await run("--number", number)).sort()).toEqual(["add-one", "wait"])
  const before = counted()
  edit("return { waited: { number } }", "const same = number\n          return { waited: { number: same } }")
  expect((await json("plan", "waiting", "--number", "1")).nodes[0]).toMatchObject({ node: "wait", status: "run" })

  const accepted = await json(...becauseOf("renamed a constant", "--number", "1"))
  expect(accepted.status).toBe("done")
  const { id } = accepted.acceptance
  // the other result of the stage serves as well: it is of the same code
  for (const number of ["1", "2"]) {
    const document = await run("--number", number)
    expect(ran(document)).toEqual([])
    expect(document.results.added).toEqual({ number: Number(number) + 1 })
    expect(document.nodes.find(({ node }: { node: string }) => node === "wait").reason).toMatch(
      new RegExp(`^a result of earlier code was accepted \\(${id}, by .+@.+\\): renamed a constant$`)
    )
  }
  expect(counted()).toEqual(before)
  expect((await command("why", "waiting", "wait", "--number", "1")).stdout).toContain("renamed a constant")
  expect((await command("plan", "waiting", "--number", "1")).stdout).toContain("renamed a constant")
  expect(fs.readFileSync(path.join(home, "results/waiting/report.html"), "utf8")).toContain("renamed a constant")
  // what was never computed is computed by the code as it is
  expect(ran(await run("--number", "3")).sort()).toEqual(["add-one", "wait"])
  expect((await json("accepted")).accepted).toMatchObject([{ id, stage: "wait", because: "renamed a constant" }])

  expect((await command("accepted", "--revoke", id)).status).toBe(0)
  expect((await json("accepted")).accepted).toEqual([])
  expect(ran(await run("--number", "1"))).toEqual(["wait"])
})

it("a change upon a change is accepted, and an audit finds one that altered results after all", async () => {
  expect(ran(await run("--number", "7")).sort()).toEqual(["add-one", "wait"])
  edit("number: same }", "number: same + 0 }")
  expect((await json(...becauseOf("adds nothing", "--number", "7"))).status).toBe("done")
  edit("number: same + 0 }", "number: same + 1 }")
  expect((await json(...becauseOf("adds next to nothing", "--number", "7"))).status).toBe("done")
  const document = await run("--number", "7")
  expect(ran(document)).toEqual([])
  const reason = document.nodes.find(({ node }: { node: string }) => node === "wait").reason
  // the newest result is of the code before both, so that the second word is enough
  expect(reason).toContain("adds next to nothing")
  const audited = await run("--number", "7", "--audit", "100%")
  expect(audited.status).toBe("failed")
  expect(audited.audit.find(({ node }: { node: string }) => node === "wait")).toMatchObject({
    verdict: "differs",
    differences: [{ output: "waited", at: "number", before: "7", after: "8" }]
  })
})

it("what is no change of code alone is refused by name", async () => {
  const refused = async (...args: ReadonlyArray<string>) => {
    const ended = await command(...args, "--json")
    expect(ended.status, ended.stdout).toBe(2)
    return JSON.parse(ended.stdout).error.what
  }
  edit("number: same + 1 }", "number: same + 2 }")
  expect(await refused(...becauseOf("no such result", "--number", "99"))).toMatch(
    /^From its earlier results wait differs by more than code, from the newest since number was .+, is 99$/
  )
  expect(await refused("accept", "waiting", "add-one", "--because", "waits", "--number", "7")).toContain(
    "What add-one depends on is not known before wait has a result"
  )
  expect(await refused("accept", "waiting", "wiat", "--because", "typed", "--number", "7")).toContain('no node "wiat"')
  expect(await refused(...becauseOf(" ", "--number", "7"))).toBe("--because says nothing")
  expect(await refused("accept", "waiting", "wait", "--number", "7")).toContain("--because")
  expect(await refused("accepted", "--revoke", "0123456789ab")).toContain('no acceptance "0123456789ab"')
  await run("--number", "7")
  expect(await refused(...becauseOf("again", "--number", "7"))).toBe("wait has a result already, which serves")
})

it("an acceptance that was changed serves nothing, and is told of", async () => {
  edit("number: same + 2 }", "number: 2 + same }")
  const { acceptance } = await json(...becauseOf("in another order", "--number", "7"))
  expect(ran(await run("--number", "7"))).toEqual([])
  const file = path.join(home, "accepted", `${acceptance.id}.json`)
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("in another order", "in another world"))
  const ended = await command("run", "waiting", "--number", "7", "--json")
  expect(ran(JSON.parse(ended.stdout))).toEqual(["wait"])
  expect(ended.stderr).toContain(`The acceptance ${file} is damaged: nothing is reused by it`)
})

it("is shared by whoever pushes it and nobody else, and taken back everywhere by whoever may write there", async () => {
  const machines = await cluster()
  const [ada, ben] = [folder("headrace-ada"), folder("headrace-ben")]
  const at = async (home: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
    const ended = await machines.start([...args, "--json"], { home, env }).ended
    return { ...ended, document: JSON.parse(ended.stdout) }
  }
  const planned = async (home: string) =>
    (await at(home, ["plan", "waiting"])).document.nodes.map(({ status }: { status: string }) => status)
  expect(ran((await at(ada, ["run", "waiting"])).document).sort()).toEqual(["add-one", "wait"])
  const file = path.join(machines.root, "stages/wait.ts")
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("waited: { number }", "waited: { number: +number }"))

  const { id } = (await at(ada, becauseOf("numbers are numbers"))).document.acceptance
  expect(await planned(ada)).toEqual(["reuse", "reuse"])
  expect(await planned(ben)).toEqual(["run", "run"])
  expect((await at(ada, ["accepted", "--push", "ba9876543210"])).document.error.what).toContain("no acceptance")
  const without = (await at(ada, ["accepted", "--push", id, "--remote", "off"])).document
  expect(without.error.what).toContain("--remote says not to")
  expect(await planned(ben)).toEqual(["run", "run"])

  const pushed = (await at(ada, ["accepted", "--push", id])).document
  expect(pushed.accepted).toMatchObject([{ id, where: "shared", because: "numbers are numbers" }])
  for (const home of [ada, ben]) expect(await planned(home)).toEqual(["reuse", "reuse"])
  expect(ran((await at(ben, ["run", "waiting"])).document)).toEqual([])
  expect((await machines.start(["why", "waiting", "wait"], { home: ben }).ended).stdout).toContain(
    `a result of earlier code was accepted (${id}, by `
  )
  // a machine that looks into another namespace has nothing of it
  const other = await at(folder("headrace-other"), ["plan", "waiting", "--remote", "read"], {
    PIPELINE_NAMESPACE: "pr-7"
  })
  expect(other.document.nodes[0].status).toBe("run")

  const revoked = await at(ben, ["accepted", "--revoke", id])
  expect(revoked.document, revoked.stderr).toMatchObject({ revoked: id, accepted: [] })
  for (const home of [ada, ben]) expect((await planned(home))[0]).toBe("run")
})

it("what is made of something that is still to be computed may be kept by an acceptance, as plan says", async () => {
  const changed = (file: string, from: string, to: string) => {
    const at = path.join(root, file)
    const text = fs.readFileSync(at, "utf8")
    expect(text).toContain(from)
    fs.writeFileSync(at, text.replace(from, to))
  }
  const statuses = async () =>
    (await json("plan", "waiting", "--number", "11")).nodes.map(({ status }: { status: string }) => status)
  await run("--number", "11")
  changed("stages/add-one.ts", "waited.number + 1", "1 + waited.number")
  expect(await statuses()).toEqual(["reuse", "run"])
  await json("accept", "waiting", "add-one", "--because", "sums have no order", "--number", "11")
  expect(await statuses()).toEqual(["reuse", "reuse"])
  edit("2 + same }", "same + 2 }")
  expect(await statuses()).toEqual(["run", "maybe"])
  expect(ran(await run("--number", "11"))).toEqual(["wait"])
})
