import { Context, Effect, Either, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import type { NotEncodable } from "../artifacts/CanonicalJson.ts"
import { Code, type Input, isRecipe, type Key, type KeyText, ofText, type Recipe } from "./Key.ts"

/** Code of a stage in place of which earlier code stands. */
const Change = Schema.Struct({ stage: Schema.String, before: Code, after: Code })
export type Change = typeof Change.Type

/**
 * Somebody's word that a change of code alters no result of a stage: what is kept under the code before serves under the code after it,
 * while all else of the key is equal. It is a word and no proof, so that it is told wherever such a result is used.
 */
export const Acceptance = Schema.Struct({
  schema: Schema.Literal(1),
  /** Some digits, by which it is revoked. */
  id: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{12}$/)),
  /** Whose results serve. The code that changed is its own, or that of stages that are streamed to it. */
  stage: Schema.String,
  changes: Schema.NonEmptyArray(Change),
  because: Schema.NonEmptyString.pipe(Schema.maxLength(500)),
  /** Who accepted it, for people. */
  by: Schema.String,
  /** ISO 8601, UTC. */
  accepted: Schema.String,
  /** The public key of whoever accepted it, and its signature over the rest; null where they have no key. */
  signed: Schema.NullOr(Schema.Struct({ key: Schema.String, signature: Schema.String }))
})
export type Acceptance = typeof Acceptance.Type

/** As text: one acceptance has one. */
export const json = BoundedJson.schema(Acceptance)

/** The acceptances that hold, the newest first, as they are when somebody first asks. */
export class Acceptances extends Context.Reference<Acceptances>()("headrace/Acceptances", {
  defaultValue: (): { readonly all: Effect.Effect<ReadonlyArray<Acceptance>> } => ({ all: Effect.succeed([]) })
}) {}

export const newestFirst = (acceptances: ReadonlyArray<Acceptance>): ReadonlyArray<Acceptance> =>
  [...acceptances].sort((a, b) => (a.accepted < b.accepted ? 1 : a.accepted > b.accepted ? -1 : 0))

/** Those of this machine and of others, each once, the newest first. */
export const joined = (
  own: ReadonlyArray<Acceptance>,
  others: ReadonlyArray<Acceptance>
): ReadonlyArray<Acceptance> => {
  const ids = new Set(own.map(({ id }) => id))
  return newestFirst([...own, ...others.filter(({ id }) => !ids.has(id))])
}

type Part = Pick<Recipe, "stage" | "code" | "inputs">

/** The same with the code before; the same object where nothing of it changed. `met`: the changes that it has. */
const earlier = <P extends Part>(part: P, changes: ReadonlyArray<Change>, met: Set<Change>): P => {
  const change = changes.find(({ stage, after }) => stage === part.stage && after.digest === part.code.digest)
  if (change !== undefined) met.add(change)
  const inputs = Object.entries(part.inputs).map(([name, input]) => [name, earlierInput(input, changes, met)] as const)
  return { ...part, code: change?.before ?? part.code, inputs: Object.fromEntries(inputs) }
}
const earlierInput = (input: Input, changes: ReadonlyArray<Change>, met: Set<Change>): Input => {
  if (typeof input === "string") return input
  if (isRecipe(input)) return earlier(input, changes, met)
  return (input as ReadonlyArray<Input>).map((one) => earlierInput(one, changes, met))
}

/** The text before all changes of an acceptance, which were accepted together; null for one that has not all of them. */
const before = (text: KeyText, { stage, changes }: Acceptance): KeyText | null => {
  const met = new Set<Change>()
  const found = earlier(text, changes, met)
  return stage === text.stage && met.size === changes.length ? found : null
}

/** The code of the parts of two texts in which it differs, by stages: nothing is said of what else differs. */
export const changesBetween = (earlier: KeyText, later: KeyText): ReadonlyArray<Change> => {
  const changes = new Map<string, Change>()
  const walk = (one: Part, other: Part) => {
    if (one.code.digest !== other.code.digest)
      changes.set(`${other.stage} ${other.code.digest}`, { stage: other.stage, before: one.code, after: other.code })
    for (const [name, input] of Object.entries(other.inputs)) walkInput(one.inputs[name], input)
  }
  const walkInput = (one: Input | undefined, other: Input) => {
    if (isRecipe(one) && isRecipe(other)) walk(one, other)
    else if (Array.isArray(one) && Array.isArray(other))
      for (const [at, each] of other.entries()) walkInput(one[at], each)
  }
  walk(earlier, later)
  return [...changes.values()]
}

/** A key under which a result would serve, and the acceptances that make it do so, the newest code first. */
export interface Serving {
  readonly key: Key
  readonly by: ReadonlyArray<Acceptance>
}

/** So many changes of code are followed one after the other. */
const MOST_FOLLOWED = 32

/** The keys of earlier code that serve for a text by some acceptances of its stage, the nearest first. */
export const servingFor = (
  text: KeyText,
  acceptances: ReadonlyArray<Acceptance>
): Either.Either<ReadonlyArray<Serving>, NotEncodable> =>
  Either.gen(function* () {
    const found: Array<Serving> = []
    const seen = new Set<Key>([yield* ofText(text)])
    let reached: ReadonlyArray<{ readonly text: KeyText; readonly by: ReadonlyArray<Acceptance> }> = [{ text, by: [] }]
    for (let step = 0; step < MOST_FOLLOWED && reached.length > 0; step++) {
      const next: Array<(typeof reached)[number]> = []
      for (const { text: from, by } of reached)
        for (const acceptance of acceptances) {
          const earlier = before(from, acceptance)
          if (earlier === null) continue
          const key = yield* ofText(earlier)
          if (seen.has(key)) continue
          seen.add(key)
          const one = { text: earlier, by: [...by, acceptance] }
          found.push({ key, by: one.by })
          next.push(one)
        }
      reached = next
    }
    return found
  })
