import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import { AwsClient } from "aws4fetch"
import type { RemoteAddress } from "../../cache/remote/RemoteAddress.ts"
import { folder } from "./folder.ts"
import { freePorts } from "./ports.ts"
import { environmentOf } from "./python.ts"

/** A real S3-compatible server, of one bucket that is there. */
export interface S3Server {
  readonly address: Extract<RemoteAddress, { readonly _tag: "S3" }>
  readonly stop: () => Promise<void>
}

const BUCKET = "shared"
const given = { accessKeyId: "reader", secretAccessKey: "a-secret-that-nobody-sees" }
const credentials = { ...given, sessionToken: null }

const addressAt = (port: number): S3Server["address"] => ({
  _tag: "S3",
  shown: `s3://${BUCKET}?endpoint=http://127.0.0.1:${port}`,
  endpoint: new URL(`http://127.0.0.1:${port}`),
  bucket: BUCKET,
  prefix: "",
  region: "us-east-1",
  credentials
})

const serve = async (
  program: string,
  args: ReadonlyArray<string>,
  address: S3Server["address"],
  isReady: () => Promise<boolean>
): Promise<S3Server> => {
  const log = path.join(folder("headrace-s3"), "log.txt")
  const out = fs.openSync(log, "w")
  const child: ChildProcess = spawn(path.join(environmentOf("stores"), "bin", program), args, {
    cwd: path.dirname(log),
    stdio: ["ignore", out, out],
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey
    }
  })
  const ended = once(child, "exit")
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}:\n${fs.readFileSync(log)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    address,
    stop: async () => {
      child.kill("SIGKILL")
      await ended
    }
  }
}

const statusOf = (url: string, method = "GET"): Promise<number> =>
  fetch(url, { method }).then(
    ({ status }) => status,
    () => 0
  )

/** SeaweedFS: it has all that Headrace asks of a store. */
export const seaweed = async (): Promise<S3Server> => {
  const at = folder("headrace-weed")
  const names = ["s3", "master", "filer", "volume", "admin"]
  const ports = await freePorts(names.length * 2 + 2)
  const flags = names.flatMap((name, index) => [
    `-${name}.port=${ports[index]}`,
    `-${name}.port.grpc=${ports[names.length + index]}`
  ])
  const [iceberg, metrics] = ports.slice(-2)
  const others = [`-s3.port.iceberg=${iceberg}`, `-metricsPort=${metrics}`, "-webdav=false", "-admin.ui=false"]
  const own = [`-dir=${at}`, "-ip=127.0.0.1", "-ip.bind=127.0.0.1", `-bucket=${BUCKET}`]
  const address = addressAt(ports[0] ?? 0)
  const client = new AwsClient({ ...given, service: "s3", region: address.region, retries: 0 })
  // the bucket comes after the server: until then, nothing is missing in it
  return serve("weed", ["mini", ...own, ...flags, ...others], address, async () =>
    client.fetch(`${address.endpoint}${BUCKET}/none`).then(
      async (answer) => (await answer.text()).includes("NoSuchKey"),
      () => false
    )
  )
}

/** moto: it believes what checksums say, and whoever asks. */
export const moto = async (): Promise<S3Server> => {
  const [port = 0] = await freePorts(1)
  const address = addressAt(port)
  return serve(
    "moto_server",
    ["-H", "127.0.0.1", "-p", String(port)],
    address,
    async () => (await statusOf(`${address.endpoint}${BUCKET}`, "PUT")) === 200
  )
}

/** rclone's server of a folder: it looks whether a name is taken before it writes, and is overtaken in between. */
export const rclone = async (): Promise<S3Server> => {
  const [port = 0] = await freePorts(1)
  const address = addressAt(port)
  const at = folder("headrace-rclone")
  fs.mkdirSync(path.join(at, BUCKET))
  const { accessKeyId, secretAccessKey } = credentials
  const flags = [`--addr=127.0.0.1:${port}`, `--auth-key=${accessKeyId},${secretAccessKey}`, `--config=${at}.conf`]
  return serve(
    "rclone",
    ["serve", "s3", ...flags, at],
    address,
    async () => (await statusOf(`${address.endpoint}`)) !== 0
  )
}
