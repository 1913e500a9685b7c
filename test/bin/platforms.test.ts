import * as path from "node:path"
import { expect, it } from "vitest"
import { command } from "../rig/command.ts"

const launcher = path.resolve(import.meta.dirname, "../../bin/pipeline.mjs")
const onWindows = 'data:text/javascript,Object.defineProperty(process,"platform",{value:"win32"})'

it("Windows is refused by name before anything is built, to people and to programs", async () => {
  const asked = await command(process.execPath, ["--import", onWindows, launcher, "list"])
  expect(asked).toMatchObject({ status: 1, stdout: "" })
  expect(asked.stderr).toMatch(
    /^error: Headrace does not run on Windows itself; expected Linux, or macOS .*wsl --install/
  )
  const told = await command(process.execPath, ["--import", onWindows, launcher, "list", "--json"])
  expect(told).toMatchObject({ status: 1, stderr: "" })
  expect(JSON.parse(told.stdout)).toMatchObject({ status: "failed", error: { tag: "PlatformUnsupported" } })
})
