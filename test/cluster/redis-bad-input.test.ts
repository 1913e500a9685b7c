import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { type Cluster, cluster, type Ended } from "../rig/cluster.ts"
import { folder } from "../rig/folder.ts"
import { describeWith } from "../rig/needs.ts"
import { freePorts } from "../rig/ports.ts"
import { type RedisServer, redisServer } from "../rig/redis-server.ts"

// What is wrong with an address, a server or a command line is told by name, with what mends it, and no secret is shown for that.

const SECRET = "a-password-that-nobody-sees"

describeWith(["redis"], "with a Redis server", () => {
  let server: RedisServer
  let machines: Cluster
  beforeAll(async () => {
    server = await redisServer("--requirepass", SECRET, "--maxmemory-policy", "allkeys-lru")
    machines = await cluster()
  })

  const at = (credentials: string) => server.url.replace("//", `//${credentials}@`)
  type Error = { readonly tag: string; readonly what: string; readonly expected: string; readonly fix: string }
  const errorOf = ({ stdout }: Ended): Error => JSON.parse(stdout).error
  const refusal = async (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}): Promise<Error> => {
    const ended = await machines.start([...args, "--json"], { env }).ended
    expect(ended.code, ended.stderr).not.toBe(0)
    for (const said of [ended.stdout, ended.stderr]) expect(said).not.toContain(SECRET)
    return errorOf(ended)
  }
  const run = (address: string, ...more: ReadonlyArray<string>) => ["run", "waiting", "--on", address, ...more]
  const asked = async (commands: ReadonlyArray<ReadonlyArray<string | number>>): Promise<void> => {
    const { Redis } = await import("ioredis")
    const client = new Redis(at(`:${SECRET}`))
    for (const [name = "", ...args] of commands) await client.call(String(name), ...args)
    client.disconnect()
  }

  it("a server that is not there", async () => {
    const [port] = await freePorts(1)
    const error = await refusal(run(`redis://127.0.0.1:${port}`))
    expect(error).toMatchObject({ tag: "TasksFailed", expected: "a server that answers there" })
    expect(error.what).toContain(`redis://127.0.0.1:${port} can't be reached`)
    expect(error.fix).toContain("redis-server --appendonly yes --maxmemory-policy noeviction")
  })

  it("a server that is too old", async () => {
    // of what a server says, as much as whoever connects asks for; requests come in pieces, and several in one
    const info = "# Server\r\nredis_version:4.0.14\r\nloading:0\r\n"
    const old = createServer((socket) => {
      let heard = ""
      socket.on("data", (data) => {
        heard += data.toString()
        for (;;) {
          const [start, count] = heard.match(/^\*(\d+)\r\n/) ?? []
          const request = heard.match(new RegExp(`^\\*\\d+\r\n(?:\\$\\d+\r\n[^\r]*\r\n){${count}}`))?.[0]
          if (start === undefined || request === undefined) return
          heard = heard.slice(request.length)
          socket.write(/\r\ninfo\r\n/i.test(request) ? `$${info.length}\r\n${info}\r\n` : "+OK\r\n")
        }
      })
    })
    await once(old.listen(0, "127.0.0.1"), "listening")
    const address = `redis://127.0.0.1:${(old.address() as AddressInfo).port}`
    const error = await refusal(run(address))
    old.close()
    expect(error).toMatchObject({
      what: `The Redis server ${address} is of version 4.0.14`,
      expected: "Redis 5 or later, or Valkey; 7 is what it is tried with"
    })
  })

  it("an address of something else, whose password is not shown", async () => {
    const error = await refusal(run(`http://ada:${SECRET}@127.0.0.1:80`))
    expect(error.what).toBe('"http://***@127.0.0.1:80" is no address of a Redis server')
    expect(error.expected).toContain("redis://HOST:PORT")
    expect((await refusal(run(`ada:${SECRET}@`))).what).toBe('"***@" is no address of a Redis server')
  })

  it("an address with a path", async () => {
    expect((await refusal(run(`${at(`:${SECRET}`)}/tasks`))).what).toContain('ends with "/tasks"')
  })

  it("a password that is asked for and not given, or another than the server's", async () => {
    expect(await refusal(run(server.url))).toMatchObject({
      what: `The Redis server ${server.url} asks for a password, and none is given`,
      fix: expect.stringContaining("PIPELINE_REDIS_PASSWORD")
    })
    expect((await refusal(run(at(":another")))).what).toContain(`${server.url} refuses the password`)
    expect((await refusal(["workers", "--on", server.url])).what).toContain("asks for a password")
  })

  it("a password out of the environment, which nothing shows; a server that drops keys is warned of", async () => {
    const env = { PIPELINE_REDIS_PASSWORD: SECRET }
    const helper = machines.start(["worker", "--on", server.url, "--jobs", "1"], { env })
    await helper.hears("1 at a time")
    const running = machines.start(run(server.url, "--not-here", "--number", "1", "--json"), { env })
    const done = await running.ended
    expect(done.code, done.stderr).toBe(0)
    expect(done.stderr).toContain("drops keys when its memory is full (maxmemory-policy allkeys-lru)")
    expect(done.stderr).toContain("Set it to noeviction.")
    const listed = await machines.start(["workers", "--on", server.url, "--json"], { env }).ended
    const { Redis } = await import("ioredis")
    const client = new Redis(at(`:${SECRET}`))
    const kept = await Promise.all((await client.keys("*worker:*")).map((key) => client.get(key)))
    client.disconnect()
    expect(kept).toHaveLength(1)
    for (const text of [done.stdout, done.stderr, listed.stdout, helper.said(), ...kept])
      expect(text).not.toContain(SECRET)
    helper.child.kill("SIGTERM")
    await helper.ended
  })

  it("a user that may not do what is needed", async () => {
    await asked([["ACL", "SETUSER", "ada", "on", `>${SECRET}`, "~other:*", "+@all"]])
    const error = await refusal(run(at(`ada:${SECRET}`)))
    expect(error.what).toContain(`${server.url} does not let this user do what is needed`)
    expect(error.fix).toContain("~headrace:* &headrace:*")
    // these are enough
    await asked([["ACL", "SETUSER", "bob", "on", `>${SECRET}`, "~headrace:*", "&headrace:*", "+@all"]])
    const bob = await machines.start(run(at(`bob:${SECRET}`), "--number", "2", "--json")).ended
    expect(bob.code, bob.stderr).toBe(0)
  })

  it("a server that has no room left: the node fails by name, and nothing that is done is lost", async () => {
    await asked([["CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1"]])
    const error = await refusal(run(at(`:${SECRET}`), "--number", "3"))
    await asked([["CONFIG", "SET", "maxmemory", "0"]])
    expect(error.what).toContain(`The Redis server ${server.url} does not do what it is asked (OOM`)
    expect(error.fix).toContain("run again")
  })

  it("nothing shared: no store, no key, a store that is only read, or is not there", async () => {
    for (const env of [{ PIPELINE_REMOTE: "" }, { PIPELINE_KEY_FILE: "none" }] as const) {
      const error = await refusal(run(at(`:${SECRET}`)), env as Readonly<Record<string, string>>)
      expect(error.expected).toContain("a shared store that this machine writes to, and a key to sign with")
    }
    for (const mode of ["read", "off"])
      expect((await refusal(run(at(`:${SECRET}`), "--remote", mode))).fix).toContain("PIPELINE_REMOTE")
    const gone = await refusal(run(at(`:${SECRET}`)), { PIPELINE_REMOTE: "/nowhere/at/all" })
    expect(gone.what).toBe("The shared store /nowhere/at/all is no folder that is there")
  })

  it("options that make no sense", async () => {
    expect(await refusal(["run", "waiting", "--not-here"])).toMatchObject({ expected: "--on ADDRESS beside it" })
    expect(await refusal(["worker"])).toMatchObject({ expected: "the address of a Redis server" })
    for (const jobs of ["0", "-1", "many"])
      expect(await refusal(["worker", "--on", at(`:${SECRET}`), "--jobs", jobs])).toMatchObject({
        expected: "a whole number from 1",
        fix: "Try --jobs 2."
      })
  })

  it("a worker with another shared store or namespace is told of to whoever waits", async () => {
    const start = async (env: Readonly<Record<string, string>>) => {
      const helper = machines.start(["worker", "--on", at(`:${SECRET}`), "--jobs", "1"], { env })
      await helper.hears("1 at a time")
      return helper
    }
    const file = path.join(folder("headrace-key"), "key")
    const made = await machines.start(["key", "new", "--json"], { env: { PIPELINE_KEY_FILE: file } }).ended
    await machines.command("key", "trust", "bob", JSON.parse(made.stdout).key, "--namespace", "pr-*")
    const store = folder("headrace-other")
    const helpers = [
      await start({ PIPELINE_REMOTE: store }),
      await start({ PIPELINE_NAMESPACE: "pr-7", PIPELINE_KEY_FILE: file })
    ]
    const running = machines.start(run(at(`:${SECRET}`), "--not-here", "--number", "4", "--json"))
    await running.hears("Nobody can compute wait yet")
    expect(running.said()).toContain(`works with ${store} main`)
    expect(running.said()).toContain(`works with ${machines.shared} pr-7`)
    for (const machine of [running, ...helpers]) {
      machine.child.kill("SIGTERM")
      await machine.ended
    }
  })

  it("what lies there garbled crashes nobody: tasks, answers, what workers say of themselves", async () => {
    const { Redis } = await import("ioredis")
    const client = new Redis(at(`:${SECRET}`))
    const env = { PIPELINE_REDIS_PASSWORD: SECRET }
    const helper = machines.start(["worker", "--on", server.url, "--jobs", "1"], { env })
    await helper.hears("1 at a time")
    const ask = (number: string) =>
      machines.start(run(server.url, "--not-here", "--number", number, "--millis", "2500", "--json"), { env })
    const first = ask("5")
    await helper.hears("wait: begins")
    const [queue = ""] = (await client.keys("headrace:*:tasks:*:events")).map((key) => key.replace(/:events$/, ""))
    const [channel = ""] = (await client.pubsub("CHANNELS", "headrace:*")) as ReadonlyArray<string>
    const deep = "[".repeat(100_000)
    const hostile = ["", "{", "null", "7", deep, `${deep}${"]".repeat(100_000)}`, `"${"x".repeat(1_000_000)}"`]
    const id = queue.split(":")[1] ?? ""
    for (const [at, text] of hostile.entries()) {
      const task = `task-${String(at).repeat(64)}`
      await client.xadd(`${queue}:events`, "*", "event", "completed", "jobId", task, "returnvalue", text)
      await client.xadd(`${queue}:events`, "*", "event", "progress", "jobId", task, "data", text)
      await client.hset(`${queue}:${task}`, { name: "wait", data: text, opts: "{}", timestamp: "0", delay: "0" })
      await client.lpush(`${queue}:wait`, task)
      await client.set(`headrace:worker:${id}:${at}`, text, "PX", 60_000)
      await client.sadd("headrace:workers", `headrace:worker:${id}:${at}`)
      await client.set(`headrace:${id}:need:${at}`, text, "PX", 60_000)
      await client.sadd(`headrace:${id}:needs`, String(at))
      await client.publish(channel, text)
    }
    const done = await first.ended
    expect(done.code, done.stderr).toBe(0)
    const listed = await machines.start(["workers", "--on", server.url, "--json"], { env }).ended
    expect(listed.code, listed.stderr).toBe(0)
    expect(JSON.parse(listed.stdout).workers).toHaveLength(1)
    expect((await ask("6").ended).code).toBe(0)
    expect(helper.child.exitCode).toBe(null)
    // of another kind than it should be
    await client.del("headrace:workers")
    await client.lpush("headrace:workers", "a list")
    expect((await refusal(["workers", "--on", server.url], env)).what).toContain(
      "does not do what it is asked (WRONGTYPE"
    )
    await client.flushall()
    client.disconnect()
    helper.child.kill("SIGTERM")
    await helper.ended
  })
})
