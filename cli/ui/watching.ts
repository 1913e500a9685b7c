import { Effect, Either, Stream } from "effect"
import * as Graph from "../../engine/Graph.ts"
import * as LiveDisk from "../../engine/live-disk.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import { type AnyPipeline, decodeParams } from "../../engine/Pipeline.ts"
import { type Begun, firstErrorOf, kindOf, RunRecords } from "../../engine/RunRecord.ts"
import type { Going, Message } from "../../ui/Api.ts"
import { sentence } from "../command/option-text.ts"
import { MOST_DRAWN } from "../report/run-graph.ts"
import type { RunIndex } from "./RunIndex.ts"

// What runs of a store tell while they go on, as messages for a page: files are looked at, for a run knows of nobody who watches it.

const LOOK_MILLIS = 250
/** Whose process lives is asked less often: it writes to the store. */
const LOOKS_TO_ASK = 4

/** The graph as this process would build it; null where it would not: the run may be of newer sources. */
const built = (pipeline: AnyPipeline, values: Readonly<Record<string, unknown>>): Graph.Graph | null => {
  try {
    return Pipeline.graph(pipeline, values)
  } catch {
    return null
  }
}

/** The graph of a run that goes on; a sweep's is the union of its points', which are too many to draw. */
const graphOf = (
  pipelines: ReadonlyArray<AnyPipeline>,
  { pipeline: name, params, sweep, of }: Begun
): Going["graph"] => {
  const pipeline = pipelines.find((each) => each.name === name)
  if (pipeline === undefined || sweep !== undefined || of !== undefined) return null
  const values = decodeParams(pipeline, params)
  const graph = values._tag === "Left" ? null : built(pipeline, values.right)
  if (graph === null) return null
  if (graph.entries.length > MOST_DRAWN) return null
  const stages = new Set(graph.stages.map((entry) => entry.name))
  return {
    nodes: graph.entries.map((entry) => ({ name: entry.name, isSource: !stages.has(entry.name) })),
    edges: graph.entries.flatMap((entry) =>
      Graph.parents(graph, entry).map((parent) => ({ from: parent.name, to: entry.name }))
    )
  }
}

const goingOf =
  (pipelines: ReadonlyArray<AnyPipeline>) =>
  (begun: Begun): Going => {
    const [host = ""] = begun.holder.host.split(" ")
    const { run, pipeline, started, params } = begun
    const graph = graphOf(pipelines, begun)
    return { run, pipeline, kind: kindOf(begun), started, params, graph, by: `${begun.holder.pid} on ${host}` }
  }

/** How a run ended that was watched, as its record says. */
const overOf = (run: string) =>
  Effect.gen(function* () {
    const records = yield* RunRecords
    const found = yield* Effect.either(records.get(run))
    const record = Either.isRight(found) ? found.right : null
    const error = record === null ? null : firstErrorOf(record)
    const over: Message = {
      _tag: "Over",
      run,
      status: record?.status ?? null,
      error: error === null ? null : sentence(error)
    }
    return over
  })

/** Messages for one page, from all that is known now on. */
export const messages = (home: string, pipelines: ReadonlyArray<AnyPipeline>, { look }: RunIndex) =>
  Effect.gen(function* () {
    const records = yield* RunRecords
    const followed = new Map<string, ReturnType<typeof LiveDisk.following>>()
    const over = new Set<string>()
    let going: ReadonlyArray<Begun> | null = null
    let listed = ""
    let looks = 0

    const isGoing = (run: string): boolean => going?.some((each) => each.run === run) === true
    /** Those that go on, where they are others than before. */
    const begun = Effect.gen(function* () {
      const now = yield* records.going
      const isSame = going?.map(({ run }) => run).join() === now.map(({ run }) => run).join()
      const before = going ?? []
      going = now
      // one that told of itself before it was noted
      for (const { run } of now) over.delete(run)
      const messages: ReadonlyArray<Message> = isSame ? [] : [{ _tag: "Going", runs: now.map(goingOf(pipelines)) }]
      return { messages, ended: before.map(({ run }) => run).filter((run) => !isGoing(run)) }
    })
    /** What one told since; a run tells nothing any more whose file is gone. */
    const told = (run: string): ReadonlyArray<Message> => {
      const follow = followed.get(run) ?? LiveDisk.following(home, run)
      followed.set(run, follow)
      const heard = follow()
      if (heard === null) followed.delete(run)
      return heard === null || (heard.events.length === 0 && !heard.isAnew) ? [] : [{ _tag: "Told", run, ...heard }]
    }
    const next = Effect.gen(function* () {
      const live = LiveDisk.runsIn(home)
      const isDue = looks++ % LOOKS_TO_ASK === 0 || live.join() !== listed
      listed = live.join()
      const { messages, ended } = isDue ? yield* begun : { messages: [], ended: [] }
      const watched = [...new Set([...live, ...followed.keys()])]
      const heard = watched.flatMap(told)
      const ending = [...new Set([...watched, ...ended])].filter((run) => !isGoing(run) && !over.has(run))
      for (const run of ending) over.add(run)
      const recorded: ReadonlyArray<Message> = (yield* look) ? [{ _tag: "Recorded" }] : []
      return [...messages, ...heard, ...(yield* Effect.forEach(ending, overOf)), ...recorded]
    })
    return Stream.repeatEffect(Effect.delay(next, LOOK_MILLIS)).pipe(Stream.flattenIterables)
  }).pipe(Stream.unwrap)
