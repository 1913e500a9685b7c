import { type ChildProcess, spawn } from "node:child_process"
import { setPriority } from "node:os"
import { Chunk, Data, Effect, Queue, type Scope } from "effect"
import { explain } from "../../artifacts/Explained.ts"
import * as Contents from "../../cache/Contents.ts"
import * as Ledger from "../../engine/gc/Ledger.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import { formatBytes } from "../../kinds/format.ts"
import { Place } from "../../project/Place.ts"
import { sentence } from "../command/option-text.ts"
import { Reporter } from "../terminal/Reporter.ts"
import * as Budget from "./Budget.ts"

/*
 * Keeps a store within its budget, after runs that wrote something. A run that ends adds what it wrote to a log; only where that may be
 * too much somebody looks at the store. That is a process of its own, which begins when the command's ends: nobody waits for it, an
 * interruption of the next command does not reach it, and what the command used is free to go by then. A worker, which goes on, has it begin after a
 * task: what its other tasks use stays.
 */

/** So many files a command looks at itself, in a tenth of a second, once in the life of a store. */
const FEW_FILES = 10_000
/** Where all is kept whatever the size, it is looked at again when so much of the budget was written anew. */
const ANEW = 0.02
/** How much the process that looks gives way to others. */
const NICE = 10

/** There is more than a command looks at. */
class Many extends Data.Error {}

/** The size of a store that has few files; null for a large one. */
const measure = (home: string): Effect.Effect<number | null> =>
  Effect.gen(function* () {
    let [files, bytes] = [0, 0]
    yield* Contents.walk(home, (lying) => {
      files += lying.length
      bytes += lying.reduce((sum, one) => sum + one.bytes, 0)
      return files > FEW_FILES ? Effect.fail(new Many()) : Effect.void
    })
    return bytes
  }).pipe(Effect.orElseSucceed(() => null))

/** Whether a store may hold more than it should, and looking at it may help. */
const isExceeded = (home: string, budget: number): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const { measured, written } = yield* Ledger.size(home)
    if (measured !== null) return measured + written > budget && (measured <= budget || written > budget * ANEW)
    const size = yield* measure(home)
    if (size === null || size > budget) return true
    yield* Effect.ignore(Ledger.measured(home, size))
    return false
  })

/** Has the same program remove what is too much, in a process of its own. */
const removing = (workingDirectory: string): ChildProcess => {
  const [, program = ""] = process.argv
  const child = spawn(process.execPath, [program, "gc"], { cwd: workingDirectory, detached: true, stdio: "ignore" })
  try {
    if (child.pid !== undefined) setPriority(child.pid, NICE)
  } catch {
    // it is over already, or this system has no priorities
  }
  return child
}

/** The same once this process is over. */
const atTheEnd = (workingDirectory: string): Effect.Effect<void> =>
  Effect.sync(() => {
    process.once("exit", () => void removing(workingDirectory))
  })

/** The same now. Whoever waits for it does not end it by not waiting any more. */
const atOnce = (workingDirectory: string): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const child = removing(workingDirectory)
    child.unref()
    for (const end of ["exit", "error"]) child.once(end, () => resume(Effect.void))
  })

/** How many bytes a run has made. */
export const bytesOf = ({ nodes }: RunRecord): number =>
  nodes.reduce((sum, { status, bytes }) => (status === "ran" ? sum + (bytes ?? 0) : sum), 0)

/** Sees to the budget after so many bytes were written, or a few more. */
const keep = (
  bytes: number,
  remove: (workingDirectory: string) => Effect.Effect<void>
): Effect.Effect<void, never, Place | Reporter> =>
  Effect.gen(function* () {
    const { home, workingDirectory } = yield* Place
    const { note } = yield* Reporter
    const budget = yield* Budget.budgetOf(home, process.env)
    if (budget === null) return
    yield* Ledger.wrote(home, bytes)
    if (!(yield* isExceeded(home, budget))) return
    if (yield* Ledger.isFirst(home, "budget"))
      yield* note(
        `note: The store ${home} may hold ${formatBytes(budget)}: beyond that, what is cheapest to make again goes after a run, in the background. ${Budget.VARIABLE}=100GB lets it grow, off leaves it alone.`
      )
    yield* remove(workingDirectory)
  }).pipe(
    // a wrong setting makes no failure of what is done
    Effect.catchAll((error) => Effect.flatMap(Reporter, ({ note }) => note(`warning: ${sentence(explain(error))}`)))
  )

/** Sees to the budget once a process is over that has written so many bytes. */
export const keepWithin = (bytes: number): Effect.Effect<void, never, Place | Reporter> => keep(bytes, atTheEnd)

/**
 * Sees to the budget of a process that goes on, whenever that says how many bytes it has written. Whoever says so waits for nothing, and one looks
 * at the store at a time: what is written meanwhile is seen to after that.
 */
export const keeping: Effect.Effect<(bytes: number) => Effect.Effect<void>, never, Place | Reporter | Scope.Scope> =
  Effect.gen(function* () {
    const written = yield* Queue.unbounded<number>()
    const next = Effect.flatMap(Queue.takeBetween(written, 1, Number.MAX_SAFE_INTEGER), (all) =>
      keep(
        Chunk.reduce(all, 0, (sum, bytes) => sum + bytes),
        atOnce
      )
    )
    yield* Effect.forkScoped(Effect.forever(Effect.ignore(Effect.sandbox(next))))
    return (bytes) => Effect.asVoid(Queue.offer(written, bytes))
  })
