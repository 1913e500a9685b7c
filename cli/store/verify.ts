import { Clock, Effect } from "effect"
import { exitCode, type Finding, nodesOf, secondsOf } from "../../cache/verify/Finding.ts"
import type { Recorded } from "../../cache/verify/Recorded.ts"
import * as Repair from "../../cache/verify/Repair.ts"
import * as Sample from "../../cache/verify/Sample.ts"
import * as Verify from "../../cache/verify/Verify.ts"
import { Place } from "../../project/Place.ts"
import { runOrNewest } from "../address/run-address.ts"
import { type Command, type Flag, type Given, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"
import * as Running from "../terminal/Running.ts"
import { recordedIn, recordedWhole } from "./recorded.ts"
import { verifyShared } from "./verify-shared.ts"
import { besidesText, checkedText, findingText, repairText, sumText } from "./verify-text.ts"

const repairing: Flag = {
  name: "--repair",
  description: "Put aside what is damaged, so that the next run computes it again; fetch it where a shared store has it"
}

const sharing: Flag = {
  name: "--shared",
  description: "Verify the shared store instead, by what it lists: traces by their signatures, objects by their lengths"
}

const hashing: Flag = {
  name: "--hash",
  description: "With --shared: fetch the objects and hash them, or those of the sample"
}

const sample: Option = {
  name: "--sample",
  value: "I/N",
  description: "The I-th of N equal parts of the objects: one each night, and N nights verify all",
  expected: "a part and how many there are, such as 1/7",
  example: "1/7"
}

const sampleOf = (given: Given): Effect.Effect<Sample.Sample | null, UsageInvalid> => {
  const text = textGiven(given, sample)
  if (text === null) return Effect.succeed(null)
  const found = Sample.parse(text)
  return found === null
    ? new UsageInvalid({
        what: `${sample.name} is ${JSON.stringify(text)}`,
        expected: sample.expected,
        fix: `Try ${sample.name} ${sample.example}.`
      })
    : Effect.succeed(found)
}

/** A finding, and what became of it; null where nothing was to be mended. */
interface Settled {
  readonly finding: Finding
  readonly repair: Repair.Repair | null
}

/** Whether a fault is there no longer. */
const isMended = ({ repair }: Settled): boolean =>
  repair !== null && ["Quarantined", "Fetched", "Gone"].includes(repair._tag)

const nodeDocument = ({ pipeline, node, stage, key, share }: Finding["makers"][number]) => ({
  pipeline,
  node,
  stage,
  key,
  seconds: share
})

const settledDocument = ({ finding: { fault, what, name, file, bytes, found, makers }, repair }: Settled) => ({
  fault,
  what,
  name,
  file,
  bytes,
  found,
  nodes: makers.map(nodeDocument),
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
    const running = Running.make(reporter.terminal)
    return {
      found: (finding: Finding) =>
        Effect.suspend(() => {
          found.push(finding)
          return reporter.note(findingText(home, finding))
        }),
      progress: ({ done, total }: Verify.Progress) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          running.progressed("verifying", { done, total, unit: "bytes", reused: 0, note: null }, now)
          if (!running.isDue(now)) return
          const [line = ""] = running.lines()
          yield* reporter.terminal ? reporter.status(line) : reporter.note(line)
        })
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

const verifyHere = (alone: Recorded | null, part: Sample.Sample | null, isRepairing: boolean) =>
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
    for (const line of besidesText(home, report)) yield* reporter.print(line)
    if (findings.length === 0) yield* reporter.print("all is as it was written")
    else {
      yield* reporter.print(`wrong: ${sumText(findings)}`)
      if (!isRepairing) yield* reporter.print("to mend it: pipeline verify --repair")
      else if (left.length > 0) yield* reporter.print(`left: ${sumText(left)}`)
    }
    yield* reporter.document(documentOf(left.length === 0 ? "done" : "failed", settled, report))
    return exitCode(left)
  })

/** Verifies the store, or what a run made of it. */
export const verify = <S>({ pipelines }: Project<S>): Command<S> =>
  plain<S>({
    name: "verify",
    description: "Verify what is stored, byte by byte, and mend it",
    args: [
      {
        name: "RUN",
        description: "A run's id, or a pipeline's name for its newest run: what it made alone",
        isOptional: true
      }
    ],
    flags: [repairing, sharing, hashing],
    options: [sample],
    run: (given) =>
      Effect.gen(function* () {
        const [what] = given.args
        const part = yield* sampleOf(given)
        const [isShared, isHashing] = [given.flags.has(sharing), given.flags.has(hashing)]
        const lonely = !isShared && isHashing ? hashing.name : isShared && what !== undefined ? what : null
        if (lonely !== null)
          return yield* new UsageInvalid({
            what: isShared ? `${lonely} says nothing of a shared store` : `${lonely} is of a shared store`,
            expected: "--shared with --hash, --sample and --repair, or a run without it",
            fix: `Leave ${lonely} out.`
          })
        if (isShared) return yield* verifyShared({ isHashing, sample: part, isRepairing: given.flags.has(repairing) })
        const alone =
          what === undefined
            ? null
            : recordedWhole(
                yield* runOrNewest(
                  pipelines.map(({ name }) => name),
                  what
                )
              )
        return yield* verifyHere(alone, part, given.flags.has(repairing))
      })
  })
