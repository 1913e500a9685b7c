import * as fs from "node:fs"
import { request } from "node:http"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { gating, LEARNING } from "../../rig/learning-project.ts"
import { storingProject } from "../../rig/storing-project.ts"
import { listening, type Serving, serving } from "../../rig/ui.ts"

// The server of `pipeline ui`, asked as its page asks it.

const at = storingProject(LEARNING)
let ui: Serving
beforeAll(async () => {
  for (const rate of [0.1, 0.5, 2]) await at.asked(["run", "learning", "--rate", `${rate}`])
  await at.asked(["sweep", "learning", "--over", "rate=1,3"])
  await at.pipeline(["run", "learning", "--epochs", "-1"])
  ui = await serving(at)
})

const runs = async (query = "") => (await ui.ask(`/api/runs${query}`)).json()
const bytesIn = (home: string) =>
  Object.fromEntries(
    fs
      .readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes("using"))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(home, file), fs.readFileSync(file, "base64")])
  )

it("lists runs by what they were given and came to, and tells in what they differ", async () => {
  const all = await runs()
  expect([all.all, all.total, all.params, all.metrics]).toEqual([4, 4, ["rate"], ["accuracy", "loss"]])
  expect(all.rows[0]).toMatchObject({ kind: "sweep", points: 2, status: "done" })
  const best = await runs("?sort=-metric:accuracy&filter=kind%3Drun&most=1")
  expect([best.total, best.rows.length]).toEqual([3, 1])
  expect(best.rows[0]).toMatchObject({ pipeline: "learning", params: { rate: 2, epochs: 3 }, ran: 1, reused: 0 })
  expect((await runs("?filter=rate%3C1")).total).toBe(2)
  const rest = await runs("?from=3&most=5")
  expect(rest.rows.length).toBe(1)
})

it("says what of a question it does not understand", async () => {
  expect(await ui.ask("/api/runs?sort=weather")).toMatchObject({
    status: 400,
    text: expect.stringContaining("weather")
  })
  expect(await ui.ask("/api/runs?most=0")).toMatchObject({ status: 400 })
  expect(await ui.ask("/api/runs/20200101-000000-0000000")).toMatchObject({
    status: 404,
    text: expect.stringContaining("No run 20200101-000000-0000000 is kept")
  })
  for (const method of ["GET", "DELETE"])
    expect(await ui.ask("/api/runs/..%2Fbegun%2Fother", { method })).toMatchObject({ status: 400 })
  expect(await ui.ask("/nothing.js")).toMatchObject({ status: 404 })
})

it("gives a run as its report tells it", async () => {
  const [{ run }] = (await runs("?sort=-metric:accuracy&filter=kind%3Drun")).rows
  const { row, report } = (await ui.ask(`/api/runs/${run}`)).json()
  expect(row.run).toBe(run)
  for (const part of ["learning", "85.7 %", "pipeline run learning --rate 2"]) expect(report).toContain(part)
})

it("says what differs between runs, and which cannot be compared", async () => {
  const { rows } = await runs("?filter=kind%3Drun&sort=param:rate")
  const names = rows.map(({ run }: { readonly run: string }) => run)
  const { comparison } = (await ui.ask(`/api/compare?runs=${names.join(",")}`)).json()
  for (const part of ["learning: 3 runs compared", "rate", "85.7 %", ...names]) expect(comparison).toContain(part)
  expect(await ui.ask(`/api/compare?runs=${names[0]}`)).toMatchObject({
    status: 400,
    text: expect.stringContaining("names one run")
  })
  expect(await ui.ask("/api/compare?runs=20200101-000000-0000000,x")).toMatchObject({
    status: 400,
    text: expect.stringContaining("No run")
  })
})

it("shows what a run's nodes made, what made it and who uses it", async () => {
  const { run } = await at.asked(["run", "storing", "--rows", "40"])
  const { artifacts } = (await ui.ask(`/api/runs/${run}`)).json()
  expect(
    artifacts.map(({ node, output }: { readonly node: string; readonly output: string }) => `${node}.${output}`)
  ).toEqual(["read.numbers", "fit.model", "score.metrics"])
  const [{ address, content }] = artifacts
  const numbers = (await ui.ask(`/api/artifact?address=${encodeURIComponent(address)}`)).json()
  expect(numbers).toMatchObject({ node: "read", artifact: "Numbers@1", rows: 40, content, error: null })
  expect(numbers.blocks.some(({ _tag }: { readonly _tag: string }) => _tag === "Table")).toBe(true)
  expect(numbers.made).toMatchObject({ stage: "read", params: { rows: 40 } })
  expect(numbers.usedBy).toEqual(expect.arrayContaining(["storing/fit", "storing/score"]))
  const metrics = (await ui.ask(`/api/artifact?address=${run}/score.metrics`)).json()
  // one goes on from what an artifact was made of, by its content
  const input = metrics.made.inputs.find(({ name }: { readonly name: string }) => name === "numbers")
  expect(input.content).toBe(content)
  expect((await ui.ask(`/api/artifact?address=${content}`)).json().node).toBe("read")
  expect(await ui.ask(`/api/artifact?address=${run}/nothing`)).toMatchObject({ status: 400 })
})

