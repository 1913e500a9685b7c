import { execFileSync, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:net"
import os from "node:os"
import path from "node:path"
import { AwsClient } from "aws4fetch"
import { root } from "./product.mjs"

const cache =
  process.env.HEADRACE_CACHE || path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "headrace")

/** The programs of the tests' environment of servers, which is made when it is missing. */
const program = (name) => {
  execFileSync("sh", [path.join(root, "test/rig/python/install.sh"), "stores"], { stdio: "inherit" })
  const requirements = readFileSync(path.join(root, "test/rig/python/stores.txt"))
  const digest = createHash("sha256").update(requirements).digest("hex").slice(0, 16)
  return path.join(cache, "python", `stores-${digest}`, "bin", name)
}

const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  await once(server.close(), "close")
  return port
}

/** SeaweedFS in a folder, with one bucket. Gives the environment that names it as the shared store, and `stop`. */
export const weed = async (at) => {
  const given = { AWS_ACCESS_KEY_ID: "bench", AWS_SECRET_ACCESS_KEY: "of-the-bench-alone" }
  const services = ["s3", "master", "filer", "volume", "admin"]
  const flags = []
  for (const name of services) flags.push(`-${name}.port=${await freePort()}`, `-${name}.port.grpc=${await freePort()}`)
  const others = [`-s3.port.iceberg=${await freePort()}`, `-metricsPort=${await freePort()}`]
  const own = [
    `-dir=${at}`,
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-bucket=shared",
    "-webdav=false",
    "-admin.ui=false"
  ]
  const child = spawn(program("weed"), ["mini", ...own, ...flags, ...others], {
    cwd: at,
    stdio: "ignore",
    env: { ...process.env, ...given }
  })
  const endpoint = `http://127.0.0.1:${flags[0].split("=")[1]}`
  const client = new AwsClient({
    accessKeyId: given.AWS_ACCESS_KEY_ID,
    secretAccessKey: given.AWS_SECRET_ACCESS_KEY,
    service: "s3",
    region: "us-east-1",
    retries: 0
  })
  const isThere = () =>
    client.fetch(`${endpoint}/shared`).then(
      ({ status }) => status === 200,
      () => false
    )
  // the bucket comes after the server
  while (!(await isThere())) {
    if (child.exitCode !== null) throw new Error(`SeaweedFS ended with ${child.exitCode}; expected it to serve`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    env: { ...given, PIPELINE_REMOTE: `s3://shared/bench?endpoint=${endpoint}` },
    stop: async () => {
      child.kill("SIGKILL")
      await once(child, "exit")
    }
  }
}
