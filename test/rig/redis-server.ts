import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { afterAll } from "vitest"
import { folder } from "./folder.ts"
import { freePorts } from "./ports.ts"

/** A real Redis server that tests start, stop and start again, which keeps what it has on the disk. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Ends it at once, as a loss of power does. */
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  /** Stops it without ending it, and lets it go on. */
  readonly freeze: () => void
  readonly thaw: () => void
}

/** What ends the servers of this test file. Nothing that is asked for while tests run is done after them. */
const ending = new Set<() => Promise<void>>()
afterAll(async () => {
  for (const end of ending) await end()
})

/** A server on a port of its own. `settings`: what else `redis-server` is given. */
export const redisServer = async (...settings: ReadonlyArray<string>): Promise<RedisServer> => {
  const [port = 0] = await freePorts(1)
  const at = folder("headrace-redis")
  let child: ChildProcess | null = null
  const start = async () => {
    const own = ["--port", String(port), "--bind", "127.0.0.1", "--dir", at, "--save", "", "--appendonly", "yes"]
    const started = spawn("redis-server", [...own, "--maxmemory-policy", "noeviction", ...settings], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    child = started
    let said = ""
    await new Promise<void>((resolve, reject) => {
      started.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text
        if (said.includes("Ready to accept connections")) resolve()
      })
      started.once("exit", () => reject(new Error(`redis-server ended:\n${said}`)))
    })
  }
  const kill = async () => {
    const current = child
    if (current === null || current.exitCode !== null || current.signalCode !== null) return
    const ended = once(current, "exit")
    current.kill("SIGKILL")
    await ended
  }
  ending.add(kill)
  await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT")
  }
}
