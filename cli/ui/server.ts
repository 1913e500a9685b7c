import { createServer } from "node:http"
import * as path from "node:path"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Either, Layer, Schedule, Schema, Stream } from "effect"
import { Release } from "../../cache/Release.ts"
import { RunRecords } from "../../engine/RunRecord.ts"
import { Place } from "../../project/Place.ts"
import { Api, Message, NoSuchRun, Refused } from "../../ui/Api.ts"
import type { Project } from "../command/Command.ts"
import { PageFiles } from "../command/PageFiles.ts"
import { comparisonOf } from "../comparison/Comparison.ts"
import { choose } from "../comparison/choose.ts"
import { comparisonSections } from "../comparison/comparison-page.ts"
import { gather } from "../report/gather.ts"
import { runSections } from "../report/run-page.ts"
import { artifactAt, artifactsOf } from "./artifact.ts"
import { type Door, guarded } from "./guard.ts"
import { fileOf, index } from "./page.ts"
import type { RunIndex } from "./RunIndex.ts"
import { noSuchRun, partsOf } from "./refusals.ts"
import { storeNow } from "./store.ts"
import { messages } from "./watching.ts"

// The server of the page: it reads the store, and writes to it what a person says of a run.

const encode = Schema.encodeSync(Schema.parseJson(Message))
const lineOf = (message: Message): string => `data: ${encode(message)}\n\n`
/** A connection on which nothing was said for so long may be closed by what lies between. */
const STILL = "15 seconds"

/** Why something cannot be done, as the page is told of it. */
const refused = (error: unknown) => new Refused(partsOf(error))

const api = <S>(project: Project<S>, known: RunIndex) =>
  HttpApiBuilder.group(Api, "ui", (handlers) =>
    handlers
      .handle("project", () =>
        Effect.gen(function* () {
          const { root, home } = yield* Place
          const pipelines = project.pipelines.map(({ name, description }) => ({ name, description }))
          return { name: path.basename(root), home, version: (yield* Release).version, pipelines }
        })
      )
      .handle("runs", ({ urlParams }) => Effect.zipRight(known.look, known.list(urlParams)))
      .handle("one", ({ path: { run } }) =>
        Effect.gen(function* () {
          const records = yield* RunRecords
          const found = yield* Effect.either(records.get(run))
          if (Either.isLeft(found)) return yield* new NoSuchRun(partsOf(found.left))
          if (found.right === null) return yield* noSuchRun(run)
          const report = yield* gather(project.pipelines, found.right)
          return { row: yield* known.get(run), report: runSections(report), artifacts: yield* artifactsOf(found.right) }
        })
      )
      .handle("compare", ({ urlParams: { runs } }) =>
        Effect.gen(function* () {
          const names = project.pipelines.map(({ name }) => name)
          const rows = yield* choose(names, runs.split(","), null)
          return { comparison: comparisonSections(yield* comparisonOf(project.pipelines, rows)) }
        }).pipe(Effect.catchAll(refused))
      )
      .handle("artifact", ({ urlParams: { address } }) =>
        Effect.mapError(artifactAt(project.pipelines, address), refused)
      )
      .handle("store", () => Effect.mapError(storeNow, refused))
      .handle("mark", ({ path: { run }, payload }) => Effect.catchTag(known.mark(run, payload), "StoreFailed", refused))
      .handle("remove", ({ path: { run } }) => Effect.catchTag(known.remove(run), "StoreFailed", refused))
      .handleRaw("live", () =>
        Effect.gen(function* () {
          const { home } = yield* Place
          const told = Stream.map(messages(home, project.pipelines, known), lineOf)
          const still = Stream.map(Stream.fromSchedule(Schedule.spaced(STILL)), () => ": still here\n\n")
          const context = yield* Effect.context<Stream.Stream.Context<typeof told>>()
          // a browser shows nothing of what came until it knows that something did
          const all = Stream.concat(Stream.make(": hello\n\n"), Stream.merge(told, still))
          return HttpServerResponse.stream(Stream.encodeText(Stream.provideContext(all, context)), {
            contentType: "text/event-stream"
          })
        })
      )
  )

/** Files of the page, and the page itself under every other address of it. */
const pages = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function* () {
    const { root } = yield* Place
    const files = yield* Effect.cached(yield* PageFiles)
    const answer = Effect.gen(function* () {
      const { url } = yield* HttpServerRequest.HttpServerRequest
      const [asked = ""] = url.split("?")
      const name = asked.slice(1)
      if (!name.includes("."))
        return HttpServerResponse.text(index(path.basename(root)), { contentType: "text/html; charset=utf-8" })
      return fileOf(yield* files, name) ?? HttpServerResponse.text("There is no such file.\n", { status: 404 })
    })
    yield* router.get("/*", answer)
  })
)

/** Serves the page at an address, to whom the door lets in, until it is interrupted. */
export const serving = <S>(
  project: Project<S>,
  known: RunIndex,
  door: Door,
  { host, port }: { readonly host: string; readonly port: number }
) =>
  HttpApiBuilder.serve(guarded(door)).pipe(
    Layer.provide(pages),
    Layer.provide(HttpApiBuilder.api(Api).pipe(Layer.provide(api(project, known)))),
    Layer.provide(NodeHttpServer.layer(createServer, { host, port }))
  )
