import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import { Schema } from "effect"
import { fields, TaggedError } from "../artifacts/Explained.ts"
import { LiveEvent } from "../engine/Live.ts"

// What the page of `pipeline ui` and its server say to each other, once for both.

const Status = Schema.Literal("done", "failed", "interrupted")
const Kind = Schema.Literal("run", "sweep", "tune")
const Params = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const Metrics = Schema.Record({ key: Schema.String, value: Schema.Number })

/** What a person says of a run: beside its record, and in no key. */
export const Marks = Schema.Struct({
  tags: Schema.Array(Schema.String.pipe(Schema.maxLength(200))).pipe(Schema.maxItems(100)),
  note: Schema.String.pipe(Schema.maxLength(100_000)),
  hidden: Schema.Boolean
})
export type Marks = typeof Marks.Type

/** A run, sweep or tune in a line of the list. */
export const RunRow = Schema.Struct({
  run: Schema.String,
  pipeline: Schema.String,
  kind: Kind,
  status: Status,
  /** ISO 8601. */
  started: Schema.String,
  seconds: Schema.Number,
  /** How many points or trials; null for a run. */
  points: Schema.NullOr(Schema.Number),
  /** Encoded, by name: of a sweep those that its points share, of a tune those of the best. */
  params: Params,
  /** The numbers that it came to: of a sweep and a tune those of the best point. */
  metrics: Metrics,
  /** How many nodes were computed and found. */
  ran: Schema.Number,
  reused: Schema.Number,
  /** What kept it from its end. */
  error: Schema.NullOr(Schema.String),
  /** The commit that the project was at, in words. */
  revision: Schema.NullOr(Schema.String),
  marks: Marks
})
export type RunRow = typeof RunRow.Type

/** Which runs are asked for, and in what order. */
export const Query = Schema.Struct({
  /** Words, and comparisons such as `units=256` and `testAccuracy>0.8`, all of which must hold. */
  filter: Schema.optionalWith(Schema.String, { default: () => "" }),
  /** A column: `started`, `seconds`, `pipeline`, `status`, `param:NAME`, `metric:NAME`; with a minus before it, the greatest first. */
  sort: Schema.optionalWith(Schema.String, { default: () => "-started" }),
  hidden: Schema.optionalWith(Schema.BooleanFromString, { default: () => false }),
  from: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative()), { default: () => 0 }),
  most: Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 1000)), { default: () => 200 })
})
export type Query = typeof Query.Type

/** Some of the runs that were asked for, and what is known of all of them. */
export const RunList = Schema.Struct({
  /** How many there are at all, and how many of them the filter leaves. */
  all: Schema.Number,
  total: Schema.Number,
  rows: Schema.Array(RunRow),
  /** Parameters in which those that are left differ, and the numbers that some of them came to. */
  params: Schema.Array(Schema.String),
  metrics: Schema.Array(Schema.String),
  /** Records that cannot be read, and why. */
  unreadable: Schema.Array(Schema.Struct({ run: Schema.String, what: Schema.String })),
  /** Records that are still to be read. */
  unread: Schema.Number
})
export type RunList = typeof RunList.Type

/** A run that goes on: its process lives. */
export const Going = Schema.Struct({
  run: Schema.String,
  pipeline: Schema.String,
  kind: Kind,
  started: Schema.String,
  params: Params,
  /** Nodes and sources in topological order, and what goes from which to which; null where the pipeline builds none such, or too many to draw. */
  graph: Schema.NullOr(
    Schema.Struct({
      nodes: Schema.Array(Schema.Struct({ name: Schema.String, isSource: Schema.Boolean })),
      edges: Schema.Array(Schema.Struct({ from: Schema.String, to: Schema.String }))
    })
  ),
  /** Of what process: `1234 on lab-1`. */
  by: Schema.String
})
export type Going = typeof Going.Type

/** What is told of runs that go on, as it happens. */
export const Message = Schema.Union(
  /** Those that go on now: whenever they are others than before. */
  Schema.TaggedStruct("Going", { runs: Schema.Array(Going) }),
  /** What one told since the last message of it, or all that it told, where it is told anew. */
  Schema.TaggedStruct("Told", { run: Schema.String, isAnew: Schema.Boolean, events: Schema.Array(LiveEvent) }),
  /** One is over: how its record says it ended, or null where its process is gone and there is none yet. */
  Schema.TaggedStruct("Over", {
    run: Schema.String,
    status: Schema.NullOr(Status),
    error: Schema.NullOr(Schema.String)
  }),
  /** There are other records than before. */
  Schema.TaggedStruct("Recorded", {})
)
export type Message = typeof Message.Type

const about = {
  node: Schema.String,
  output: Schema.String,
  /** Its name and version: `Features@1`. */
  artifact: Schema.String,
  kind: Schema.String,
  rows: Schema.NullOr(Schema.Number),
  bytes: Schema.Number,
  /** The digest of what it says. */
  content: Schema.String
}
/** An artifact of a run, by what leads to it. */
export const ArtifactLine = Schema.Struct({ address: Schema.String, ...about })
export type ArtifactLine = typeof ArtifactLine.Type

