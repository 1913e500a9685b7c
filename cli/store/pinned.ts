import { Effect } from "effect"
import type * as Pins from "../../cache/Pins.ts"
import { kindOf, type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import * as Address from "../address/artifact-address.ts"
import { begins, runOrNewest } from "../address/run-address.ts"
import type { Project } from "../command/Command.ts"

/** What somebody means to pin. */
export interface Meant {
  readonly subject: Pins.Subject
  readonly label: string
  readonly keys: ReadonlyArray<string>
}

const ofRun = ({ run, pipeline, nodes, ...record }: RunRecord): Meant => ({
  subject: { _tag: "Run", run },
  label: `${kindOf(record)} ${run} of ${pipeline}`,
  keys: [...new Set(nodes.flatMap(({ key }) => key ?? []))]
})

const DIGEST_PREFIX = /^[0-9a-f]{4,64}$/

/** A run or sweep by its id or pipeline, or one result as `inspect` finds it. */
export const pinned = <S>({ pipelines }: Pick<Project<S>, "pipelines">, asked: string) =>
  Effect.gen(function* () {
    const names = pipelines.map(({ name }) => name)
    const ids = yield* Effect.flatMap(RunRecords, (records) => records.ids)
    const isRun = names.includes(asked) || ids.some(begins(asked))
    if (isRun || !(asked.includes("/") || DIGEST_PREFIX.test(asked))) return ofRun(yield* runOrNewest(names, asked))
    const { pipeline, node, trace } = yield* Address.resolve(asked, names)
    return {
      subject: { _tag: "Key", key: trace.key },
      label: `${node} of ${pipeline}`,
      keys: [trace.key]
    } satisfies Meant
  })
