import { timingSafeEqual } from "node:crypto"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect } from "effect"

// Who may ask the server: the page that it serves, and no other one that is open in the same browser, whatever name leads here.

/** By which names the server is reached, and the word that whoever asks must know; null where only this machine can ask. */
export interface Door {
  /** As a browser writes them: `127.0.0.1:4600`. */
  readonly hosts: ReadonlySet<string>
  readonly token: string | null
}

/** Cookies know hosts and no ports: another server of this machine has another. */
const cookieOf = (host: string): string => `headrace-${host.replace(/^.*:/, "")}`
/** What an address has its token as: by a longer name it would be hidden where the address is told, as any that opens a door. */
export const TOKEN = "t"

/** Nothing comes from elsewhere or goes there; no other page shows this one, or reads what it is answered. */
const HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store"
}

const isEqual = (given: string, token: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(token)]
  return one.length === other.length && timingSafeEqual(one, other)
}

const refused = (status: number, what: string) => HttpServerResponse.text(`${what}\n`, { status })

/** Why a request is not answered, as a response; null where it is. */
const refusal = ({ hosts, token }: Door, request: HttpServerRequest.HttpServerRequest) => {
  const { host = "", origin, "sec-fetch-site": site, "sec-fetch-mode": mode } = request.headers
  // a name of somebody else's may be made to lead here
  if (!hosts.has(host)) return refused(421, `This server is not ${host}; expected one of ${[...hosts].join(", ")}.`)
  if (origin !== undefined && origin !== `http://${host}`)
    return refused(403, `A page of ${origin} may not ask this server; expected its own page.`)
  // whoever follows a link to the page comes from elsewhere; a picture or a script of another page has nothing to ask here
  if (site === "cross-site" && mode !== "navigate")
    return refused(403, "Another page may not ask this server; expected its own page.")
  const isReading = request.method === "GET" || request.method === "HEAD"
  // a browser says where a request that changes something comes from
  if (!isReading && origin === undefined)
    return refused(403, "A request that changes something must say where it comes from, by its origin.")
  if (token === null || isEqual(request.cookies[cookieOf(host)] ?? "", token)) return null
  const url = new URL(request.url, "http://host")
  const given = url.searchParams.get(TOKEN)
  if (!isReading || given === null || !isEqual(given, token))
    return refused(401, "This page is open by the address with its token, which the server told when it started.")
  url.searchParams.delete(TOKEN)
  // the token stays in no history, and in no address that is passed on
  return HttpServerResponse.redirect(`${url.pathname}${url.search}`).pipe(
    HttpServerResponse.unsafeSetCookie(cookieOf(host), token, { httpOnly: true, sameSite: "strict", path: "/" })
  )
}

/** Answers nobody else than its own page. */
export const guarded =
  (door: Door) =>
  <E, R>(app: HttpApp.Default<E, R>): HttpApp.Default<E, R> =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const no = refusal(door, request)
      const marked = HttpApp.appendPreResponseHandler((_, response) =>
        Effect.succeed(HttpServerResponse.setHeaders(response, HEADERS))
      )
      return Effect.zipRight(marked, no === null ? app : Effect.succeed(no))
    })
