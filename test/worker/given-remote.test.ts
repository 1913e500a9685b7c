import * as path from "node:path"
import { Effect } from "effect"
import { beforeAll, expect, it } from "vitest"
import { forWorker } from "../../cache/remote/for-worker.ts"
import { settings } from "../../cache/remote/settings.ts"
import * as TrustFile from "../../cache/remote/TrustFile.ts"
import { bundle } from "../rig/bundle.ts"
import { command } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"
import { ada, trusting } from "../rig/machines.ts"

let program = ""
beforeAll(async () => {
  program = await bundle("worker/given-remote.ts", path.join(folder("headrace-given"), "given.mjs"))
})

const OWN = {
  PIPELINE_REMOTE: "s3://bucket?endpoint=https://storage.example.org",
  AWS_ACCESS_KEY_ID: "reader",
  AWS_SECRET_ACCESS_KEY: "nobody-sees-this"
}

it("a worker has what it reads a shared store by, and neither its environment nor what it starts has that", async () => {
  const root = folder("headrace-trusting")
  await Effect.runPromise(TrustFile.write(root, trusting(ada)))
  const found = await Effect.runPromise(settings(OWN, "read", { root, workingDirectory: root }))
  if (found === null) return expect.fail("no settings")
  const script = `import(${JSON.stringify(program)}).then(({ given }) => {
    const child = require("node:child_process").execFileSync("env", { encoding: "utf8" })
    console.log(JSON.stringify({ given, env: process.env, child }))
  })`
  // a stage that declares one of these variables for itself has it all the same
  const env = { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: "of the stage", ...forWorker(OWN, found, true) }
  const { stdout } = await command(process.execPath, ["-e", script], { env })
  const told = JSON.parse(stdout)
  expect(told.given).toEqual({ variables: OWN, notes: false, isDown: true })
  expect(JSON.stringify([told.env, told.child])).not.toContain("nobody-sees-this")
  expect(told.env.AWS_ACCESS_KEY_ID).toBe("of the stage")
  expect(told.child).toContain("AWS_ACCESS_KEY_ID=of the stage\n")
})
