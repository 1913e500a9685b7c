import { spawn } from "node:child_process"
import { once } from "node:events"
import * as path from "node:path"
import { createInterface } from "node:readline"
import { Schema } from "effect"
import { afterAll, vi } from "vitest"
import * as Live from "../../engine/Live.ts"
import { Message } from "../../ui/Api.ts"
import { PATIENCE_MILLIS } from "./patience.ts"
import type { StoringProject } from "./storing-project.ts"

const launcher = path.resolve(import.meta.dirname, "../../bin/pipeline.mjs")
const decode = Schema.decodeSync(Schema.parseJson(Message))

/** What a test began ends with its file at the latest. */
const begun: Array<() => unknown> = []
afterAll(async () => {
  for (const end of begun) await end()
})

/** The page of a project as `pipeline ui` serves it, until the tests of a file are over. */
export const serving = async ({ root, home }: StoringProject, args: ReadonlyArray<string> = []) => {
  const command = spawn(process.execPath, [launcher, "ui", "--json", ...args], {
    cwd: root,
    env: { ...process.env, PIPELINE_HOME: home },
    stdio: ["ignore", "pipe", "inherit"]
  })
  const end = async () => {
    if (command.exitCode !== null) return command.exitCode
    command.kill("SIGINT")
    const [code] = await once(command, "exit")
    return code
  }
  begun.push(end)
  let text = ""
  for await (const line of createInterface({ input: command.stdout })) {
    text += line
    if (line === "}") break
  }
  const { url }: { readonly url: string } = JSON.parse(text)
  const { origin } = new URL(url)
  const ask = async (asked: string, init: RequestInit = {}) => {
    const isReading = init.method === undefined || init.method === "GET"
    const response = await fetch(`${origin}${asked}`, {
      ...init,
      headers: { ...(isReading ? {} : { origin, "content-type": "application/json" }), ...init.headers }
    })
    const told = await response.text()
    return { status: response.status, headers: response.headers, text: told, json: () => JSON.parse(told) }
  }
  return { url, origin, ask, end, pid: command.pid ?? 0 }
}
export type Serving = Awaited<ReturnType<typeof serving>>

/** Listens to what is told of runs that go on; `until` waits until what was told is as wanted. */
export const listening = async ({ origin }: Serving) => {
  const stop = new AbortController()
  begun.push(() => stop.abort())
  const { body } = await fetch(`${origin}/api/live`, { signal: stop.signal })
  const messages: Array<Message> = []
  const known = new Map<string, Live.Live>()
  const read = async () => {
    let text = ""
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part
      const whole = text.split("\n\n")
      text = whole.pop() ?? ""
      for (const line of whole.filter((each) => each.startsWith("data: "))) {
        const message = decode(line.slice("data: ".length))
        messages.push(message)
        if (message._tag !== "Told") continue
        const live = message.isAnew ? Live.empty() : (known.get(message.run) ?? Live.empty())
        for (const event of message.events) Live.take(live, event)
        known.set(message.run, live)
      }
    }
  }
  read().catch(() => undefined)
  return {
    messages,
    known,
    until: (isSo: () => boolean) =>
      vi.waitFor(
        () => {
          if (!isSo()) throw new Error(`This was told: ${JSON.stringify(messages)}`)
        },
        { timeout: PATIENCE_MILLIS, interval: 50 }
      )
  }
}
