import { Array as Arr, Chunk, Effect, Stream } from "effect"
import { nearest } from "../../artifacts/Explained.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import * as StoreListener from "../../cache/StoreListener.ts"
import { stateStage, type Trace, TraceStore } from "../../cache/Trace.ts"
import * as Checkpoints from "../../engine/Checkpoints.ts"
import { type RecordUnreadable, type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import type * as Kind from "../../kinds/Kind.ts"
import { Kinds, kindOf } from "../../kinds/Kinds.ts"
import type { Argument } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { begins } from "./run-address.ts"

/** An artifact that an address leads to, whether or not a stage of the project still makes it. */
export type Found = Omit<Kind.Found, "artifact">

/** What names an artifact on the command line. */
export const argument: Argument = {
  name: "ADDRESS",
  description: "PIPELINE/NAME, RUN/NAME or the beginning of a digest"
}

/** What programs are told of an artifact that was found. */
export const aboutFound = ({ pipeline, node, output, stored }: Found) => ({
  schema: 1,
  status: "done",
  pipeline,
  node,
  output,
  kind: stored.kind,
  artifact: stored.artifact,
  content: stored.content
})

const SHOWN_DIGITS = 12
const DIGEST_PREFIX = /^[0-9a-f]{4,64}$/

const allTraces = Effect.gen(function* () {
  const traces = yield* TraceStore
  const stages = yield* traces.stages
  return (yield* Effect.forEach(stages, (stage) => traces.ofStage(stage))).flat()
})

const outputsOf = (pipeline: string, node: string, trace: Trace): ReadonlyArray<Found> =>
  Object.entries(trace.outputs).map(([output, stored]) => ({ pipeline, node, trace, output, stored }))

/** The states of iterating nodes that stand where these do. */
const statesOf = (pipeline: string, outputs: ReadonlyArray<Found>) =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const stages = yield* traces.stages
    const nodes = new Map(outputs.map((found) => [found.node, found]))
    const found = yield* Effect.forEach(nodes.values(), ({ node, trace }) => {
      const stage = stateStage(trace.text.stage)
      if (!stages.includes(stage)) return Effect.succeed([])
      return Effect.map(traces.ofStage(stage), (states) =>
        states
          .filter(({ text }) => Checkpoints.isOf(text, trace.text))
          .flatMap((state) => outputsOf(pipeline, node, state))
      )
    })
    return found.flat()
  })

/** The outputs of a run's nodes, as far as their traces are kept. */
const outputsOfRun = ({ pipeline, nodes }: RunRecord) =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const found = yield* Effect.forEach(nodes, ({ node, stage, key }) =>
      key === null
        ? Effect.succeed([])
        : Effect.map(traces.get(stage, key as Trace["key"]), (look) =>
            look._tag === "Hit" ? outputsOf(pipeline, node, look.trace) : []
          )
    )
    return [...found.flat(), ...(yield* statesOf(pipeline, found.flat()))]
  })

/** What an address names among a run's outputs: a result, all that a node made, `NODE.OUTPUT`, or an output by its own name. */
const inRun = (
  record: RunRecord,
  outputs: ReadonlyArray<Found>,
  address: string,
  kinds: typeof Kinds.Service
): ReadonlyArray<Found> => {
  const result = record.results[address]
  if (result !== undefined)
    return outputs.filter(({ node, output }) => node === result.node && output === result.output)
  // a state stands for its node's work half-way, and is meant only where it is named
  const ofNode = outputs.filter(({ node, stored }) => node === address && !kindOf(kinds, stored).isPartial)
  if (ofNode.length > 0) return ofNode
  const named = outputs.filter(({ node, output }) => output === address || `${node}.${output}` === address)
  // a plain name means the first of several twins: `features` is that of extract-features, not of extract-features[test]
  const plain = named.filter(({ node }) => !node.includes("["))
  return plain.length === 1 ? plain : named
}

/** Only one of those that were found can be meant. `nameOf`: how each is told from the others. */
const one = (
  found: ReadonlyArray<Found>,
  what: string,
  nameOf: (found: Found) => string
): Effect.Effect<Found, UsageInvalid> => {
  const [first, second] = found
  return first !== undefined && second === undefined
    ? Effect.succeed(first)
    : new UsageInvalid({
        what: `"${what}" names several artifacts`,
        expected: `one of ${found.map(nameOf).join(", ")}`,
        fix: `Try ${first === undefined ? "another" : nameOf(first).replace(/ .*/, "")}.`
      })
}

/** Why a run has nothing of that name. */
const nothing = (
  { run, nodes }: RunRecord,
  scope: string,
  address: string,
  known: ReadonlyArray<string>
): UsageInvalid => {
  const names = known.map((name) => `${scope}/${name}`)
  const status = nodes.find(({ node }) => node === address)?.status
  if (status === "failed")
    return new UsageInvalid({
      what: `${address} failed in run ${run}, and nothing of it is kept`,
      expected: names.length === 0 ? "a node that has a result" : `one of ${names.join(", ")}`,
      fix: `See pipeline report ${run}: why, and what it printed.`
    })
  if (status === "streamed")
    return new UsageInvalid({
      what: `${address} is streamed: it is made anew for every node that needs it, and nothing of it is kept`,
      expected: `one of ${names.join(", ")}`,
      fix: "Name what was made of it."
    })
  const near = nearest(address, known)
  return new UsageInvalid({
    what: `There is nothing called "${scope}/${address}"`,
    expected: names.length === 0 ? "a run that has results" : `one of ${names.join(", ")}`,
    fix: near === null ? "See pipeline list." : `Did you mean ${scope}/${near}?`
  })
}

