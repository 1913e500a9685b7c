import { spawn } from "node:child_process"
import path from "node:path"
import { createInterface } from "node:readline"
import { build } from "esbuild"
import { root } from "./product.mjs"

/** Bundles a program of bench/programs into the folder of the build, where it finds the packages. Gives the file. */
export const bundle = async (name) => {
  const outfile = path.join(root, ".pipeline/bench", `${name}.mjs`)
  await build({
    absWorkingDir: root,
    entryPoints: [`bench/programs/${name}.ts`],
    bundle: true,
    outfile,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "silent"
  })
  return outfile
}

/**
 * Starts a program that says `{"ready":true}`, and then answers each line with one JSON line: the work, timed by itself,
 * without its start. Gives `measure`, and `close`.
 */
export const timed = async (command, args, env) => {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] })
  let errors = ""
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text
  })
  child.stdin.on("error", () => undefined) // the end of its output says that it is gone
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done)
        throw new Error(
          `${command} ${args.join(" ")} ended; expected an answer. Its last words:\n${errors.slice(-2000)}`
        )
      if (value.startsWith("{")) return JSON.parse(value)
    }
  }
  await next()
  return {
    measure: () => {
      child.stdin.write("\n")
      return next()
    },
    close: () => child.stdin.end()
  }
}
