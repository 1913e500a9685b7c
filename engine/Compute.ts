import { hostname } from "node:os"
import { Clock, DateTime, Effect, Either, Schema, type Scope } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { type Explained, explain } from "../artifacts/Explained.ts"
import * as Masked from "../artifacts/Masked.ts"
import * as Text from "../artifacts/Text.ts"
import { ObjectStore } from "../cache/ObjectStore.ts"
import { Release } from "../cache/Release.ts"
import { type ChunkCounts, type Trace, TraceStore } from "../cache/Trace.ts"
import * as ComputeRows from "./ComputeRows.ts"
import { computeSteps } from "./ComputeSteps.ts"
import * as Environment from "./Environment.ts"
import { asInputLost, type ExecuteFailure, explainDefect, InputLost, NodeFailed } from "./Failure.ts"
import type { StageEntry } from "./Graph.ts"
import { type Job, type Range, secretsOf } from "./Job.ts"
import type { StageDefinition } from "./Node.ts"
import * as NodeKey from "./NodeKey.ts"
import { DefinitionInvalid } from "./Param.ts"
import { ProgressListener } from "./Progress.ts"
import * as ReadWatch from "./ReadWatch.ts"
import * as Remark from "./Remark.ts"
import * as RowStream from "./RowStream.ts"
import { ThrownAt, unmeant } from "./ThrownAt.ts"

interface Computed {
  readonly outputs: Readonly<Record<string, Stored>>
  readonly chunks: ChunkCounts | null
}

type Untyped<A> = Effect.Effect<A, unknown, ObjectStore | TraceStore | Scope.Scope>

/** What a variable's type hides from `tsc`: outputs that the stage does not declare, and those that it left out. */
const checkNames = ({ name, outputs }: StageDefinition, found: ReadonlyArray<string>) => {
  const declared = Object.keys(outputs)
  const wrong = found.find((output) => !declared.includes(output)) ?? declared.find((output) => !found.includes(output))
  if (wrong === undefined) return Effect.void
  const how = declared.includes(wrong) ? "does not yield" : "yields, but does not declare,"
  return new DefinitionInvalid({
    what: `Stage "${name}" ${how} the output "${wrong}"`,
    expected: `exactly ${declared.join(", ")}`,
    fix: "Correct the stage."
  })
}

const computeAtOnce = ({ entry, inputs }: Job): Untyped<Readonly<Record<string, unknown>>> =>
  Effect.flatMap(RowStream.decodeInputs(entry.node, inputs), (given) =>
    ReadWatch.ofStage(entry.node.definition.run(given, entry.node.params))
  )

const computeWhole = (job: Job): Untyped<Computed> =>
  Effect.gen(function* () {
    const { definition } = job.entry.node
    const store = yield* ObjectStore
    const { iterates } = definition
    const values = yield* iterates === null ? computeAtOnce(job) : computeSteps(job, iterates)
    yield* checkNames(definition, Object.keys(values))
    const outputs: Record<string, Stored> = {}
    for (const [name, artifact] of Object.entries(definition.outputs))
      outputs[name] = yield* artifact.encode(values[name], store.put)
    return { outputs, chunks: null }
  })

const isTagged = (error: unknown): error is { readonly _tag: string; readonly message: string } =>
  typeof error === "object" && error !== null && "_tag" in error && "message" in error

/** Sorts what went wrong: bytes to recompute, the stage's own error, or a bug, of which is told where it was thrown. */
const toFailure = (entry: StageEntry, cause: unknown, mask: (text: string) => string): Effect.Effect<ExecuteFailure> =>
  Effect.gen(function* () {
    const error = asInputLost(cause)
    if (error instanceof InputLost) return error
    const encoded = Schema.encodeUnknownEither(entry.node.definition.errors)(error)
    const bug = unmeant(error)
    const at = bug === null ? null : (yield* ThrownAt)(bug)
    const explained = {
      ...(isTagged(error) ? explain(error) : explainDefect(error)),
      ...(at === null ? {} : { at }),
      ...(Either.isRight(encoded) ? { details: encoded.right } : {})
    }
    return new NodeFailed({ node: entry.name, explained: Masked.within<Explained>(mask, explained) })
  })

/** Computes a node and publishes what it made: objects first, the trace last. */
const publish = (job: Job, mask: (text: string) => string): Untyped<Trace> =>
  Effect.gen(function* () {
    const { definition } = job.entry.node
    const started = yield* Clock.currentTimeMillis
    const remarks: Array<Remark.Remark> = []
    const { outputs, chunks } = yield* Effect.scoped(
      definition.keep === "whole" ? computeWhole(job) : ComputeRows.computeRows(job)
    ).pipe(Effect.provideService(Remark.RemarkListener, (remark) => Effect.sync(() => void remarks.push(remark))))
    const told = (yield* Effect.all([...remarks, ReadWatch.told]))
      .filter((remark) => remark !== null)
      .map((remark) => Text.map(remark, mask))
    const now = yield* DateTime.now
    const trace: Trace = {
      key: job.key,
      text: job.text,
      pipeline: job.pipeline,
      node: job.entry.name,
      // of the kind that its definition says, which the project was found to know: a codec may be that of another
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([name, stored]) => [
          name,
          { ...stored, kind: definition.outputs[name]?.kind ?? stored.kind }
        ])
      ),
      labels: NodeKey.labels(job.inputs),
      seconds: (DateTime.toEpochMillis(now) - started) / 1000,
      chunks,
      ...(told.length === 0 ? {} : { told }),
      host: hostname(),
      by: (yield* Release).version,
      finished: DateTime.formatIso(now)
    }
    yield* ReadWatch.check
    yield* Effect.flatMap(TraceStore, (traces) => traces.put(trace))
    return trace
  })

/** The same for whoever runs the node: its stage's services must be there, and nothing that it says tells a secret. */
const guarded = <A>(
  job: Job,
  work: (mask: (text: string) => string) => Untyped<A>
): Effect.Effect<A, ExecuteFailure, ObjectStore | TraceStore> =>
  Effect.gen(function* () {
    const mask = Environment.masked(secretsOf(job), yield* Environment.Environment)
    const listen = yield* ProgressListener
    return yield* ReadWatch.watched(job, Effect.scoped(work(mask))).pipe(
      Effect.provideService(ProgressListener, (progress) =>
        listen({ ...progress, note: progress.note === null ? null : mask(progress.note) })
      ),
      Effect.catchAllDefect((defect) => Effect.fail(defect)),
      Effect.catchAll((error) => Effect.flip(toFailure(job.entry, error, mask)))
    )
  })

/** Computes a node and publishes what it made. */
export const compute = (job: Job): Effect.Effect<Trace, ExecuteFailure, ObjectStore | TraceStore> =>
  guarded(job, (mask) => publish(job, mask))

/** Computes and publishes some of the chunks that a node's table consists of. */
export const computeChunks = (
  job: Job,
  range: Range
): Effect.Effect<ChunkCounts, ExecuteFailure, ObjectStore | TraceStore> =>
  guarded(job, () => ComputeRows.computeChunks(job, range))
