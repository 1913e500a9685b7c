import { once } from "node:events"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { AwsClient } from "aws4fetch"
import type { S3Server } from "./s3-servers.ts"

/** A request that reached the proxy. */
export interface Asked {
  readonly method: string
  /** What it is of, by its name in the bucket. */
  readonly name: string
}

interface Exchange {
  readonly request: http.IncomingMessage
  readonly response: http.ServerResponse
  readonly upstream: Upstream
  /** Ends when the proxy is stopped: nothing hangs longer than the test. */
  readonly stopped: AbortSignal
}

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** What is done with a request instead of passing it on. */
export type Fault = (exchange: Exchange) => Promise<void>

const bodyOf = async (message: http.IncomingMessage): Promise<Buffer> => Buffer.concat(await message.toArray())

/** The server behind the proxy. */
class Upstream {
  constructor(private readonly address: S3Server["address"]) {}

  /** Begins a request as it came: its signature covers the name under which the proxy was asked, which is passed on. */
  begin({ method, url, headers }: http.IncomingMessage): http.ClientRequest {
    const { hostname, port } = this.address.endpoint
    return http.request({ hostname, port, method, path: url, headers, agent: false })
  }

  async answer(request: http.IncomingMessage, path?: string): Promise<Answer> {
    const sent = this.begin(Object.assign(Object.create(request), path === undefined ? {} : { url: path }))
    sent.end(await bodyOf(request))
    const [answer] = (await once(sent, "response")) as [http.IncomingMessage]
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await bodyOf(answer) }
  }

  /** Asks in the proxy's own name: what it changed, nobody signed. */
  async resigned(
    request: http.IncomingMessage,
    { path = request.url ?? "", without = [] as ReadonlyArray<string> } = {}
  ) {
    const { accessKeyId, secretAccessKey } = this.address.credentials
    const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "us-east-1", retries: 0 })
    const headers = Object.fromEntries(
      ["if-none-match", "x-amz-checksum-sha256", "x-amz-content-sha256"].flatMap((name) => {
        const value = request.headers[name]
        return typeof value !== "string" || without.includes(name) ? [] : [[name, value]]
      })
    )
    const body = await bodyOf(request)
    const method = request.method ?? "GET"
    const answer = await client.fetch(new URL(path, this.address.endpoint).href, {
      method,
      headers,
      ...(body.length === 0 ? {} : { body: new Uint8Array(body) })
    })
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer())
    }
  }
}

const give = (response: http.ServerResponse, { status, headers, body }: Answer): void => {
  const { "content-length": _, "transfer-encoding": __, "content-encoding": ___, ...others } = headers
  const length = response.req.method === "HEAD" ? (headers["content-length"] ?? 0) : body.length
  response.writeHead(status, { ...others, "content-length": length })
  response.end(body)
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))

