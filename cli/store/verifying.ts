import { Clock, Effect } from "effect"
import { exitCode, type Finding, nodesOf, secondsOf } from "../../cache/verify/Finding.ts"
import type { Recorded } from "../../cache/verify/Recorded.ts"
import * as Repair from "../../cache/verify/Repair.ts"
import type * as Sample from "../../cache/verify/Sample.ts"
import * as Verify from "../../cache/verify/Verify.ts"
import { Place } from "../../project/Place.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { progressing } from "./progressing.ts"
import { recordedIn } from "./recorded.ts"
import { besidesText, checkedText, findingText, repairText, sumText } from "./verify-text.ts"

/** A finding, and what became of it; null where nothing was to be mended. */
interface Settled {
  readonly finding: Finding
  readonly repair: Repair.Repair | null
}

/** Whether a fault is there no longer. */
const isMended = ({ repair }: Settled): boolean =>
  repair !== null && ["Quarantined", "Fetched", "Rewritten", "Gone"].includes(repair._tag)

const nodeDocument = ({ pipeline, node, stage, key, share }: Finding["makers"][number]) => ({
  pipeline,
  node,
  stage,
  key,
  seconds: share
})

const settledDocument = ({ finding: { fault, what, name, file, bytes, found, makers, loss }, repair }: Settled) => ({
  fault,
  what,
  name,
  file,
  bytes,
  found,
  nodes: makers.map(nodeDocument),
  loss: loss ?? null,
  repair
})

const documentOf = (status: string, settled: ReadonlyArray<Settled>, report: Verify.Report | null) => {
  const nodes = nodesOf(settled.map(({ finding }) => finding))
  return {
    schema: 1,
    status,
    checked: report?.checked ?? null,
    findings: settled.map(settledDocument),
    cost: { seconds: secondsOf(nodes), nodes: nodes.map(nodeDocument) },
    notKept:
      report === null
        ? null
        : {
            objects: report.notKept.objects,
            bytes: report.notKept.bytes,
            seconds: secondsOf(nodesOf([report.notKept]))
          },
    quarantine: report?.quarantine ?? null
  }
}

/** Tells of what is found, and how far it is, while a store is verified. */
const listening = (home: string, found: Array<Finding>) =>
  Effect.map(Reporter, (reporter) => {
    const progressed = progressing(reporter)
    return {
      found: (finding: Finding) =>
        Effect.suspend(() => {
          found.push(finding)
          return reporter.note(findingText(home, finding))
        }),
      progress: ({ done, total }: Verify.Progress) => progressed(done, total, "bytes")
    }
  })

/** Mends what was found, one after the other. */
const mend = (home: string, findings: ReadonlyArray<Finding>) =>
  Effect.gen(function* () {
    const { note } = yield* Reporter
    const folder = yield* Repair.folderFor(home)
    return yield* Effect.forEach(findings, (finding) =>
      Effect.gen(function* () {
        // what can't be moved keeps nobody from mending the rest
        const repair = yield* Effect.catchAll(Repair.repair(home, folder, finding), ({ message }) =>
          Effect.succeed<Repair.Repair>({ _tag: "Left", why: message })
        )
        yield* note(repairText(home, finding, repair))
        return { finding, repair } satisfies Settled
      })
    )
  })

/** Verifies this machine's store, or what a run made of it, and mends it where that is asked for. */
export const verifyHere = (alone: Recorded | null, part: Sample.Sample | null, isRepairing: boolean) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const { home } = yield* Place
    const began = yield* Clock.currentTimeMillis
    const found: Array<Finding> = []
    const listener = yield* listening(home, found)
    const report = yield* Verify.verify({ home, sample: part, alone, recordIn: recordedIn }).pipe(
      Effect.provideService(Verify.Listener, listener),
      Effect.onInterrupt(() =>
        Effect.zipRight(
          reporter.note(`interrupted; until then: ${found.length === 0 ? "nothing was wrong" : sumText(found)}`),
          reporter.document(
            documentOf(
              "interrupted",
              found.map((finding) => ({ finding, repair: null })),
              null
            )
          )
        )
      )
    )
    yield* reporter.status("")
    const { findings } = report
    const settled: ReadonlyArray<Settled> = isRepairing
      ? yield* mend(home, findings)
      : findings.map((finding) => ({ finding, repair: null }))
    const left = settled.filter((one) => !isMended(one)).map(({ finding }) => finding)
    const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
    yield* reporter.print(checkedText(report.checked, seconds))
    for (const line of besidesText(report)) yield* reporter.print(line)
    if (findings.length === 0) yield* reporter.print("all is as it was written")
    else {
      yield* reporter.print(`wrong: ${sumText(findings)}`)
      if (!isRepairing) yield* reporter.print("to mend it: pipeline verify --repair")
      else if (left.length > 0) yield* reporter.print(`left: ${sumText(left)}`)
    }
    yield* reporter.document(documentOf(left.length === 0 ? "done" : "failed", settled, report))
    return exitCode(left)
  })