it("changes nothing of the store where it is asked, but for what it knows of records", async () => {
  await runs()
  const before = bytesIn(at.home)
  const [{ run }] = (await runs()).rows
  await ui.ask(`/api/runs/${run}`)
  await ui.ask("/")
  expect(bytesIn(at.home)).toEqual(before)
})

it("keeps what is said of a run beside its record, and nowhere else", async () => {
  const [{ run }] = (await runs("?filter=rate%3D0.5")).rows
  const before = bytesIn(at.home)
  const marks = { tags: ["for the paper"], note: "slower <b>than</b> thought", hidden: true }
  expect((await ui.ask(`/api/runs/${run}/marks`, { method: "PUT", body: JSON.stringify(marks) })).json().marks).toEqual(
    marks
  )
  expect((await runs("?filter=rate%3D0.5")).total).toBe(0)
  expect((await runs('?filter=tag%3D"for%20the%20paper"&hidden=true')).rows[0].marks).toEqual(marks)
  const { [`marks/${run}.json`]: kept, ...others } = bytesIn(at.home)
  expect(kept).toBeDefined()
  expect(others).toEqual(before)
  // the keys are as they were
  expect((await at.asked(["run", "learning", "--rate", "0.5"])).nodes[0].status).toBe("reused")
  await ui.ask(`/api/runs/${run}/marks`, { method: "PUT", body: JSON.stringify({ tags: [], note: "", hidden: false }) })
  expect(fs.existsSync(path.join(at.home, "marks", `${run}.json`))).toBe(false)
})

it("takes away a record that is to go, and lists those that come", async () => {
  const { total } = await runs()
  const { run } = await at.asked(["run", "learning", "--rate", "7"])
  expect((await runs()).total).toBe(total + 1)
  expect(await ui.ask(`/api/runs/${run}`, { method: "DELETE" })).toMatchObject({ status: 204 })
  expect([(await runs()).total, fs.existsSync(path.join(at.home, "runs", `${run}.json`))]).toEqual([total, false])
  expect((await at.asked(["run", "learning", "--rate", "7"])).nodes[0].status).toBe("reused")
})

it("tells of a record that cannot be read, beside the others", async () => {
  const { run } = await at.asked(["run", "learning", "--rate", "8"])
  const { all } = await runs()
  const { end, ask } = await serving(at)
  const file = path.join(at.home, "runs", `${run}.json`)
  const whole = fs.readFileSync(file)
  fs.writeFileSync(file, whole.subarray(0, 200))
  const { all: now, unreadable } = await (async () => {
    for (;;) {
      const list = (await ask("/api/runs")).json()
      if (list.unread === 0 && list.unreadable.length > 0) return list
      fs.utimesSync(path.dirname(file), new Date(), new Date())
    }
  })()
  expect([now, unreadable[0].run]).toEqual([all - 1, run])
  expect(unreadable[0].what).toContain("damaged")
  expect(await ask(`/api/runs/${run}`)).toMatchObject({ status: 404, text: expect.stringContaining("damaged") })
  await end()
  fs.writeFileSync(file, whole)
})

it("says what lies in the store, and what could go, as gc does", async () => {
  const store = (await ui.ask("/api/store")).json()
  const gc = await at.asked(["gc", "--keep-size", "0B", "--dry-run"])
  expect(store.home).toBe(at.home)
  const goes = store.groups.reduce((sum: number, { goes }: { readonly goes: number }) => sum + goes, 0)
  const bytes = store.groups.reduce((sum: number, { bytes }: { readonly bytes: number }) => sum + bytes, 0)
  expect([goes > 0, bytes]).toEqual([true, store.bytes])
  expect(store.groups.map(({ group }: { readonly group: string }) => group)).toEqual(
    expect.arrayContaining(["learn", "records"])
  )
  // a running command's mark lies there while the other looks
  expect(Math.abs(goes - gc.freed)).toBeLessThan(10_000)
  expect(store.days.length).toBeGreaterThan(0)
})

