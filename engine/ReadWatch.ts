import { Clock, Context, Effect, Random, Schema } from "effect"
import * as Explained from "../artifacts/Explained.ts"
import * as Files from "../artifacts/Files.ts"
import type * as Key from "../cache/Key.ts"
import { type Job, stagesOf, variablesOf } from "./Job.ts"
import * as NodeKey from "./NodeKey.ts"

/** A read of something that no key holds: with another value there, the same key would have another result. */
export class UndeclaredRead extends Explained.TaggedError<UndeclaredRead>()(
  "UndeclaredRead",
  {
    kind: Schema.Literal("variable", "environment", "file"),
    /** The variable's name, or the file's path; `process.env` where it is the whole environment. */
    name: Schema.String,
    /** The file of the program that reads it. */
    by: Schema.String,
    /** The stage whose file that is, else the one that is computed. */
    stage: Schema.String
  },
  ({ kind, name, by, stage }) => {
    switch (kind) {
      case "variable":
        return {
          what: `${by} reads the environment variable ${name}, which no key holds`,
          expected: `a variable that the stage ${stage} declares`,
          fix: `Add environment: ["${name}"] (or secrets) to its definition, or make it a parameter.`
        }
      case "environment":
        return {
          what: `${by} lists all variables of the environment, which no key holds`,
          expected: `those by name that the stage ${stage} declares`,
          fix: 'Read each that it needs by its name, and add it to environment: ["NAME"] (or secrets) of its definition.'
        }
      case "file":
        return {
          what: `${by} reads the file ${name}, which no key holds`,
          expected: `an input of the stage ${stage}, or a file that it wrote itself`,
          fix: "Have a source find it and take that as an input, or import it."
        }
    }
  }
) {}

/** What a node may read. */
export interface Declared {
  /** The names of its stage and of those that stream its inputs. */
  readonly stages: readonly [string, ...ReadonlyArray<string>]
  /** Variables of the environment. */
  readonly variables: ReadonlySet<string>
  /** The paths of its inputs' files and folders. */
  readonly inputs: ReadonlyArray<string>
  /** The files of the program that its code is made of. */
  readonly code: ReadonlySet<string>
}

/** What no two runs have in common, and no key could hold. */
export type Chance = "clock" | "chance"

/** That a stage asked for it, and which file of the program did. */
export interface Asked {
  readonly kind: Chance
  readonly by: string
}

export interface Watch {
  /** Fails where the node's code read something when it was loaded. */
  readonly begin: (declared: Declared) => Effect.Effect<void, UndeclaredRead>
  /** Fails with the first read that was refused since, also where the stage made nothing of that. */
  readonly check: Effect.Effect<void, UndeclaredRead>
  /** Hears that it is asked for by what Effect has, by the stage or by a service of it. */
  readonly asks: (kind: Chance) => Effect.Effect<void>
  /** What it asked for since, the first of each kind: that is no failure, as many a stage only measures its time. */
  readonly asked: Effect.Effect<ReadonlyArray<Asked>>
  readonly end: Effect.Effect<void>
}

const nobody: Watch = {
  begin: () => Effect.void,
  check: Effect.void,
  asks: () => Effect.void,
  asked: Effect.succeed([]),
  end: Effect.void
}

/** Whoever watches what nodes read while they are computed; nobody, in a process that does other things beside. */
export class ReadWatch extends Context.Reference<ReadWatch>()("headrace/ReadWatch", { defaultValue: () => nobody }) {}

/** Fails where the node that is computed read what it must not: asked before anything that it made is published. */
export const check: Effect.Effect<void, UndeclaredRead> = Effect.flatMap(ReadWatch, (watch) => watch.check)

const heardClock = (real: Clock.Clock, hear: Effect.Effect<void>): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  currentTimeMillis: Effect.zipRight(hear, real.currentTimeMillis),
  currentTimeNanos: Effect.zipRight(hear, real.currentTimeNanos),
  // by these Effect itself measures what it does
  unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis(),
  unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos(),
  sleep: (duration) => real.sleep(duration)
})

const heardRandom = (real: Random.Random, hear: Effect.Effect<void>): Random.Random => ({
  [Random.RandomTypeId]: Random.RandomTypeId,
  next: Effect.zipRight(hear, real.next),
  nextBoolean: Effect.zipRight(hear, real.nextBoolean),
  nextInt: Effect.zipRight(hear, real.nextInt),
  nextRange: (min, max) => Effect.zipRight(hear, real.nextRange(min, max)),
  nextIntBetween: (min, max) => Effect.zipRight(hear, real.nextIntBetween(min, max)),
  shuffle: (elements) => Effect.zipRight(hear, real.shuffle(elements))
})

/** An effect of a stage, whose clock and chance are heard; those that it seeds itself are its own. */
export const ofStage = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(ReadWatch, ({ asks }) =>
    Effect.clockWith((clock) =>
      Effect.flatMap(Effect.random, (random) =>
        effect.pipe(
          Effect.withClock(heardClock(clock, asks("clock"))),
          Effect.withRandom(heardRandom(random, asks("chance")))
        )
      )
    )
  )

const WORDS = { clock: "reads the clock", chance: "draws chance without a seed" } as const

/** What a node asked for, to be told wherever its result is; null where that was nothing. */
export const told: Effect.Effect<string | null> = Effect.gen(function* () {
  const { asked } = yield* ReadWatch
  const all = (yield* asked).map(({ kind, by }) => `${WORDS[kind]} in ${by}`)
  return all.length === 0 ? null : `it ${all.join(" and ")}, so that computed again it may come out otherwise`
})

const codeOf = ({ code, inputs }: Pick<Key.Recipe, "code" | "inputs">): ReadonlyArray<string> => {
  const below = (input: Key.Input): ReadonlyArray<string> => {
    if (typeof input === "string") return []
    return Array.isArray(input) ? input.flatMap(below) : codeOf(input as Key.Recipe)
  }
  return [...Object.keys(code.files), ...Object.values(inputs).flatMap(below)]
}

const declaredBy = (job: Job): Declared => ({
  stages: [job.entry.node.definition.name, ...stagesOf(job).map(({ name }) => name)],
  variables: variablesOf(job),
  inputs: NodeKey.needs(job.inputs).flatMap(({ kind, header }) =>
    kind === "files" && Schema.is(Files.Files)(header) ? [header.path] : []
  ),
  code: new Set(codeOf(job.text))
})

/** Computes a node with an eye on what it reads: a refused read is why it fails, whatever its stage makes of it. */
export const watched = <A, R>(job: Job, compute: Effect.Effect<A, unknown, R>): Effect.Effect<A, unknown, R> =>
  Effect.flatMap(ReadWatch, (watch) =>
    Effect.acquireUseRelease(
      watch.begin(declaredBy(job)),
      () =>
        compute.pipe(
          Effect.catchAllDefect((defect) => Effect.fail(defect)),
          Effect.catchAll((error) => Effect.zipRight(watch.check, Effect.fail(error))),
          Effect.zipLeft(watch.check)
        ),
      () => watch.end
    )
  )
