import { Effect, Either, Layer } from "effect"
import { explain } from "../artifacts/Explained.ts"
import type { BlobsFailed } from "../cache/remote/Blobs.ts"
import { Sharing } from "../cache/remote/Sharing.ts"
import type { Trace } from "../cache/Trace.ts"
import { Executor, type Task } from "../engine/Executor.ts"
import { asInputLost, type ExecuteFailure, InputLost, NodeFailed } from "../engine/Failure.ts"
import * as Limits from "../engine/Limits.ts"
import * as NodeKey from "../engine/NodeKey.ts"
import { PrintedListener } from "../engine/Printed.ts"
import { DamageListener, PlacedListener, ProgressListener, StillListener } from "../engine/Progress.ts"
import { requestOf } from "../engine/WorkerProtocol.ts"
import type { Answer, Said } from "./Answer.ts"
import * as Need from "./Need.ts"
import { Tasks } from "./Tasks.ts"

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

/**
 * Has nodes computed by machines elsewhere: what a node is made of is in the shared store before they are asked, and what they make of it
 * is there before they answer. Their answers are believed by their signatures.
 */
export const layer: Layer.Layer<Executor, never, Tasks | Sharing> = Layer.effect(
  Executor,
  Effect.gen(function* () {
    const tasks = yield* Tasks
    const sharing = yield* Sharing

    const traceOf = (task: Task, answer: Answer): Effect.Effect<Trace, ExecuteFailure> =>
      Effect.gen(function* () {
        const node = task.entry.name
        if (answer._tag === "Failed") {
          const { failure } = answer
          if (failure._tag === "InputLost") yield* sharing.forget(failure.object)
          return yield* Effect.fail(failure)
        }
        const opened = sharing.open(answer.sealed, { stage: task.text.stage, key: task.key })
        if (Either.isRight(opened)) {
          yield* Effect.mapError(
            sharing.keep(opened.right),
            (error) => new NodeFailed({ node, explained: explain(error) })
          )
          return opened.right
        }
        return yield* new NodeFailed({
          node,
          explained: {
            tag: "AnswerRefused",
            what: `A machine elsewhere answered for ${node}, and that does not count: ${opened.left}`,
            expected: `a trace signed by a key that headrace.keys.json trusts for ${sharing.terms.namespaces[0]}`,
            fix: "Have the worker's key added there (pipeline key trust), or end that worker."
          }
        })
      })

    return {
      execute: (task) =>
        Effect.gen(function* () {
          const node = task.entry.name
          const hear = yield* hearing
          const hearPrinted = yield* PrintedListener
          yield* Effect.mapError(sharing.putParts(NodeKey.needs(task.inputs)), (error) =>
            notShared(node, sharing.terms.shown, error)
          )
          const answer = yield* Effect.mapError(
            tasks.compute({
              request: requestOf(task),
              need: Need.of(task),
              limits: Limits.ofNode(task.entry.node),
              hear
            }),
            (error) => new NodeFailed({ node, explained: explain(error) })
          )
          yield* hearPrinted(answer.printed)
          return yield* traceOf(task, answer)
        })
    }
  })
)
