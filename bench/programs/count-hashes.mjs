// Loaded into every process of a command (`node --import FILE?DIR`), workers by their command: counts the bytes that are hashed in one call and the time
// that it takes, and leaves them in DIR at the end. What was read whole from a file to be verified has a buffer with a byte of
// room more than it has bytes, for a file that grows (`artifacts/BoundedFile.ts`); all else is hashed to be named.
import processes from "node:child_process"
import crypto from "node:crypto"
import { writeFileSync } from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import path from "node:path"
import { URL } from "node:url"

const folder = decodeURIComponent(new URL(import.meta.url).search.slice(1))
const none = () => ({ calls: 0, bytes: 0, seconds: 0 })
const counted = { read: none(), made: none() }

const { hash } = crypto
crypto.hash = (algorithm, data, encoding) => {
  const began = process.hrtime.bigint()
  const digest = hash(algorithm, data, encoding)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  const isRead = ArrayBuffer.isView(data) && data.buffer.byteLength === data.byteLength + 1
  const kind = isRead ? counted.read : counted.made
  kind.calls += 1
  kind.bytes += Buffer.byteLength(data)
  kind.seconds += seconds
  return digest
}

// a worker gets no such option by itself
const { fork } = processes
processes.fork = (module, args, { env, ...options }) =>
  fork(module, args, { ...options, env: { ...env, NODE_OPTIONS: process.env.NODE_OPTIONS } })
syncBuiltinESMExports()

process.on("exit", () => writeFileSync(path.join(folder, `${process.pid}.json`), JSON.stringify(counted)))
