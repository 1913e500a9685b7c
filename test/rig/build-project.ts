import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import type { TestProject } from "vitest/node"
import { command } from "./command.ts"
import { copyProject } from "./project-copy.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** A copy of the project that is built, and that nobody changes. */
    readonly built: string
  }
}

const pipeline = async (root: string, ...args: ReadonlyArray<string>): Promise<void> => {
  const ended = await command(process.execPath, [path.join(root, "bin/pipeline.mjs"), ...args], { cwd: root })
  if (ended.status !== 0) throw new Error(`the project cannot be built: ${ended.stderr}`)
}

/**
 * Before any test: writes what the project's files hold as one value, which tests of the command line import, and builds a copy of the project where
 * the copies that tests work in lie, with the machine code of a first command.
 */
export const setup = async ({ provide }: TestProject): Promise<() => void> => {
  await pipeline(path.resolve(import.meta.dirname, "../.."), "--build")
  const built = fs.mkdtempSync(path.join(tmpdir(), "headrace-built-"))
  copyProject(built)
  await pipeline(built, "list")
  provide("built", built)
  return () => fs.rmSync(built, { recursive: true, force: true })
}
