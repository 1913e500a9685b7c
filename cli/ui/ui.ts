import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { isIP } from "node:net"
import { hostname, networkInterfaces } from "node:os"
import { Effect, Layer, Schema } from "effect"
import { TaggedError } from "../../artifacts/Explained.ts"
import { Place } from "../../project/Place.ts"
import {
  type Command,
  type Flag,
  numberGiven,
  type Option,
  type Project,
  plain,
  textGiven
} from "../command/Command.ts"
import { invalid } from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { type Door, TOKEN } from "./guard.ts"
import * as RunIndex from "./RunIndex.ts"

const port: Option = {
  name: "--port",
  value: "N",
  description: "The port to serve at; without it 4600, or the next one that is free",
  expected: "a whole number from 1 to 65535",
  example: "4600",
  isWhole: true
}
const host: Option = {
  name: "--host",
  value: "ADDRESS",
  description: "The address to serve at, for other machines: whoever asks needs the token that is told at the start",
  expected: "an address of this machine",
  example: "192.168.1.20"
}
const open: Flag = { name: "--open", description: "Open the page in the browser" }

const FIRST = 4600
const TRIED = 20
const LOOPBACK = "127.0.0.1"

class NotServing extends TaggedError<NotServing>()(
  "NotServing",
  { where: Schema.String, why: Schema.String },
  ({ where, why }) => ({
    what: `Nothing can be served at ${where}: ${why}`,
    expected: "a port that is free, at an address of this machine",
    fix: "Give another --port, or end what serves there."
  })
) {}

const codeOf = (cause: unknown): string =>
  (cause as { readonly code?: string }).code ?? (cause instanceof Error ? cause.message : String(cause))

const notServing = (address: string, at: number, cause: unknown) =>
  new NotServing({
    where: `${address}:${at}`,
    why: codeOf(cause) === "EADDRINUSE" ? "something else is served there" : codeOf(cause)
  })

/** Opens an address in whatever the system opens addresses with; where it has nothing, the address was told. */
const openIn = (url: string): Effect.Effect<void> =>
  Effect.sync(() => {
    const child = spawn(process.platform === "darwin" ? "open" : "xdg-open", [url], { detached: true, stdio: "ignore" })
    child.on("error", () => undefined)
    child.unref()
  })

const isLoopback = (address: string): boolean => address === "::1" || address.startsWith("127.")

/** By which names this machine is reached at an address, the best for another machine first: at that of all networks, by each of its own. */
const namesOf = (address: string): ReadonlyArray<string> => {
  if (isLoopback(address)) return [address, "localhost", LOOPBACK]
  if (address !== "0.0.0.0" && address !== "::") return [address]
  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    // a link's own address means something on that link alone
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
    .sort((a, b) => Number(a.family === "IPv6") - Number(b.family === "IPv6"))
  return [...own.map((each) => each.address), hostname().toLowerCase(), "localhost", LOOPBACK]
}

/** As browsers write it, which leave the port out that every address has without one. */
const hostAt = (name: string, at: number): ReadonlyArray<string> => {
  const written = isIP(name) === 6 ? `[${name}]` : name
  return at === 80 ? [written, `${written}:80`] : [`${written}:${at}`]
}

/** Who may come in: only this machine's browser, by any name of it, or whoever knows a token that was not known before. */
const doorAt = (address: string, at: number): Door => ({
  hosts: new Set(namesOf(address).flatMap((name) => hostAt(name, at))),
  token: isLoopback(address) ? null : randomBytes(18).toString("base64url")
})

/** Serves the page of the project: what runs now, what came of it, and what differs. */
export const ui = <S>(project: Project<S>): Command<S> =>
  plain<S>({
    name: "ui",
    description: "Serve a page of all runs, those that go on among them, until Ctrl-C",
    options: [port, host],
    flags: [open],
    run: (given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const { home } = yield* Place
        const asked = numberGiven(given, port)
        if (asked !== null && (asked < 1 || asked > 65_535))
          return yield* invalid(`--port is ${asked}`, port.expected, `Try --port ${FIRST}.`)
        const address = textGiven(given, host) ?? LOOPBACK
        if (isIP(address) === 0)
          return yield* invalid(`--host is "${address}"`, host.expected, `Try --host ${host.example}.`)
        const { serving } = yield* Effect.promise(() => import("./server.ts"))
        const known = yield* RunIndex.make(home)
        const serve = (at: number) =>
          Effect.gen(function* () {
            const door = doorAt(address, at)
            const [shown = ""] = door.hosts
            const url = `http://${shown}/${door.token === null ? "" : `?${TOKEN}=${door.token}`}`
            yield* Layer.build(serving(project, known, door, { host: address, port: at }))
            yield* Effect.forkScoped(known.look)
            yield* reporter.print(`page of ${home}: ${url}`)
            yield* reporter.document({ schema: 1, status: "serving", url })
            if (given.flags.has(open)) yield* openIn(url)
            return yield* Effect.never
          }).pipe(Effect.scoped)
        const last = asked ?? FIRST + TRIED
        const first = asked ?? FIRST
        for (let at = first; at < last; at++) {
          const served = yield* Effect.either(serve(at))
          if (served._tag === "Left" && codeOf(served.left.cause) !== "EADDRINUSE")
            return yield* notServing(address, at, served.left.cause)
        }
        return yield* Effect.catchTag(serve(last), "ServeError", ({ cause }) => notServing(address, last, cause))
      })
  })
