import { once } from "node:events"
import * as http from "node:http"
import { type AddressInfo, createServer, type Server } from "node:net"
import { expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { afterAll, afterEach, beforeAll, describe, vi } from "vitest"
import { Blobs } from "../../../cache/remote/Blobs.ts"
import { layerS3 } from "../../../cache/remote/blobs-s3.ts"
import type { RemoteAddress } from "../../../cache/remote/RemoteAddress.ts"
import { describeWith } from "../../rig/needs.ts"
import { rclone, type S3Server, seaweed } from "../../rig/s3-servers.ts"

// What somebody reads whose shared store does not do what it should: what is wrong, and what to do about it.

type Address = Extract<RemoteAddress, { readonly _tag: "S3" }>
const patience = Duration.seconds(20)
/** What is said of an address, when something is read there. */
const told = (address: Address) =>
  Effect.flatMap(Blobs, (store) => Effect.flip(store.get("v1/none", 10))).pipe(
    Effect.provide(layerS3(address, { patience, writing: patience })),
    Effect.map(({ cause, message }) => [cause, message])
  )

for (const [name, start] of Object.entries({ seaweed, rclone })) {
  describeWith(["stores"], `${name} answers`, () => {
    let server: S3Server
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server.stop())
    afterEach(() => {
      vi.useRealTimers()
    })

    it.live("that there is no such bucket", () =>
      Effect.gen(function* () {
        expect(yield* told({ ...server.address, bucket: "no-such" })).toEqual([
          "absent",
          "answers 404 NoSuchBucket (there is no such bucket: make it, or correct PIPELINE_REMOTE)"
        ])
      })
    )

    it.live("whose credentials are wrong, and says neither", () =>
      Effect.gen(function* () {
        const { credentials } = server.address
        const as = (other: Partial<typeof credentials>) =>
          told({ ...server.address, credentials: { ...credentials, ...other } })
        expect(yield* as({ accessKeyId: "nobody-knows" })).toEqual([
          "forbidden",
          "answers 403 InvalidAccessKeyId (it knows no such AWS_ACCESS_KEY_ID: correct it)"
        ])
        expect(yield* as({ secretAccessKey: "nobody-knows" })).toEqual([
          "forbidden",
          "answers 403 SignatureDoesNotMatch (AWS_SECRET_ACCESS_KEY is not the secret of this AWS_ACCESS_KEY_ID: correct it)"
        ])
      })
    )

    it.live("that this machine's clock is days off", () =>
      Effect.gen(function* () {
        const DAY = 24 * 3_600_000
        const now = Date.now()
        vi.useFakeTimers({ toFake: ["Date"], now: now + 3 * DAY })
        const [, ahead] = yield* told(server.address)
        expect(ahead).toContain("(this machine's clock is 3 days ahead of the store's: set it)")
        vi.setSystemTime(now - 2 * DAY)
        const [cause, behind] = yield* told(server.address)
        expect(cause).toBe("forbidden")
        expect(behind).toContain("(this machine's clock is 2 days behind the store's: set it)")
      })
    )
  })
}

describe("an endpoint", () => {
  const servers: Array<Server> = []
  afterAll(() => {
    for (const server of servers) server.close()
  })
  const at = (endpoint: string): Address => ({
    _tag: "S3",
    shown: "s3://team",
    endpoint: new URL(endpoint),
    bucket: "team",
    prefix: "",
    region: "us-east-1",
    credentials: { accessKeyId: "reader", secretAccessKey: "hush-hush", sessionToken: null }
  })
  const listening = async (server: Server) => {
    servers.push(server)
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return (server.address() as AddressInfo).port
  }

  it("that shows web pages is no store, whatever the pages say", async () => {
    for (const status of [200, 404]) {
      const web = http.createServer((_, response) =>
        response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html><p>Welcome")
      )
      expect(await Effect.runPromise(told(at(`http://127.0.0.1:${await listening(web)}`)))).toEqual([
        "absent",
        "answers with a web page (no S3-compatible store is there: correct the endpoint of PIPELINE_REMOTE)"
      ])
    }
  })

  it("that speaks something else is told of by what it lacks", async () => {
    const web = await listening(http.createServer((_, response) => response.end()))
    const mail = await listening(
      createServer((socket) => void socket.on("error", () => undefined).end("220 mail ready\r\n"))
    )
    const said = async (endpoint: string) => (await Effect.runPromise(told(at(endpoint))))[1]
    expect(await said(`https://127.0.0.1:${web}`)).toContain("it speaks no TLS: is it http://?")
    expect(await said(`http://127.0.0.1:${mail}`)).toContain("it speaks no HTTP: is it https://, or another port?")
    const closed = createServer()
    const port = await listening(closed)
    await once(closed.close(), "close")
    expect(await said(`http://127.0.0.1:${port}`)).toBe(
      "cannot be reached (ECONNREFUSED: nothing listens there: correct the endpoint of PIPELINE_REMOTE, or start it)"
    )
  })

  it("is not silent while it is this process that listens to nobody", async () => {
    const web = await listening(http.createServer((_, response) => void response.writeHead(404).end()))
    const millis = 300
    const layer = layerS3(at(`http://127.0.0.1:${web}`), {
      patience: Duration.millis(millis),
      writing: Duration.millis(millis)
    })
    const asking = Effect.runPromise(
      Effect.provide(
        Effect.flatMap(Blobs, (store) => store.get("a", 1)),
        layer
      )
    )
    await new Promise((resolve) => setImmediate(resolve))
    // what computes does not look at the network
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * millis)
    expect(await asking).toBe(null)
  })

  it("is asked for bytes as they are, and not signed for what gateways change", async () => {
    const heard: Array<http.IncomingHttpHeaders> = []
    const web = http.createServer((request, response) => {
      heard.push(request.headers)
      request.resume().on("end", () => response.writeHead(request.method === "PUT" ? 200 : 404).end())
    })
    const layer = layerS3(at(`http://127.0.0.1:${await listening(web)}`), { patience, writing: patience })
    await Effect.runPromise(
      Effect.flatMap(Blobs, (store) => Effect.zipRight(store.get("a", 1), store.putNew("a", new Uint8Array(3)))).pipe(
        Effect.provide(layer)
      )
    )
    expect(heard[0]).toMatchObject({ "accept-encoding": "identity" })
    expect(heard[1]).toMatchObject({
      "content-length": "3",
      "content-type": "application/octet-stream",
      "if-none-match": "*",
      "x-amz-checksum-sha256": expect.any(String)
    })
    for (const { authorization = "" } of heard) expect(authorization).not.toContain("accept-encoding")
    expect(heard[1]?.authorization).toMatch(/SignedHeaders=\S*if-none-match;\S*x-amz-checksum-sha256/)
  })
})