/** One thing that people are shown of an artifact. Bytes are in base64. */
export const Block = Schema.Union(
  Schema.TaggedStruct("Text", { text: Schema.String }),
  Schema.TaggedStruct("Table", {
    title: Schema.NullOr(Schema.String),
    columns: Schema.Array(Schema.Struct({ header: Schema.String, isNumber: Schema.Boolean })),
    rows: Schema.Array(Schema.Array(Schema.String))
  }),
  Schema.TaggedStruct("Picture", {
    title: Schema.String,
    type: Schema.Literal("png", "svg+xml"),
    bytes: Schema.String
  })
)
export type Block = typeof Block.Type

/** An artifact: what is in it, what made it, and who uses it. */
export const Artifact = Schema.Struct({
  pipeline: Schema.String,
  ...about,
  blocks: Schema.Array(Block),
  /** Why what is in it cannot be shown. */
  error: Schema.NullOr(Schema.String),
  made: Schema.Struct({
    stage: Schema.String,
    key: Schema.String,
    seconds: Schema.Number,
    /** ISO 8601. */
    finished: Schema.String,
    host: Schema.String,
    params: Params,
    /** What went in: where it came from in words, and its content where that is an artifact. */
    inputs: Schema.Array(
      Schema.Struct({ name: Schema.String, from: Schema.String, content: Schema.NullOr(Schema.String) })
    ),
    printed: Schema.String
  }),
  /** Nodes that read it: `transfer/train`. */
  usedBy: Schema.Array(Schema.String)
})
export type Artifact = typeof Artifact.Type

/** There is none of that name, or its record cannot be read. */
export class NoSuchRun extends TaggedError<NoSuchRun>()("NoSuchRun", fields, (parts) => parts) {}

/** What is asked for cannot be done. */
export class Refused extends TaggedError<Refused>()("Refused", fields, (parts) => parts) {}

export const Project = Schema.Struct({
  /** The folder's name. */
  name: Schema.String,
  home: Schema.String,
  version: Schema.String,
  pipelines: Schema.Array(Schema.Struct({ name: Schema.String, description: Schema.String }))
})
export type Project = typeof Project.Type

/** What lies in the store, and what `gc` would take of it. Each byte counts once. */
export const Store = Schema.Struct({
  home: Schema.String,
  bytes: Schema.Number,
  /** How large it may get before `gc` takes the cheapest; null where nobody sees to that. */
  budget: Schema.NullOr(Schema.Number),
  /** By what made it, a stage or a kind of thing, the largest first. */
  groups: Schema.Array(
    Schema.Struct({
      group: Schema.String,
      bytes: Schema.Number,
      files: Schema.Number,
      /** To make it all again. */
      seconds: Schema.Number,
      /** What `gc` would take, were it to take all that it may. */
      goes: Schema.Number
    })
  ),
  /** What stays whatever the size, and why. */
  spared: Schema.Array(Schema.Struct({ why: Schema.String, bytes: Schema.Number })),
  /** Bytes that lie there by the day on which they were written, the earliest first. */
  days: Schema.Array(Schema.Struct({ day: Schema.String, bytes: Schema.Number }))
})
export type Store = typeof Store.Type

/** A run's id is the name of its record's file, and leads nowhere else. */
const run = HttpApiSchema.param("run", Schema.String.pipe(Schema.pattern(/^[\w-]{1,64}$/)))

const project = HttpApiEndpoint.get("project", "/api/project").addSuccess(Project)
const runs = HttpApiEndpoint.get("runs", "/api/runs")
  .setUrlParams(Query)
  .addSuccess(RunList)
  .addError(Refused, { status: 400 })
/** A run in a line, what its report says as HTML, and what its nodes made. */
const one = HttpApiEndpoint.get("one")`/api/runs/${run}`
  .addSuccess(Schema.Struct({ row: RunRow, report: Schema.String, artifacts: Schema.Array(ArtifactLine) }))
  .addError(NoSuchRun, { status: 404 })
/** What differs between runs, which are named with commas between them, as HTML. */
const compare = HttpApiEndpoint.get("compare", "/api/compare")
  .setUrlParams(Schema.Struct({ runs: Schema.String }))
  .addSuccess(Schema.Struct({ comparison: Schema.String }))
  .addError(Refused, { status: 400 })
/** By an address as commands take it: `RUN/NODE.OUTPUT`, or a digest. */
const artifact = HttpApiEndpoint.get("artifact", "/api/artifact")
  .setUrlParams(Schema.Struct({ address: Schema.String }))
  .addSuccess(Artifact)
  .addError(Refused, { status: 400 })
const store = HttpApiEndpoint.get("store", "/api/store").addSuccess(Store).addError(Refused, { status: 400 })
const mark = HttpApiEndpoint.put("mark")`/api/runs/${run}/marks`
  .setPayload(Marks)
  .addSuccess(RunRow)
  .addError(NoSuchRun, { status: 404 })
  .addError(Refused, { status: 400 })
/** Takes a run's record away, and what was said of it; what it computed is `gc`'s. */
const remove = HttpApiEndpoint.del("remove")`/api/runs/${run}`
  .addError(NoSuchRun, { status: 404 })
  .addError(Refused, { status: 400 })
/** Messages as they come, as server-sent events. */
const live = HttpApiEndpoint.get("live", "/api/live").addSuccess(
  Schema.String.pipe(HttpApiSchema.withEncoding({ kind: "Text", contentType: "text/event-stream" }))
)

export class Group extends HttpApiGroup.make("ui")
  .add(project)
  .add(runs)
  .add(one)
  .add(compare)
  .add(artifact)
  .add(store)
  .add(mark)
  .add(remove)
  .add(live) {}

export class Api extends HttpApi.make("headrace").add(Group) {}
