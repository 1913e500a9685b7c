/**
 * Runs pipelines in memory, in the process of a test, and tells what ran: the package's part `headrace/testing`. Results are kept as
 * long as the laboratory is, and found again by what they are made of: files by their bytes, read anew each time, and stages by their
 * definitions. Nothing is written to the disk but by services of the project.
 *
 * @module
 */
import { tmpdir } from "node:os"
import * as path from "node:path"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import type { AnyArtifact, ValueOf } from "../artifacts/Artifact.ts"
import type { Columns, Row } from "../artifacts/Column.ts"
import * as Digest from "../artifacts/Digest.ts"
import { sentence } from "../artifacts/Explained.ts"
import * as Text from "../artifacts/Text.ts"
import type { Code as CodeParts } from "../cache/Key.ts"
import * as Lease from "../cache/Lease.ts"
import * as ObjectStore from "../cache/ObjectStore.ts"
import * as Trace from "../cache/Trace.ts"
import { Code } from "../engine/Code.ts"
import { layerInProcess } from "../engine/Executor.ts"
import { Kinds } from "../engine/Kind.ts"
import type { StageDefinition, Wire } from "../engine/Node.ts"
import type { Params, Values } from "../engine/Param.ts"
import * as Pipeline from "../engine/Pipeline.ts"
import * as Results from "../engine/Results.ts"
import * as Run from "../engine/Run.ts"
import * as RunEvent from "../engine/RunEvent.ts"
import * as RunRecord from "../engine/RunRecord.ts"
import type { Given, Project } from "../project/Project.ts"
import { givenAt } from "./given.ts"

/** What a result is to a test: what a later stage would be given, and of a table all of its rows. */
type Result<W> =
  W extends Wire<infer A, unknown, unknown, unknown>
    ? A extends ArrowTable.TableArtifact<string, infer C>
      ? ReadonlyArray<Row<C>>
      : ValueOf<A>
    : never

/** What became of a run: which nodes were computed, and the results. */
export interface Ran<O> {
  /** How the run ended. One that failed rejects instead. */
  readonly status: RunRecord.RunRecord["status"]
  /** The names of the nodes that were computed, in topological order. */
  readonly ran: ReadonlyArray<string>
  /** The names of the nodes whose results were kept, in topological order. */
  readonly reused: ReadonlyArray<string>
  /** The results by name, as a later stage would be given them; of a table all of its rows. */
  readonly results: { readonly [K in keyof O]: Result<O[K]> }
  /** The whole record, as `run --json` tells it. */
  readonly record: RunRecord.RunRecord
}

/** A pipeline whose parameters and results are known. */
type Runnable<R, S, P extends Params, O> = Pipeline.AnyPipeline<R, S> & {
  readonly params: P
  readonly build: (params: Values<P>) => O
}

/** A place to run pipelines, one after the other, on one cache. `R`, `S`: the services that its project gives. */
export interface Laboratory<R, S> {
  /** Runs a pipeline with the parameters that differ from its defaults. Rejects where a node fails, with what its stage says. */
  readonly run: <const P extends Params, O>(
    pipeline: Runnable<R | Given, S | Given, P, O>,
    params?: Partial<Values<P>>
  ) => Promise<Ran<O>>
}

/**
 * A stage's code is its definition, in one laboratory: whoever edits the stage, or what it reaches by import, has the module loaded
 * anew, and with it another definition. So nothing that other code made is found again, as by the texts of functions it would be.
 */
const code = () => {
  const known = new Map<StageDefinition, CodeParts>()
  return Layer.succeed(Code, {
    of: (stage) =>
      Effect.sync(() => {
        const digest = Digest.ofBytes(`${stage.name} ${known.size}`)
        const parts = known.get(stage) ?? { digest, files: {}, packages: {} }
        known.set(stage, parts)
        return parts
      })
  })
}

/** As the commands have it, with a home in the system's temporary folder that nothing of Headrace itself is written to. */
const given = Layer.unwrapEffect(
  Effect.sync(() => {
    const [root, home] = [process.cwd(), path.join(tmpdir(), `headrace-testing-${process.pid}`)]
    return givenAt({ root, workingDirectory: root, build: home, home, results: path.join(home, "results") }, null)
  })
)

/** What a test is given for a result. */
const decoded = (artifact: AnyArtifact, stored: RunRecord.RunRecord["results"][string]["stored"]) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore.ObjectStore
    const value: unknown = yield* artifact.decode(stored, ObjectStore.readPart(store))
    return artifact.kind === "table" ? yield* ArrowTable.collectRows(value as ArrowTable.Table<Columns>) : value
  })

const firstFailure = ({ error, nodes }: RunRecord.RunRecord) => {
  const failed = nodes.find((node) => node.error !== null)
  const explained = error ?? failed?.error ?? null
  return explained === null
    ? null
    : `${failed === undefined ? "" : `${failed.node}: `}${Text.show(sentence(explained))}`
}

/** A run of a pipeline with a layer that computes its nodes in this process. */
const runIn = <R, S, P extends Params, O>(pipeline: Runnable<R, S, P, O>, params: Partial<Values<P>>) =>
  Effect.gen(function* () {
    // a value that its schema refuses, or an unknown name, rejects as the command line refuses it
    const values = (yield* Pipeline.fillParams(pipeline, params)) as Values<P>
    const record = yield* Run.run(pipeline, values, { cores: 1 })
    const failure = firstFailure(record)
    if (failure !== null) return yield* Effect.fail(new Error(failure))
    const wires = (pipeline as Pipeline.AnyPipeline).build(values)
    const results: Record<string, unknown> = {}
    for (const [name, { stored }] of Object.entries(record.results)) {
      const artifact = wires[name]?.artifact
      if (artifact !== undefined) results[name] = yield* decoded(artifact, stored)
    }
    const nodesThat = (status: string) => record.nodes.filter((node) => node.status === status).map(({ node }) => node)
    const ran: Ran<O> = {
      status: record.status,
      ran: nodesThat("ran"),
      reused: nodesThat("reused"),
      // each was decoded by the artifact of its wire
      results: results as Ran<O>["results"],
      record
    }
    return ran
  }).pipe(Effect.provide(layerInProcess(pipeline)))

/**
 * Makes a place to run pipelines of a project, with an empty cache of its own.
 *
 * @example
 * import { laboratory } from "headrace/testing"
 * import { expect } from "vitest"
 * import project from "../headrace.config.ts"
 * import { rents } from "../pipelines/rents.ts"
 *
 * const { run } = laboratory(project)
 * expect((await run(rents, { least: 50 })).ran).toEqual(["read-rents", "fit-line"])
 * expect((await run(rents, { least: 50 })).ran).toEqual([])
 */
export const laboratory = <R, S>(project: Project<R, S>): Laboratory<R, S> => {
  const live = Layer.unwrapEffect(
    Effect.map(Effect.promise(project.layer), (own) => Layer.merge(own, project.planning))
  )
  const memory = Layer.mergeAll(
    ObjectStore.layerMemory(),
    Trace.layerMemory(),
    Lease.layerMemory,
    RunEvent.layerSilent,
    RunRecord.layerMemory(),
    Results.layerNone,
    Layer.succeed(Kinds, project.kinds),
    code()
  )
  const runtime = ManagedRuntime.make(Layer.mergeAll(Layer.provideMerge(live, given), memory))
  return { run: (pipeline, params = {}) => runtime.runPromise(runIn(pipeline, params)) }
}
