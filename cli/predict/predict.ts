import * as fs from "node:fs/promises"
import { availableParallelism } from "node:os"
import * as path from "node:path"
import { Effect, Either } from "effect"
import { type Explained, explain } from "../../artifacts/Explained.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import { type RunEvent, RunEvents } from "../../engine/RunEvent.ts"
import { firstErrorOf, type RunRecord } from "../../engine/RunRecord.ts"
import { formatCounted, formatSeconds } from "../../kinds/format.ts"
import { ofStored } from "../../kinds/Kinds.ts"
import { Place } from "../../project/Place.ts"
import * as Address from "../address/artifact-address.ts"
import { addressed, askedOf } from "../address/given-run.ts"
import { type Command, type Flag, numberGiven, type Option, type Project, plain } from "../command/Command.ts"
import { sentence, toldOf } from "../command/option-text.ts"
import * as Usage from "../command/Usage.ts"
import { carryOut } from "../run/carry-out.ts"
import { aboutRecord, countOf, nothingToDo } from "../run/record-text.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { shortPath } from "../terminal/short-path.ts"
import * as Predictions from "./predictions.ts"

// A pipeline that can be asked has a use `predict`, with a parameter `files` of its own and a result `predictions`. What the files are,
// and how they come to be what a model takes, is the use's.

const USE = "predict"
const RESULT = "predictions"

const csv: Flag = {
  name: "--csv",
  description: "Print CSV: a line for each of the likeliest classes of a file"
}

const top: Option = {
  name: "--top",
  value: "N",
  description: "How many of the likeliest classes are told of each file; 3 by default",
  expected: "a whole number from 1",
  example: "5",
  isWhole: true
}
const TOP = 3

/** What lies at a path, or why nothing can be read there. */
const isFolder = (given: string, at: string): Effect.Effect<boolean, Usage.UsageInvalid> =>
  Effect.tryPromise({
    try: async () => (await fs.stat(at)).isDirectory(),
    catch: () => Usage.invalid(`Nothing can be read at ${given}`, "a file, or a folder of files", "Check the path.")
  })

/** What a use is asked about, and the table in which it answers. */
const answersOf = (use: Pipeline.Use, values: Readonly<Record<string, unknown>>) => {
  const graph = Pipeline.graph(use, values)
  const { node = "", output = "" } = graph.results[RESULT] ?? {}
  const table = Predictions.tableOf(
    graph.stages.find(({ name }) => name === node),
    output
  )
  return table === null
    ? Usage.invalid(
        `${use.name} has no result "${RESULT}" with the columns given, file and probability`,
        "a table of int32, utf8 and float32 [classes]",
        `Correct the use in pipelines/${use.name.split(".")[0]}.ts.`
      )
    : Effect.succeed({ table, node })
}

/** What each of a thousand files is called says nothing that the answer does not. */
const withoutSources =
  (publish: (event: RunEvent) => Effect.Effect<void>) =>
  (event: RunEvent): Effect.Effect<void> =>
    event._tag === "SourceResolved" && event.notice === null ? Effect.void : publish(event)

/** The files that people open of a run's results. */
const picturesOf = (record: RunRecord) =>
  Effect.gen(function* () {
    const { results } = yield* Place
    const found = yield* Effect.forEach(Object.entries(record.results), ([name, { stored }]) =>
      Effect.map(ofStored(stored), (kind) => (kind.isPicture(stored) ? kind.files(name, stored) : []))
    )
    const files = record.until === undefined ? found.flat().map(({ file }) => file) : []
    return files.filter((file) => file.endsWith(".png")).map((file) => path.join(results, record.pipeline, file))
  })

const whatRan = (record: RunRecord): string => {
  const count = countOf(record)
  if (count("ran") === 0) return nothingToDo(true)
  return `${count("ran")} ran, ${count("reused")} cached`
}

interface Told {
  readonly predictions: ReadonlyArray<Predictions.Prediction>
  readonly pictures: ReadonlyArray<string>
  /** Why the answer cannot be read; null where it can be, or there is none. */
  readonly unread: Explained | null
}

