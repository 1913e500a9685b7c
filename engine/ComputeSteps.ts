import { hostname } from "node:os"
import { Clock, DateTime, Effect, Fiber, type Scope } from "effect"
import type { State } from "../artifacts/Checkpoint.ts"
import type { ObjectStore } from "../cache/ObjectStore.ts"
import { Release } from "../cache/Release.ts"
import type { TraceStore } from "../cache/Trace.ts"
import * as Checkpoints from "./Checkpoints.ts"
import type { Iteration } from "./Iteration.ts"
import type { Job } from "./Job.ts"
import type { Iterates } from "./Node.ts"
import * as NodeKey from "./NodeKey.ts"
import * as Progress from "./Progress.ts"
import * as ReadWatch from "./ReadWatch.ts"
import * as RowStream from "./RowStream.ts"

type Untyped<A> = Effect.Effect<A, unknown, ObjectStore | TraceStore | Scope.Scope>

/**
 * The newest of the states that can be read, given to the iteration; null where it starts from the beginning. Where one can't,
 * they are listed once `again`: whoever held the lease before may have replaced it in the meantime.
 */
const resumed = (
  job: Job,
  iterates: Iterates,
  iteration: Iteration<unknown, unknown>,
  states: ReadonlyArray<Checkpoints.Kept>,
  again: Untyped<ReadonlyArray<Checkpoints.Kept>> | null
): Untyped<Checkpoints.Kept | null> =>
  Effect.gen(function* () {
    const { text } = job
    const [kept, ...older] = states
    if (kept === undefined) return null
    const damaged = (what: string) =>
      Effect.gen(function* () {
        const hear = yield* Progress.DamageListener
        if (again === null) yield* hear(`The state after ${kept.at} ${iterates.steps} ${what}`)
        return null
      })
    const state: State | null = yield* Checkpoints.read(kept, iterates).pipe(
      Effect.catchTags({
        ObjectCorrupt: () => damaged("was corrupt"),
        ObjectMissing: () => damaged("was missing"),
        ArtifactUnreadable: () => damaged("could not be decoded")
      })
    )
    if (state === null) return yield* resumed(job, iterates, iteration, again === null ? older : yield* again, null)
    yield* ReadWatch.ofStage(iteration.resume(state))
    // those that a killed process had replaced
    yield* Effect.forEach(older, (one) => Checkpoints.drop(text, iterates, one), { discard: true })
    return kept
  })

/**
 * Computes an iterating stage: from its newest state or, again, from the beginning; a state kept after every step, the one before dropped. A state is
 * written while the next step is computed, so that a kill costs at most one.
 */
export const computeSteps = (job: Job, iterates: Iterates): Untyped<Readonly<Record<string, unknown>>> =>
  Effect.gen(function* () {
    const { definition, params } = job.entry.node
    const { [iterates.steps]: wanted, ...others } = params
    const last = wanted as number
    const given = yield* RowStream.decodeInputs(job.entry.node, job.inputs)
    const started = yield* Clock.currentTimeMillis
    const iteration: Iteration<Readonly<Record<string, unknown>>, unknown> = yield* ReadWatch.ofStage(
      definition.run(given, others)
    )
    const states = Checkpoints.kept(job.text, iterates, last)
    const before = job.isAgain ? null : yield* resumed(job, iterates, iteration, yield* states, states)
    const from = before?.at ?? 0
    const isOver = ReadWatch.ofStage(iteration.isOver ?? Effect.succeed(false))

    const publish = (encoded: Checkpoints.Encoded, replaced: Checkpoints.Kept | null) =>
      Effect.gen(function* () {
        const now = yield* DateTime.now
        const kept = yield* Checkpoints.write(
          {
            pipeline: job.pipeline,
            node: job.entry.name,
            labels: NodeKey.labels(job.inputs),
            seconds: (DateTime.toEpochMillis(now) - started) / 1000,
            host: hostname(),
            by: (yield* Release).version,
            finished: DateTime.formatIso(now)
          },
          iterates,
          encoded
        )
        if (replaced !== null) yield* Checkpoints.drop(job.text, iterates, replaced)
        return kept
      })
    let writing: Fiber.Fiber<Checkpoints.Kept | null, unknown> = Fiber.succeed(before)
    // where it was over before, it is so from the beginning, and its state stays under the number of its last step
    let over = yield* isOver
    for (let at = from + 1; at <= last && !over; at++) {
      const told = yield* ReadWatch.ofStage(iteration.step(at))
      over = yield* isOver
      const { note, metrics } = typeof told === "object" && told !== null ? told : { note: told, metrics: undefined }
      yield* Progress.report({ done: at, total: over ? at : last, unit: iterates.steps, reused: from, note, metrics })
      const replaced = yield* Fiber.join(writing)
      // encoded here and not where it is written: the next step begins before that, and may work on the very arrays
      writing = yield* ReadWatch.ofStage(iteration.save).pipe(
        Effect.zipLeft(ReadWatch.check),
        Effect.flatMap((state) => Checkpoints.encode(job.text, iterates, at, state)),
        Effect.flatMap((encoded) => Effect.forkScoped(publish(encoded, replaced)))
      )
    }
    yield* Fiber.join(writing)
    return yield* ReadWatch.ofStage(iteration.finish)
  })
