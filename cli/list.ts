import { Effect } from "effect"
import { TraceStore } from "../cache/Trace.ts"
import { encode } from "../engine/Param.ts"
import * as Pipeline from "../engine/Pipeline.ts"
import { Place } from "./Place.ts"
import { optionName } from "./param-options.ts"
import { Reporter } from "./Reporter.ts"
import { runsAndSweeps } from "./run-address.ts"
import { formatBytes, formatCount, formatSeconds, table } from "./table-text.ts"

const RUNS_SHOWN = 5

/** The pipelines with their parameters, the last runs, and what is kept of each stage. */
export const list = (pipelines: ReadonlyArray<Pipeline.AnyPipeline>) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const traces = yield* TraceStore
    const { home } = yield* Place
    const runs = yield* runsAndSweeps(RUNS_SHOWN)
    const stages = yield* traces.stages
    const kept = yield* Effect.forEach(stages, (stage) =>
      Effect.map(traces.ofStage(stage), (found) => {
        const parts = new Map(
          found
            .flatMap(({ outputs }) => Object.values(outputs))
            .flatMap(({ parts }) => parts)
            .map((part) => [part.object, part.bytes])
        )
        return {
          stage,
          results: found.length,
          bytes: [...parts.values()].reduce((sum, bytes) => sum + bytes, 0),
          newest: found[0]?.finished ?? null
        }
      })
    )
    for (const pipeline of pipelines) {
      yield* reporter.print(`${pipeline.name}: ${pipeline.description}`)
      const rows = Object.entries(pipeline.params).map(([name, param]) => [
        `  --${optionName(name)}`,
        String(JSON.stringify(param.default)),
        param.description
      ])
      yield* reporter.print(table([{ header: "  parameter" }, { header: "default" }, { header: "what it is" }], rows))
    }
    if (runs.length > 0) {
      const rows = runs
        .slice(0, RUNS_SHOWN)
        .map((run) => [
          run.run,
          run.sweep === undefined ? run.pipeline : `${run.pipeline}, ${formatCount(run.sweep.points.length)} points`,
          run.status,
          formatSeconds(run.seconds),
          `${run.nodes.filter(({ status }) => status === "ran").length} of ${run.nodes.length}`
        ])
      yield* reporter.print(
        `\n${table([{ header: "run" }, { header: "pipeline" }, { header: "status" }, { header: "time", align: "right" }, { header: "nodes ran", align: "right" }], rows)}`
      )
    }
    if (kept.length > 0) {
      const rows = kept.map(({ stage, results, bytes, newest }) => [
        stage,
        formatCount(results),
        formatBytes(bytes),
        newest ?? ""
      ])
      yield* reporter.print(
        `\ncached in ${home}\n${table([{ header: "stage" }, { header: "results", align: "right" }, { header: "size", align: "right" }, { header: "newest" }], rows)}`
      )
    }
    yield* reporter.document({
      schema: 1,
      status: "done",
      pipelines: pipelines.map(({ name, description, params }) => ({
        name,
        description,
        params: Object.entries(encode(params, Pipeline.defaults(params))).map(([param, value]) => ({
          name: param,
          option: `--${optionName(param)}`,
          default: value,
          description: params[param]?.description
        }))
      })),
      runs: runs.map(({ run, pipeline, status, started, seconds, params, sweep }) => ({
        run,
        pipeline,
        status,
        started,
        seconds,
        params,
        points: sweep === undefined ? null : sweep.points.length
      })),
      cache: { home, stages: kept }
    })
    return 0
  })
