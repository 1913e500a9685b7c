import { Schema } from "effect"
import { Explained } from "../artifacts/Explained.ts"
import { Text } from "../artifacts/Text.ts"

// What a run tells of itself to whoever watches it from another process, while it goes on: events in a form that can be written down, and
// what is known after some of them. Nothing of it outlives the watching: what a run came to is in its record.

/** Milliseconds since 1970, by the clock of the machine that the command runs on. */
const at = Schema.Number
const node = Schema.String
const metrics = Schema.Record({ key: Schema.String, value: Schema.Number })
const error = Schema.NullOr(Explained)

/** How far a node has come, or a download: `engine/Progress.ts`. */
const Progressed = Schema.TaggedStruct("Progressed", {
  node,
  at,
  done: Schema.Number,
  total: Schema.NullOr(Schema.Number),
  unit: Schema.String,
  reused: Schema.Number,
  note: Schema.NullOr(Schema.String),
  metrics
})

const Settled = Schema.TaggedStruct("Settled", {
  node,
  status: Schema.Literal("reused", "ran", "failed", "skipped"),
  seconds: Schema.NullOr(Schema.Number),
  rows: Schema.NullOr(Schema.Number),
  bytes: Schema.NullOr(Schema.Number),
  error
})

export const LiveEvent = Schema.Union(
  /** The nodes of a run, in topological order; those of a sweep and a tune are known as they come. */
  Schema.TaggedStruct("Planned", { nodes: Schema.Array(node), points: Schema.NullOr(Schema.Number) }),
  /** Somebody else computes the same. */
  Schema.TaggedStruct("Waiting", { node }),
  Schema.TaggedStruct("Started", { node, at, reasons: Schema.Array(Schema.String) }),
  /** A machine elsewhere computes it. */
  Schema.TaggedStruct("Placed", { node, by: Schema.String }),
  Progressed,
  Settled,
  /** A point of a sweep, or a trial at a rung, is over: the numbers that it came to. */
  Schema.TaggedStruct("PointSettled", { point: Schema.Number, ran: Schema.Boolean, metrics, error }),
  /** Trials begin to be carried out to a rung. */
  Schema.TaggedStruct("RungStarted", {
    rung: Schema.Number,
    steps: Schema.NullOr(Schema.Number),
    of: Schema.Number,
    points: Schema.Array(
      Schema.Struct({
        trial: Schema.Number,
        point: Schema.Number,
        values: Schema.Record({ key: Schema.String, value: Schema.Unknown })
      })
    )
  }),
  Schema.TaggedStruct("TrialChosen", { trial: Schema.Number, point: Schema.Number }),
  Schema.TaggedStruct("Warned", { message: Text }),
  Schema.TaggedStruct("Finished", { status: Schema.Literal("done", "failed", "interrupted") })
)
export type LiveEvent = typeof LiveEvent.Type
type Of<Tag extends LiveEvent["_tag"]> = Extract<LiveEvent, { readonly _tag: Tag }>

/** A number over the steps of a node. */
export interface Curve {
  readonly steps: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}

/** What is known of a node, or of a download on the way to one. */
export interface LiveNode {
  readonly status: "waiting" | "running" | Of<"Settled">["status"]
  readonly reasons: ReadonlyArray<string>
  /** The machine elsewhere that computes it. */
  readonly by: string | null
  /** When it began. */
  readonly since: number | null
  /** How far it is now, and was when that was first told. */
  readonly progress: Of<"Progressed"> | null
  readonly first: Pick<Of<"Progressed">, "at" | "done" | "reused"> | null
  readonly curves: Readonly<Record<string, Curve>>
  readonly settled: Of<"Settled"> | null
}

/** All that is known of a run that goes on. */
export interface Live {
  planned: Of<"Planned"> | null
  readonly nodes: Map<string, LiveNode>
  readonly points: Map<number, Of<"PointSettled">>
  readonly rungs: Array<Of<"RungStarted">>
  chosen: Of<"TrialChosen"> | null
  /** The newest ones. */
  readonly warnings: Array<Of<"Warned">>
  finished: Of<"Finished">["status"] | null
  /** Settled nodes whose curves are known, the newest last: those of others that are over are forgotten. */
  readonly drawn: Array<string>
}

export const empty = (): Live => ({
  planned: null,
  nodes: new Map(),
  points: new Map(),
  rungs: [],
  chosen: null,
  warnings: [],
  finished: null,
  drawn: []
})

const UNKNOWN: LiveNode = {
  status: "waiting",
  reasons: [],
  by: null,
  since: null,
  progress: null,
  first: null,
  curves: {},
  settled: null
}

/** A curve of more steps than this loses every other one: it is as long, and half as fine. */
const MOST_STEPS = 1000
const MOST_WARNINGS = 50
/** Of a sweep's thousands of trainings so many keep their curves once they are over. */
const MOST_DRAWN = 32

/** The last of them stays. */
const everyOther = <A>(all: ReadonlyArray<A>): ReadonlyArray<A> => all.filter((_, at) => (all.length - at) % 2 === 1)

const NO_STEPS: Curve = { steps: [], values: [] }