it("answers nobody but its own page", async () => {
  const { port } = new URL(ui.origin)
  const get = (headers: Record<string, string>) => ui.ask("/api/project", { headers })
  expect(await get({ origin: "http://evil.example" })).toMatchObject({ status: 403 })
  expect(await get({ origin: ui.origin })).toMatchObject({ status: 200 })
  expect(await get({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).toMatchObject({ status: 403 })
  // a name of somebody else's that was made to lead here
  const named = (host: string) =>
    new Promise((resolve) =>
      request(`${ui.origin}/api/runs`, { headers: { host } }, ({ statusCode }) => resolve(statusCode)).end()
    )
  expect(await named(`evil.example:${port}`)).toBe(421)
  expect(await named(`localhost:${port}`)).toBe(200)
  const asked = (method: string, origin: string | null) =>
    fetch(`${ui.origin}/api/runs/20200101-000000-0000000`, { method, headers: origin === null ? {} : { origin } })
  expect((await asked("DELETE", null)).status).toBe(403)
  expect((await asked("DELETE", "http://evil.example")).status).toBe(403)
  expect((await asked("DELETE", `http://localhost:${port}`)).status).toBe(403)
  expect((await asked("DELETE", ui.origin)).status).toBe(404)
  const { headers } = await ui.ask("/")
  expect(headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'")
  expect(headers.get("x-content-type-options")).toBe("nosniff")
})

it("tells of a run that goes on, step by step, and of its end", async () => {
  const gate = await gating()
  gate.allow(1)
  const heard = await listening(ui)
  const command = at.start(["run", "learning", "--epochs", "4", "--rate", "0.7", "--gate", gate.url])
  const curve = () =>
    [...heard.known.values()]
      .map(({ nodes }) => nodes.get("learn")?.curves.loss?.steps)
      .find((steps) => steps !== undefined)
  await heard.until(() => curve()?.length === 1)
  const going = heard.messages.findLast((message) => message._tag === "Going")
  expect(going?._tag === "Going" && going.runs[0]).toMatchObject({
    pipeline: "learning",
    kind: "run",
    params: { rate: 0.7, epochs: 4 },
    graph: { nodes: [{ name: "learn", isSource: false }], edges: [] },
    by: expect.stringMatching(`^${command.pid} on `)
  })
  gate.allow(3)
  await heard.until(() => curve()?.length === 3)
  expect(curve()).toEqual([1, 2, 3])
  // whoever comes later is told all of it
  const later = await listening(ui)
  await later.until(() => [...later.known.values()][0]?.nodes.get("learn")?.curves.loss?.steps.length === 3)
  gate.allow(9)
  await heard.until(() => heard.messages.some((message) => message._tag === "Over"))
  expect(heard.messages.find((message) => message._tag === "Over")).toMatchObject({ status: "done", error: null })
  expect(fs.readdirSync(path.join(at.home, "live"))).toEqual([])
})

it("says so when a run is killed, and how far it had come", async () => {
  const gate = await gating()
  gate.allow(2)
  const heard = await listening(ui)
  const command = at.start(["run", "learning", "--epochs", "4", "--rate", "0.9", "--gate", gate.url])
  const told = () => [...heard.known.values()].some(({ nodes }) => nodes.get("learn")?.curves.loss?.steps.length === 2)
  await heard.until(told)
  process.kill(-(command.pid ?? 0), "SIGKILL")
  await heard.until(() => heard.messages.some((message) => message._tag === "Over"))
  expect(heard.messages.find((message) => message._tag === "Over")).toMatchObject({
    status: "interrupted",
    error: expect.stringContaining("ended without a word")
  })
  const later = await listening(ui)
  await later.until(() =>
    [...later.known.values()].some(({ nodes }) => nodes.get("learn")?.curves.loss?.steps.length === 2)
  )
})

it("is asked by others only with the token that it told", async () => {
  const open = await serving(at, ["--host", "0.0.0.0"])
  const { searchParams, port } = new URL(open.url)
  const host = `127.0.0.1:${port}`
  const ask = (asked: string, headers: Record<string, string> = {}) =>
    fetch(`http://${host}${asked}`, { headers, redirect: "manual" })
  expect((await ask("/api/project")).status).toBe(401)
  expect((await ask("/?t=guessed")).status).toBe(401)
  const letIn = await ask(`/?t=${searchParams.get("t")}`)
  expect([letIn.status, letIn.headers.get("location")]).toEqual([302, "/"])
  const [cookie = ""] = (letIn.headers.get("set-cookie") ?? "").split(";")
  expect(letIn.headers.get("set-cookie")).toMatch(/HttpOnly.*SameSite=Strict/)
  expect((await ask("/api/project", { cookie })).status).toBe(200)
  await open.end()
})

it("ends by Ctrl-C, and says what it cannot serve at", async () => {
  const once = await serving(at)
  expect(await once.end()).toBe(130)
  const { port } = new URL(ui.origin)
  const taken = await at.pipeline(["ui", "--port", port, "--json"])
  expect(JSON.parse(taken.stdout).error).toMatchObject({
    tag: "NotServing",
    what: `Nothing can be served at 127.0.0.1:${port}: something else is served there`
  })
  const wrong = await at.pipeline(["ui", "--host", "everywhere", "--json"])
  expect([wrong.status, JSON.parse(wrong.stdout).error.what]).toEqual([2, '--host is "everywhere"'])
})
