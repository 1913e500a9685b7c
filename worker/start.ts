import { writeSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { isMainThread, Worker, workerData } from "node:worker_threads"
import { BEAT_MILLIS, BEATS_DESCRIPTOR, beat } from "../engine/Beats.ts"

// What a worker process starts with: a thread that tells that the process lives and what it holds, and then the program that its argument names,
// which may take long to load. Both threads run this file.

const tellOf = (turns: Int32Array) => {
  const tell = () => {
    try {
      writeSync(BEATS_DESCRIPTOR, beat(Atomics.load(turns, 0), process.memoryUsage.rss()))
    } catch (error) {
      // nobody reads any more: the command is gone, and a thread that computes would not hear of it
      if ((error as NodeJS.ErrnoException).code === "EPIPE") process.kill(process.pid, "SIGKILL")
    }
  }
  tell()
  setInterval(tell, BEAT_MILLIS)
}

if (isMainThread) {
  const turns = new Int32Array(new SharedArrayBuffer(4))
  new Worker(new URL(import.meta.url), { workerData: turns, env: {}, execArgv: [] }).unref()
  setInterval(() => Atomics.add(turns, 0, 1), BEAT_MILLIS).unref()
  await import(pathToFileURL(process.argv[2] ?? "").href)
} else tellOf(workerData)
