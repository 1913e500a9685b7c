import * as fs from "node:fs"
import { beforeAll, expect, it } from "vitest"
import { type OutsideProject, outsideProject } from "../rig/outside.ts"

// A real limit of open files, as a shell sets it: what it stops, a command or its worker processes, is told by that.

let project: OutsideProject
beforeAll(async () => {
  project = await outsideProject()
  // what is built and compiled once is not what is tried
  await project.run("rents")
})

const runWith = (files: number, ...more: ReadonlyArray<string>) => {
  for (const kept of ["traces", "objects"]) fs.rmSync(project.at(`.pipeline/${kept}`), { recursive: true, force: true })
  return project.shell(["ulimit", "-n", `${files};`, "npx", "pipeline", "run", "rents", ...more].join(" "))
}

it.each([25, 30, 40, 60])("a run that may have %i files open fails by that, and says what to raise", async (files) => {
  const { status, stdout, stderr } = await runWith(files, "--json")
  expect(status, stderr).toBe(1)
  const { error, nodes } = JSON.parse(stdout)
  const told = error ?? nodes.find((node: { readonly error: unknown }) => node.error !== null).error
  expect(told.what).toMatch(new RegExp(`^Too many files are open, where ${files} may be: .*EMFILE`))
  expect(told.fix).toContain("ulimit -n 4096")
  expect(JSON.stringify(told)).not.toContain("Node.js v")
})

it("a project that can't be built for that says so, and so does one that can't be started", async () => {
  fs.rmSync(project.at(".pipeline/build"), { recursive: true })
  const { status, stdout, stderr } = await runWith(24)
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
  expect(stderr).toMatch(/^error: The program cannot be (built|started): .*EMFILE.*ulimit -n 4096/m)
})

it("with the limit raised, the run that failed goes on", async () => {
  expect((await runWith(40)).status).toBe(1)
  const { document } = await project.run("rents")
  expect(document.status).toBe("done")
})