const longer = ({ steps, values }: Curve, step: number, value: number): Curve => {
  // a step that is told of again, by whoever took the node over, is what it is now
  const before = steps.findIndex((known) => known >= step)
  const kept = before < 0 ? steps.length : before
  const curve = { steps: [...steps.slice(0, kept), step], values: [...values.slice(0, kept), value] }
  return curve.steps.length <= MOST_STEPS ? curve : { steps: everyOther(curve.steps), values: everyOther(curve.values) }
}

const progressed = (node: LiveNode, event: Of<"Progressed">): LiveNode => {
  const curves = Object.entries(event.metrics).map(([name, value]) => [
    name,
    longer((Object.hasOwn(node.curves, name) ? node.curves[name] : null) ?? NO_STEPS, event.done, value)
  ])
  const { at, done, reused } = event
  return {
    ...node,
    status: "running",
    settled: null,
    progress: event,
    first: node.first ?? { at, done, reused },
    curves: curves.length === 0 ? node.curves : { ...node.curves, ...Object.fromEntries(curves) }
  }
}

/** Of what is over the newest curves stay. */
const settle = (live: Live, event: Of<"Settled">): void => {
  const known = live.nodes.get(event.node) ?? UNKNOWN
  live.nodes.set(event.node, { ...known, status: event.status, settled: event })
  if (Object.keys(known.curves).length === 0) return
  live.drawn.push(event.node)
  if (live.drawn.length <= MOST_DRAWN) return
  const oldest = live.drawn.shift() ?? ""
  const node = live.nodes.get(oldest)
  if (node !== undefined) live.nodes.set(oldest, { ...node, curves: {} })
}

/** Takes an event into what is known, in place: a sweep of ten thousand nodes tells of each. */
export const take = (live: Live, event: LiveEvent): void => {
  const change = (node: string, changed: (known: LiveNode) => LiveNode) => {
    const before = live.nodes.get(node) ?? UNKNOWN
    const after = changed(before)
    live.nodes.set(node, after)
    // it goes on again
    if (before.settled !== null && after.settled === null && live.drawn.includes(node))
      live.drawn.splice(live.drawn.indexOf(node), 1)
  }
  switch (event._tag) {
    case "Planned":
      live.planned = event
      return
    case "Waiting":
      change(event.node, (known) => ({ ...known, status: "waiting", settled: null }))
      return
    case "Started":
      // one that is computed again, since what it made is gone, starts afresh
      change(event.node, ({ by }) => ({
        ...UNKNOWN,
        by,
        status: "running",
        since: event.at,
        reasons: event.reasons
      }))
      return
    case "Placed":
      change(event.node, (known) => ({ ...known, by: event.by }))
      return
    case "Progressed":
      change(event.node, (known) => progressed(known, event))
      return
    case "Settled":
      if (live.drawn.includes(event.node)) live.drawn.splice(live.drawn.indexOf(event.node), 1)
      settle(live, event)
      return
    case "PointSettled":
      live.points.set(event.point, event)
      return
    case "RungStarted":
      live.rungs.push(event)
      return
    case "TrialChosen":
      live.chosen = event
      return
    case "Warned":
      live.warnings.push(event)
      if (live.warnings.length > MOST_WARNINGS) live.warnings.shift()
      return
    case "Finished":
      live.finished = event.status
  }
}

/** Events of the steps that a node's curves have: its newest progress comes last, whatever it tells. */
const stepsOf = (node: string, { first, progress, curves }: LiveNode): ReadonlyArray<LiveEvent> => {
  if (progress === null) return []
  const byStep = new Map<number, Record<string, number>>()
  for (const [name, { steps, values }] of Object.entries(curves))
    for (const [place, step] of steps.entries()) {
      const told = byStep.get(step) ?? {}
      told[name] = values[place] ?? 0
      byStep.set(step, told)
    }
  const begun = first === null ? [] : [{ ...progress, ...first, metrics: {} }]
  const told = [...byStep].sort(([a], [b]) => a - b).map(([done, metrics]) => ({ ...progress, node, done, metrics }))
  return [...begun, ...told, progress]
}

/** The fewest events after which as much is known. */
export const eventsOf = ({
  planned,
  nodes,
  points,
  rungs,
  chosen,
  warnings,
  finished,
  drawn
}: Live): ReadonlyArray<LiveEvent> => [
  ...(planned === null ? [] : [planned]),
  ...[...nodes]
    // those that are over in the order in which they were
    .sort(([a], [b]) => drawn.indexOf(a) - drawn.indexOf(b))
    .flatMap(
      ([node, known]): ReadonlyArray<LiveEvent> => [
        ...(known.by === null ? [] : [{ _tag: "Placed", node, by: known.by } as const]),
        ...(known.since === null ? [] : [{ _tag: "Started", node, at: known.since, reasons: known.reasons } as const]),
        ...stepsOf(node, known),
        ...(known.settled !== null
          ? [known.settled]
          : known.status === "waiting"
            ? [{ _tag: "Waiting", node } as const]
            : [])
      ]
    ),
  ...rungs,
  ...points.values(),
  ...(chosen === null ? [] : [chosen]),
  ...warnings,
  ...(finished === null ? [] : [{ _tag: "Finished", status: finished } as const])
]
