import { Either, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as CanonicalJson from "../artifacts/CanonicalJson.ts"
import * as Digest from "../artifacts/Digest.ts"
import { type Input, isRecipe, KeyText, type Recipe } from "../cache/Key.ts"
import * as Reason from "../cache/Reason.ts"
import type { Task } from "../engine/Executor.ts"
import type { Share } from "../engine/Node.ts"
import { ComputeNode } from "../engine/WorkerProtocol.ts"

/**
 * What a node needs of the machine that computes it: the same code, the same facts and the same environment, for itself and for what is
 * streamed into it, since its key has all of them. Nodes that differ only in parameters and in what they are made of need the same.
 */
export interface Need {
  /** A digest of all that, by which machines speak of it. */
  readonly id: string
  /** How much of a machine it takes: a machine takes no task that it has no room for. */
  readonly share: Share
  /** The key's text of one node that needs it: whoever can't compute that says in which parts its own differs. */
  readonly text: KeyText
}

type Counted = Pick<Recipe, "stage" | "code" | "facts" | "environment" | "inputs">

const ofInput = (input: Input): ReadonlyArray<unknown> => {
  if (isRecipe(input)) return [ofParts(input)]
  return typeof input === "string" ? [] : (input as ReadonlyArray<Input>).flatMap(ofInput)
}

const ofParts = ({ stage, code, facts, environment, inputs }: Counted): unknown => ({
  stage,
  code: code.digest,
  facts,
  environment: environment ?? null,
  inputs: Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, ofInput(input)]))
})

/** What a task needs. */
export const of = ({ text, entry: { node } }: Pick<Task, "text" | "entry">): Need => {
  const share = node.definition.share(node.params)
  const parts = { format: text.format, outputs: text.outputs, share, ...(ofParts(text) as object) }
  // a text that has a key has an exact form
  const json = Either.getOrThrow(CanonicalJson.encode(parts, `what ${text.stage} needs`))
  return { id: Digest.ofBytes(json), share, text }
}

/** How a need is told to machines elsewhere: with one of the tasks that have it, of which each computes the key itself. */
export const Told = Schema.Struct({
  request: ComputeNode,
  share: Schema.Literal("core", "half", "machine"),
  text: KeyText
})
export type Told = typeof Told.Type

const json = BoundedJson.schema(Told)
export const decode = Schema.decodeEither(json)
export const encode = Schema.encodeSync(json)

const value = (one: unknown): string => (one === undefined ? "absent" : JSON.stringify(one))

/** In which part a machine computes otherwise: a clause about that machine. */
const lack = (reason: Reason.Reason): string => {
  switch (reason._tag) {
    case "CodeChanged":
      return reason.files.length === 0
        ? "its imports lead elsewhere"
        : `it has other code in ${reason.files.join(", ")}`
    case "PackageChanged":
      return `it has ${reason.name} ${reason.after ?? "not at all"} where ${reason.before ?? "none"} is needed`
    case "FactChanged":
      return `its ${reason.name} is ${value(reason.after)} where ${value(reason.before)} is needed`
    case "EnvironmentChanged":
      return `its environment variable ${reason.name} is another`
    default:
      return `there ${Reason.render(reason)}`
  }
}

/** What a machine whose key has this text lacks of what is needed; nothing where it computes the same. */
export const lacks = (needed: KeyText, own: KeyText): ReadonlyArray<string> => {
  const labels = { before: {}, after: {} }
  return Reason.differences(needed, own, labels).map(lack)
}
