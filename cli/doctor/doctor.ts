import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import { explain } from "../../artifacts/Explained.ts"
import * as StoreFormat from "../../cache/StoreFormat.ts"
import { formatBytes } from "../../kinds/format.ts"
import { fine, wrong } from "../../project/Check.ts"
import { Place } from "../../project/Place.ts"
import { type Command, type Project, plain } from "../command/Command.ts"
import { shown } from "../command/option-text.ts"
import { Reporter } from "../terminal/Reporter.ts"

const LEAST_NODE = [20, 12] as const
/** Below this a cache of any size is soon in trouble. */
const LEAST_DISK = 2e9

const node = Effect.sync(() => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  const ok = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
  return ok
    ? fine("Node", process.version)
    : wrong("Node", process.version, `Install Node ${LEAST_NODE.join(".")} or later.`)
})

const writable = (name: string, directory: string) =>
  Effect.promise(async () => {
    try {
      await fs.mkdir(directory, { recursive: true })
      const probe = path.join(directory, `.probe-${process.pid}`)
      await fs.writeFile(probe, "probe")
      await fs.rm(probe)
      const { bavail, bsize } = await fs.statfs(directory)
      const free = bavail * bsize
      return free >= LEAST_DISK
        ? fine(name, `${directory}, ${formatBytes(free)} free`)
        : wrong(name, `${directory}, ${formatBytes(free)} free`, "Free some space, or set PIPELINE_HOME.")
    } catch (error) {
      return wrong(
        name,
        error instanceof Error ? error.message : String(error),
        "Correct its permissions, or set PIPELINE_HOME or PIPELINE_RESULTS."
      )
    }
  })

/** Whether this Headrace understands what lies in the cache. */
const store = (home: string) =>
  StoreFormat.read(home).pipe(
    Effect.map((found) =>
      fine(
        "store",
        found === null
          ? `format ${StoreFormat.FORMAT} from the next run on`
          : `format ${found.format}, by Headrace ${found.by}`
      )
    ),
    Effect.catchAll((error) => {
      const { what, fix } = explain(error)
      return Effect.succeed(wrong("store", what, fix ?? "Let PIPELINE_HOME name another folder."))
    })
  )

/** Says what is and is not in order, and the fix: of what every project needs, and of what this one asks. */
export const doctor = <S>({ checks: ofProject }: Project<S>): Command<S> =>
  plain<S>({
    name: "doctor",
    description: "Say what is and is not in order, and the fix",
    needsNoStore: true,
    run: () =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const { home, results } = yield* Place
        const own = ofProject.pipe(
          Effect.catchAll((error) => {
            const { what, fix } = explain(error)
            return Effect.succeed([wrong("the project's own checks", what, fix ?? "Correct headrace.config.ts.")])
          })
        )
        const checks = [
          yield* node,
          ...(yield* own),
          yield* writable("cache", home),
          yield* store(home),
          yield* writable("results", results)
        ].map(({ name, ok, found, fix }) => ({ name, ok, found: shown(found), fix: fix === null ? null : shown(fix) }))
        for (const { name, ok, found, fix } of checks)
          yield* reporter.print(`${ok ? "ok   " : "WRONG"} ${name}: ${found}${fix === null ? "" : `. ${fix}`}`)
        const failed = checks.filter(({ ok }) => !ok)
        yield* reporter.print(
          failed.length === 0 ? "everything is in order" : `${failed.length} of ${checks.length} are not in order`
        )
        yield* reporter.document({ schema: 1, status: failed.length === 0 ? "done" : "failed", checks })
        return failed.length === 0 ? 0 : 1
      })
  })