/** Which artifact of which run was asked. */
interface Subject {
  readonly found: Address.Found
  readonly run: string
}

const documentOf = (record: RunRecord, { found, run }: Subject, { predictions, pictures, unread }: Told) => {
  const error = unread ?? firstErrorOf(record)
  return {
    ...aboutRecord(record),
    ...(unread === null ? {} : { status: "failed" }),
    of: { run, node: found.node, output: found.output, content: found.stored.content },
    nodes: record.nodes.map(({ node, status, chunks }) => ({ node, status, chunks })),
    predictions,
    pictures,
    ...(error === null ? {} : { error: toldOf(error) })
  }
}

/** What a run says of itself is on the screen already; here is the answer. */
const tellPeople = (
  record: RunRecord,
  { found, run }: Subject,
  { predictions, pictures, unread, isCsv }: Told & { readonly isCsv: boolean }
) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const error = unread ?? record.error
    if (error !== null) return yield* reporter.note(`error: ${sentence(error)}`)
    if (record.status !== "done") return
    yield* reporter.print(isCsv ? Predictions.csvText(predictions) : Predictions.tableText(predictions))
    const say = isCsv ? reporter.note : reporter.print
    yield* Effect.forEach(pictures, (file) => say(`contact sheet: ${shortPath(file)}`), { discard: true })
    const model = `${found.node}.${found.output} of run ${run}`
    yield* say(
      `${formatCounted(predictions.length, "file")} by ${model} in ${formatSeconds(record.seconds)}: ${whatRan(record)}`
    )
  })

/** Says what a model thinks of files. */
export const predict = <S>(project: Project<S>): Command<S> =>
  plain<S>({
    name: "predict",
    description: "Ask the model of a run what files show, such as photos",
    args: [
      Address.argument,
      {
        name: "FILE",
        description: "Files, and folders of files, which are taken in the order of their names",
        isRepeated: true
      }
    ],
    options: [top],
    flags: [csv],
    computes: true,
    run: (given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const [what = "", ...files] = given.args
        const isCsv = given.flags.has(csv)
        const most = numberGiven(given, top) ?? TOP
        if (most < 1) return yield* Usage.invalid(`--top is ${most}`, top.expected, `Try --top ${TOP}.`)
        if (isCsv && reporter.json)
          return yield* Usage.invalid("--csv and --json are given", "one of them", "Leave the other out.")
        const { workingDirectory } = yield* Place
        const paths = files.map((file) => path.resolve(workingDirectory, file))
        const folders = yield* Effect.forEach(paths, (at, index) => isFolder(files[index] ?? at, at))
        const { publish } = yield* RunEvents
        const quiet = { publish: withoutSources(publish) }
        const asked = yield* askedOf(project, yield* addressed(project, what), USE, { files: paths }).pipe(
          Effect.provideService(RunEvents, quiet)
        )
        const { use, values, given: taken } = asked
        const { table, node } = yield* answersOf(use, values)
        // what is drawn of them is for folders: nobody looks for a photo's picture beside the photo
        const until = folders.includes(true) ? null : new Set([node])
        let isTold = true
        const tell = (record: RunRecord) =>
          Effect.gen(function* () {
            const stored = record.status === "done" ? record.results[RESULT]?.stored : undefined
            const read = stored === undefined ? Effect.succeed([]) : Predictions.read(table, stored, files, most)
            const found = yield* Effect.either(read)
            isTold = Either.isRight(found)
            const unread = Either.isLeft(found) ? explain(found.left) : null
            const predictions = Either.getOrElse(found, () => [])
            const pictures = isTold ? yield* picturesOf(record) : []
            yield* reporter.json
              ? reporter.document(documentOf(record, asked, { predictions, pictures, unread }))
              : tellPeople(record, asked, { predictions, pictures, unread, isCsv })
          })
        const code = yield* carryOut(
          Run.run(use, values, { cores: availableParallelism(), given: taken }, new Set(), until),
          { ...quiet, tell }
        )
        return isTold ? code : 1
      })
  })