/** What may befall a request. */
export const faults = {
  passed:
    (): Fault =>
    async ({ request, response, upstream }) =>
      give(response, await upstream.answer(request)),
  /** The connection ends before an answer. */
  refused:
    (): Fault =>
    async ({ request }) =>
      void request.socket.destroy(),
  /** Nothing is ever answered. */
  silent:
    (): Fault =>
    ({ stopped }) =>
      aborted(stopped),
  /** It is passed on after so long. */
  delayed:
    (millis: number): Fault =>
    async ({ request, response, upstream }) => {
      await new Promise((resolve) => setTimeout(resolve, millis))
      give(response, await upstream.answer(request))
    },
  /** The proxy answers itself, in the words of S3. */
  answered:
    (status: number, code = "", headers: Readonly<Record<string, string>> = {}): Fault =>
    async ({ request, response }) => {
      await bodyOf(request)
      const body = Buffer.from(code === "" ? "" : `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`)
      give(response, { status, headers: { "content-type": "application/xml", ...headers }, body })
    },
  /** The proxy is no S3 at all. */
  page:
    (): Fault =>
    async ({ request, response }) => {
      await bodyOf(request)
      const body = Buffer.from("<!doctype html><title>Welcome</title><p>It works!</p>")
      give(response, { status: 200, headers: { "content-type": "text/html" }, body })
    },
  /** Half of what is sent reaches the server, then both connections end. */
  cutUp:
    (): Fault =>
    async ({ request, response, upstream }) => {
      const sent = upstream.begin(request)
      // it ends as the test wants it to
      sent.on("error", () => undefined)
      const body = await bodyOf(request)
      await new Promise<void>((resolve) => {
        sent.write(body.subarray(0, body.length >> 1), () => resolve())
        sent.flushHeaders()
      })
      sent.destroy()
      response.destroy()
    },
  /** The server does what it is asked, and nobody hears of it. */
  unheard:
    (): Fault =>
    async ({ request, response, upstream }) => {
      await upstream.answer(request)
      response.destroy()
    },
  /** The answer ends in its middle, and its length says that. */
  cutDown:
    (): Fault =>
    async ({ request, response, upstream }) => {
      const { status, headers, body } = await upstream.answer(request)
      response.writeHead(status, { ...headers, "content-length": body.length })
      response.write(body.subarray(0, body.length >> 1), () => response.destroy())
      if (body.length === 0) response.destroy()
    },
  /** The answer ends in its middle, and says that it is whole. */
  truncated:
    (): Fault =>
    async ({ request, response, upstream }) => {
      const answer = await upstream.answer(request)
      give(response, { ...answer, body: answer.body.subarray(0, answer.body.length >> 1) })
    },
  /** A bit of the answer is another. */
  flipped:
    (): Fault =>
    async ({ request, response, upstream }) => {
      const answer = await upstream.answer(request)
      const at = answer.body.length >> 1
      if (answer.status === 200 && answer.body.length > 0) answer.body[at] = (answer.body[at] ?? 0) ^ 1
      give(response, answer)
    },
  /** What lies under another name. */
  swapped:
    (name: string): Fault =>
    async ({ request, response, upstream }) => {
      const [, bucket] = (request.url ?? "").split("/")
      give(response, await upstream.resigned(request, { path: `/${bucket}/${name}` }))
    },
  /** The server is not told that the name is to be new. */
  unconditional:
    (): Fault =>
    async ({ request, response, upstream }) =>
      give(response, await upstream.resigned(request, { without: ["if-none-match"] })),
  /** More and more comes, as fast as it is taken. */
  endless:
    (): Fault =>
    async ({ request, response, stopped }) => {
      await bodyOf(request)
      const piece = Buffer.alloc(64 * 1024, 7)
      response.writeHead(200)
      while (!response.destroyed && !stopped.aborted)
        if (!response.write(piece)) await Promise.race([once(response, "drain"), once(response, "close")])
    },
  /** A byte of the answer comes at a time. */
  dripped:
    (millis: number): Fault =>
    async ({ request, response, upstream, stopped }) => {
      const { status, headers, body } = await upstream.answer(request)
      response.writeHead(status, { ...headers, "content-length": body.length })
      for (const byte of body) {
        if (response.destroyed || stopped.aborted) return
        response.write(Buffer.from([byte]))
        await new Promise((resolve) => setTimeout(resolve, millis))
      }
      response.end()
    }
} as const

/** A proxy in front of a real server, which does to requests what a test wants. */
export interface FaultProxy {
  readonly address: S3Server["address"]
  /** All that was asked so far. */
  readonly asked: Array<Asked>
  /** What is done from now on: with each request by what `choose` says, null for passing it on. */
  readonly befall: (choose: (asked: Asked) => Fault | null) => void
  readonly stop: () => Promise<void>
}

export const faultProxy = async (server: S3Server): Promise<FaultProxy> => {
  const upstream = new Upstream(server.address)
  const asked: Array<Asked> = []
  let choose: (asked: Asked) => Fault | null = () => null
  const stopping = new AbortController()
  const proxy = http.createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://proxy").pathname)
    const one: Asked = { method: request.method ?? "", name: path.split("/").slice(2).join("/") }
    asked.push(one)
    const fault = choose(one) ?? faults.passed()
    // whoever asked may have hung up, and the server may be down: both are what a proxy sees every day
    await fault({ request, response, upstream, stopped: stopping.signal }).catch(() => void response.destroy())
  })
  proxy.listen(0, "127.0.0.1")
  await once(proxy, "listening")
  const endpoint = new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  return {
    address: { ...server.address, endpoint, shown: `s3://${server.address.bucket}?endpoint=${endpoint.origin}` },
    asked,
    befall: (next) => {
      choose = next
    },
    stop: async () => {
      stopping.abort()
      const closed = once(proxy, "close")
      proxy.close()
      proxy.closeAllConnections()
      await closed
    }
  }
}
