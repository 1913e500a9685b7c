import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { bundle, root } from "../rig/bundle.ts"
import { command } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"

it.each(["größe.ts", "[id].ts", "a (copy), of 50 %.ts", "@scope+x.ts"])(
  "code of a file called %s is known for its",
  async (name) => {
    const at = folder("headrace-names")
    const file = path.join(at, name)
    fs.writeFileSync(
      file,
      `import { callerOf } from ${JSON.stringify(path.join(root, "worker/program-files.ts"))}
     const told = () => callerOf(told, "files")
     console.log(told())`
    )
    const program = await bundle(file, path.join(at, "program.mjs"))
    const { stdout } = await command(process.execPath, [program])
    expect(path.resolve(root, stdout.trim())).toBe(file)
  }
)
