import { Effect, Either, Layer } from "effect"
import { explain } from "../artifacts/Explained.ts"
import type { BlobsFailed } from "../cache/remote/Blobs.ts"
import { Sharing } from "../cache/remote/Sharing.ts"
import { type Trace, TraceStore } from "../cache/Trace.ts"
import { Executor, type Task } from "../engine/Executor.ts"
import { asInputLost, type ExecuteFailure, InputLost, NodeFailed } from "../engine/Failure.ts"
import type { Range } from "../engine/Job.ts"
import * as Limits from "../engine/Limits.ts"
import * as NodeKey from "../engine/NodeKey.ts"
import { PrintedListener } from "../engine/Printed.ts"
import { DamageListener, PlacedListener, ProgressListener, StillListener } from "../engine/Progress.ts"
import { requestOf } from "../engine/WorkerProtocol.ts"
import type { Answer, Said } from "./Answer.ts"
import * as Need from "./Need.ts"
import * as Ranges from "./Ranges.ts"
import { type Handed, Tasks } from "./Tasks.ts"

/** Passes on what is said of a task to those who listen to its node here. */
const hearing = Effect.gen(function* () {
  const placed = yield* PlacedListener
  const progressed = yield* ProgressListener
  const damaged = yield* DamageListener
  const still = yield* StillListener
  return (said: Said): Effect.Effect<void> => {
    switch (said._tag) {
      case "Placed":
        return placed(said.by)
      case "Progressed":
        return progressed(said)
      case "Damaged":
        return damaged(said.what)
      case "Still":
        return still(said.seconds)
    }
  }
})

const isBlobsFailed = (error: unknown): error is BlobsFailed =>
  (error as { readonly _tag?: string })._tag === "BlobsFailed"

/** The inputs of a node that computes elsewhere can't be put where others find them. */
const notShared = (node: string, shown: string, error: unknown): ExecuteFailure => {
  const lost = asInputLost(error)
  if (lost instanceof InputLost) return lost
  return new NodeFailed({
    node,
    explained: isBlobsFailed(error)
      ? {
          tag: "NotShared",
          what: `What ${node} is made of can't be put into the shared store ${shown}, which ${error.message}`,
          expected: "to put it there, for the machine that computes the node",
          fix: "See to the store and run again, or run without --on."
        }
      : explain(error)
  })
}

/** An answer that doesn't count. */
const refused = (node: string, why: string, expected: string, fix: string) =>
  new NodeFailed({
    node,
    explained: {
      tag: "AnswerRefused",
      what: `A machine elsewhere answered for ${node}, and that does not count: ${why}`,
      expected,
      fix
    }
  })

const handedOf = (task: Task, range: Range | null, hear: Handed["hear"]): Handed => ({
  request: requestOf(task, range),
  need: Need.of(task),
  limits: Limits.ofNode(task.entry.node),
  hear
})

type Answered = Exclude<Answer, { readonly _tag: "Failed" }>

/**
 * Has nodes computed by machines elsewhere: what a node is made of is in the shared store before they are asked, and what they make of it
 * is there before they answer. Their answers are believed by their signatures.
 */
export const layer: Layer.Layer<Executor, never, Tasks | Sharing | TraceStore> = Layer.effect(
  Executor,
  Effect.gen(function* () {
    const tasks = yield* Tasks
    const sharing = yield* Sharing
    const traces = yield* TraceStore

    /** Has a task computed, or some chunks of its table, and gives the answer that is no failure. */
    const ask = (task: Task, range: Range | null, hear: Handed["hear"]) =>
      Effect.gen(function* () {
        const node = task.entry.name
        const answer = yield* Effect.mapError(
          tasks.compute(handedOf(task, range, hear)),
          (error) => new NodeFailed({ node, explained: explain(error) })
        )
        if (answer._tag !== "Failed") return answer
        const { failure, printed } = answer
        yield* Effect.flatMap(PrintedListener, (heard) => heard(printed))
        if (failure._tag === "InputLost") yield* sharing.forget(failure.object)
        return yield* Effect.fail(failure)
      })

    /** Has the chunks of a table computed by several machines, where that pays: whoever makes the table then finds them. */
    const computeParts = (task: Task, hear: Handed["hear"]) =>
      Effect.gen(function* () {
        const width = Effect.orElseSucceed(tasks.width(handedOf(task, null, hear)), () => 1)
        const parts = yield* Effect.provideService(Ranges.of(task, width), TraceStore, traces)
        const progress = parts.map(() => ({ done: 0, reused: 0 }))
        const total = parts.reduce((sum, { rows }) => sum + rows, 0)
        const hearPart =
          (at: number): Handed["hear"] =>
          (said) => {
            if (said._tag !== "Progressed") return hear(said)
            progress[at] = { done: said.done, reused: said.reused }
            const sum = (of: "done" | "reused") => progress.reduce((all, one) => all + one[of], 0)
            return hear({ ...said, done: sum("done"), reused: sum("reused"), total })
          }
        yield* Effect.forEach(parts, ({ from, to }, at) => ask(task, { from, to }, hearPart(at)), {
          concurrency: "unbounded",
          discard: true
        })
      })

    const traceOf = (task: Task, answer: Answered): Effect.Effect<Trace, ExecuteFailure> =>
      Effect.gen(function* () {
        const node = task.entry.name
        if (answer._tag === "ChunksComputed")
          return yield* refused(
            node,
            "it answers something else",
            "what was asked",
            "See that all machines have the same version of Headrace."
          )
        const opened = sharing.open(answer.sealed, { stage: task.text.stage, key: task.key })
        if (Either.isRight(opened)) {
          yield* Effect.mapError(
            sharing.keep(opened.right),
            (error) => new NodeFailed({ node, explained: explain(error) })
          )
          return opened.right
        }
        return yield* refused(
          node,
          opened.left,
          `a trace signed by a key that headrace.keys.json trusts for ${sharing.terms.namespaces[0]}`,
          "Have the worker's key added there (pipeline key trust), or end that worker."
        )
      })

    return {
      execute: (task) =>
        Effect.gen(function* () {
          // those who are asked can read what it is made of
          yield* Effect.mapError(sharing.putInputs(NodeKey.needs(task.inputs)), (error) =>
            notShared(task.entry.name, sharing.terms.shown, error)
          )
          const hear = yield* hearing
          yield* computeParts(task, hear)
          const answer = yield* ask(task, null, hear)
          yield* Effect.flatMap(PrintedListener, (heard) => heard(answer.printed))
          return yield* traceOf(task, answer)
        })
    }
  })
)