/** The runs whose ids begin so, however long ago they were; a record that cannot be read is told of, or fails where there is no other. */
const runsThatBegin = (scope: string) =>
  Effect.gen(function* () {
    const records = yield* RunRecords
    const ids = (yield* records.ids).filter(begins(scope))
    const [lost, found] = Arr.separate(yield* Effect.forEach(ids, (id) => Effect.either(records.get(id))))
    const runs = found.filter((record) => record !== null)
    const [first] = lost
    if (first !== undefined && runs.length === 0) return yield* first
    yield* Effect.forEach(lost, ({ message }) => StoreListener.tell(message))
    return runs
  })

/** What stands before the first slash of an address, a pipeline or a run, and what stands behind it. */
export const split = (what: string): { readonly scope: string; readonly address: string } => {
  const slash = what.indexOf("/")
  return slash < 0 ? { scope: what, address: "" } : { scope: what.slice(0, slash), address: what.slice(slash + 1) }
}

/** The runs that a scope means, the newest first: a pipeline's, or those whose ids begin so; and the newest of all. */
export const runsOf = (scope: string, pipelines: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const records = yield* RunRecords
    const recent = yield* records.list
    const own = recent.filter(({ pipeline }) => pipeline === scope)
    const ofPipeline =
      own.length > 0 || !pipelines.includes(scope)
        ? own
        : yield* records.find(1, ({ pipeline, sweep }) => pipeline === scope && sweep === undefined)
    return { recent, runs: ofPipeline.length > 0 ? ofPipeline : yield* runsThatBegin(scope) }
  })

/** PIPELINE/ADDRESS in its newest run that has it, RUN/ADDRESS in that run, or the beginning of a digest of content or of an object. */
export const resolve = (
  what: string,
  pipelines: ReadonlyArray<string>
): Effect.Effect<Found, UsageInvalid | RecordUnreadable, TraceStore | RunRecords | ObjectStore | Kinds> =>
  Effect.gen(function* () {
    if (!what.includes("/") && DIGEST_PREFIX.test(what)) return yield* byDigest(what)
    const { scope, address } = split(what)
    const { recent, runs } = yield* runsOf(scope, pipelines)
    const [newest] = runs
    if (newest === undefined) {
      const known = [...new Set(recent.map(({ pipeline }) => `${pipeline}/…`)), "the beginning of a digest"]
      return yield* new UsageInvalid({
        what: `No run of "${scope}" is kept`,
        expected: known.join(" or "),
        fix: pipelines.includes(scope) ? `Run it first: pipeline run ${scope}.` : "See pipeline list."
      })
    }
    // a run that failed half-way lacks what an earlier one has
    for (const record of runs) {
      const found = inRun(record, yield* outputsOfRun(record), address, yield* Kinds)
      if (found.length > 0) return yield* one(found, what, ({ node, output }) => `${scope}/${node}.${output}`)
    }
    const outputs = (yield* outputsOfRun(newest)).map(({ node, output }) => `${node}.${output}`)
    return yield* nothing(newest, scope, address, [...Object.keys(newest.results), ...outputs])
  })

const byDigest = (prefix: string) =>
  Effect.gen(function* () {
    const traces = yield* allTraces
    const found = traces
      .flatMap((trace) => outputsOf(trace.pipeline, trace.node, trace))
      .filter(
        ({ stored }) =>
          stored.content.startsWith(prefix) ||
          stored.parts.some(({ object, content }) => object.startsWith(prefix) || content.startsWith(prefix))
      )
    // one content may have been made by several keys: the newest stands for them
    const distinct = [...new Map([...found].reverse().map((each) => [each.stored.content, each])).values()]
    if (distinct.length === 0) {
      const store = yield* ObjectStore
      const objects = Chunk.toReadonlyArray(
        yield* Stream.runCollect(store.find(prefix)).pipe(Effect.orElseSucceed(() => Chunk.empty<string>()))
      )
      if (objects.length > 0) {
        return yield* new UsageInvalid({
          what: `Object ${objects[0]} belongs to no trace`,
          expected: "an object that a trace names",
          fix: "Its node was killed before it finished, or its trace is gone."
        })
      }
    }
    if (distinct.length === 0) {
      return yield* new UsageInvalid({
        what: `Nothing in the cache begins with "${prefix}"`,
        expected: "the beginning of a digest that is kept, PIPELINE/NAME or RUN/NAME",
        fix: "See pipeline list."
      })
    }
    const digits = Math.max(SHOWN_DIGITS, prefix.length + 4)
    return yield* one(distinct, prefix, ({ pipeline, node, output, stored }) => {
      return `${stored.content.slice(0, digits)} (${pipeline}/${node}.${output})`
    })
  })

/** Nodes whose keys hold this content: those that used the artifact. */
export const usersOf = (content: string): Effect.Effect<ReadonlyArray<string>, never, TraceStore> =>
  Effect.map(allTraces, (traces) => [
    ...new Set(
      traces
        .filter(({ text }) => JSON.stringify(text.inputs).includes(content))
        .map(({ pipeline, node }) => `${pipeline}/${node}`)
    )
  ])
