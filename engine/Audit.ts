import { Effect, Random, Schema, type Scope } from "effect"
import type { AnyArtifact, Read, Stored } from "../artifacts/Artifact.ts"
import * as Explained from "../artifacts/Explained.ts"
import * as Text from "../artifacts/Text.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import * as Reason from "../cache/Reason.ts"
import type { Trace } from "../cache/Trace.ts"
import * as Again from "./Again.ts"
import * as Decide from "./Decide.ts"
import * as Difference from "./Difference.ts"
import type { Task } from "./Executor.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import { taskOf } from "./NodeWork.ts"
import { Audited } from "./RunRecord.ts"
import { outputsOf, type RunState } from "./RunState.ts"

/** Some of a run's hits came out otherwise when they were computed again. */
export class AuditFailed extends Explained.TaggedError<AuditFailed>()(
  "AuditFailed",
  { audited: Schema.Array(Audited), wrong: Schema.Array(Audited) },
  ({ audited, wrong }) => ({
    what: `Of ${audited.length} results that were reused and computed again, ${wrong.length} came out otherwise: ${wrong.map(shown).join("; ")}`,
    expected: "what is kept, since the keys are the same",
    fix: `Its stage depends on something that its key does not hold, such as the clock or chance: make that a parameter or an input, or declare a tolerance in the stage. Compute it anew with --again ${wrong[0]?.node}.`
  })
) {}

/** One audited node in words: `train: row 17, column mean was 0.5, is 0.75`. */
export const shown = ({ node, differences, error }: Pick<Audited, "node" | "differences" | "error">): string =>
  error !== null
    ? `${node} failed: ${Text.show(error.what)}`
    : `${node}: ${differences.map(({ output, at, before, after }) => `${output}, ${at}, was ${before}, is ${after}`).join("; ")}`

/** What is computed again, beside the store and not in it. */
export interface Made {
  readonly trace: Trace
  readonly read: Read<unknown>
}

/** What a run is to audit, and how. */
export interface Auditing {
  /** Of the results that it reuses, more than 0 and at most 1; at least one of them is computed again. */
  readonly share: number
  /**
   * Computes a node in a store of its own, which has its inputs and goes with the scope: whatever comes out, nothing that is kept
   * changes.
   */
  readonly compute: (task: Task) => Effect.Effect<Made, unknown, Scope.Scope | ObjectStore>
  readonly hear: (node: string, at: number, of: number) => Effect.Effect<void>
}

const isWrong = ({ verdict }: Audited): boolean => verdict === "differs" || verdict === "failed"

const sampleOf = <A>(all: ReadonlyArray<A>, share: number): Effect.Effect<ReadonlyArray<A>> =>
  Effect.map(Random.shuffle(all), (shuffled) =>
    [...shuffled].slice(0, all.length === 0 ? 0 : Math.max(1, Math.round(share * all.length)))
  )

/** The first difference of each output that has another content; those that are close have none. */
const differencesOf = (entry: Graph.StageEntry, before: Trace, { trace: after, read }: Made) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const { outputs, tolerance } = entry.node.definition
    const found: Array<Audited["differences"][number]> = []
    const others = Again.differing(before, after)
    for (const output of others) {
      const [kept, now] = [before.outputs[output] as Stored, after.outputs[output] as Stored]
      const difference = yield* Difference.first<unknown>(
        outputs[output] as AnyArtifact,
        { stored: kept, read: readPart(store) },
        { stored: now, read },
        tolerance
      )
      if (difference !== null) found.push({ output, ...difference })
    }
    return { found, isSame: others.length === 0 }
  })

const auditOne = (state: RunState, entry: Graph.StageEntry, kept: Trace, { compute }: Auditing) =>
  Effect.gen(function* () {
    const outputs = outputsOf(state, NodeKey.storedParents(state.graph, entry))
    const keyed = yield* Decide.keyed(state.graph, entry, outputs)
    const decision = { ...keyed, hit: kept, lost: null, unanswered: null, accepted: [] }
    const again = Reason.Again.make()
    const made = yield* compute(taskOf({ state, entry, forced: again, decision, outputs }, [again]))
    const { found, isSame } = yield* differencesOf(entry, kept, made)
    const verdict = isSame ? "same" : found.length === 0 ? "close" : "differs"
    return { verdict, seconds: made.trace.seconds, differences: found, error: null } as const
  }).pipe(
    Effect.catchAll((error) =>
      Effect.succeed({
        verdict: "failed" as const,
        seconds: null,
        differences: [],
        error: Explained.explain(error)
      })
    ),
    Effect.map((found): Audited => {
      const { name } = entry.node.definition
      return { node: entry.name, stage: name, key: kept.key, ...found }
    }),
    Effect.scoped
  )

/** Computes some of what a run reused again, by chance, and compares; fails where any came out otherwise, and all are computed first. */
export const audit = (state: RunState, auditing: Auditing) =>
  Effect.gen(function* () {
    const hits = [...state.stages.values()].flatMap((entry) => {
      const outcome = state.outcomes.get(entry.name)
      return outcome?._tag === "Done" && outcome.status === "reused" ? [{ entry, trace: outcome.trace }] : []
    })
    const chosen = yield* sampleOf(hits, auditing.share)
    for (const [at, { entry, trace }] of chosen.entries()) {
      yield* auditing.hear(entry.name, at, chosen.length)
      state.audited.push(yield* auditOne(state, entry, trace, auditing))
    }
    const wrong = state.audited.filter(isWrong)
    if (wrong.length > 0) return yield* new AuditFailed({ audited: state.audited, wrong })
  })
