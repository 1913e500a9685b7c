import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

/** Larger than anything that is read whole, and takes no room. */
export const HUGE_BYTES = 2 ** 32

const put = (lay: (file: string) => void) => (file: string) => {
  fs.rmSync(file, { force: true, recursive: true })
  fs.mkdirSync(path.dirname(file), { recursive: true })
  lay(file)
}

/** What may lie in the place of a file that a program made, and must neither be waited for nor read to its end. */
export const strangers: Readonly<Record<string, (file: string) => void>> = {
  "a FIFO": put((file) => execFileSync("mkfifo", [file])),
  "an endless device": put((file) => fs.symlinkSync("/dev/zero", file)),
  "a folder with a file": put((file) => {
    fs.mkdirSync(file)
    fs.writeFileSync(path.join(file, "inside"), "")
  }),
  "a file of 4 GB": put((file) => {
    fs.writeFileSync(file, "")
    fs.truncateSync(file, HUGE_BYTES)
  })
}

/** JSON that nests so deep that recursion over its value, whatever the stack, comes to an end. */
export const deepJson = (depth = 100_000): string => `${"[".repeat(depth)}${"]".repeat(depth)}`

/** The same as a value. */
export const deepValue = (depth = 100_000): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}
