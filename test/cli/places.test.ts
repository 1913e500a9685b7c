import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { pipeline, project, rig } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"

it("places whose variables are empty are the usual ones, not the current folder", async () => {
  // in a folder of its own, so that nothing lies beside it
  const root = path.join(folder("headrace-places"), "project")
  fs.renameSync(project(), root)
  const at = rig({ root, env: { PIPELINE_HOME: "", PIPELINE_RESULTS: "", PIPELINE_MIRROR: "" } })
  const json = async (...args: ReadonlyArray<string>) => JSON.parse((await pipeline(at, ...args, "--json")).stdout)
  expect((await json("list")).cache.home).toBe(path.join(at.root, ".pipeline"))
  const mirror = path.resolve(at.root, "../shared/data")
  fs.mkdirSync(mirror, { recursive: true })
  fs.writeFileSync(path.join(mirror, "cifar-10-binary.tar.gz"), "official")
  const { checks } = await json("doctor")
  const found = (check: string) => checks.find(({ name }: { readonly name: string }) => name === check).found
  expect(found("dataset cifar10")).toContain(`, ${mirror}/cifar-10-binary.tar.gz`)
  expect(found("cache")).toContain(`${path.join(at.root, ".pipeline")},`)
  expect(found("results")).toContain(`${path.join(at.root, "results")},`)
})
