import { Either, Schema } from "effect"
import * as CanonicalJson from "../artifacts/CanonicalJson.ts"
import * as Digest from "../artifacts/Digest.ts"
import { type Code, type Input, isRecipe, type KeyText, OPEN, type Recipe } from "./Key.ts"

/** One cause each why a node runs. `via` names the streamed stage it came through, null for the node's own. */
const via = Schema.NullOr(Schema.String)
/** What was one value and is another. */
const change = { name: Schema.String, before: Schema.Unknown, after: Schema.Unknown, via }

export const NeverRan = Schema.TaggedStruct("NeverRan", { stage: Schema.String })
export const TraceLost = Schema.TaggedStruct("TraceLost", { what: Schema.String })
/** A store that may have the result does not answer: what else is said of the node is said of this machine alone. */
export const Unanswered = Schema.TaggedStruct("Unanswered", { what: Schema.String })
export const ParamChanged = Schema.TaggedStruct("ParamChanged", change)
export const InputChanged = Schema.TaggedStruct("InputChanged", {
  name: Schema.String,
  before: Schema.String,
  after: Schema.String,
  via
})
/** `files` is empty where the same files are imported by others than before. */
export const CodeChanged = Schema.TaggedStruct("CodeChanged", { files: Schema.Array(Schema.String), via })
export const PackageChanged = Schema.TaggedStruct("PackageChanged", {
  name: Schema.String,
  before: Schema.NullOr(Schema.String),
  after: Schema.NullOr(Schema.String),
  via
})
export const FactChanged = Schema.TaggedStruct("FactChanged", change)
/** A value is text, null where the variable was not set, or an object with the digest of a secret. */
export const EnvironmentChanged = Schema.TaggedStruct("EnvironmentChanged", change)
export const OutputsChanged = Schema.TaggedStruct("OutputsChanged", {
  before: Schema.Array(Schema.String),
  after: Schema.Array(Schema.String)
})
export const FormatChanged = Schema.TaggedStruct("FormatChanged", { before: Schema.Int, after: Schema.Int })
/**
 * Headrace makes another key of the node than it did for an earlier result, though nothing of its user's differs. `before`: the
 * version that wrote that, null where it does not say. The differences are reasons beside it.
 */
export const Upgraded = Schema.TaggedStruct("Upgraded", { before: Schema.NullOr(Schema.String), after: Schema.String })
export const ObjectLost = Schema.TaggedStruct("ObjectLost", {
  output: Schema.String,
  object: Digest.Digest,
  what: Schema.String
})
/** A result is kept, and somebody wanted it computed all the same. */
export const Again = Schema.TaggedStruct("Again", {})
/** Not a cause, but why a result of earlier code is reused: somebody said that the change alters nothing. */
export const Accepted = Schema.TaggedStruct("Accepted", {
  id: Schema.String,
  because: Schema.String,
  by: Schema.String
})
/** Not a cause: how much of the work is done already. */
export const Continues = Schema.TaggedStruct("Continues", { step: Schema.String, at: Schema.Int })
export const Undecided = Schema.TaggedStruct("Undecided", { ancestors: Schema.Array(Schema.String) })

export const Reason = Schema.Union(
  NeverRan,
  TraceLost,
  Unanswered,
  ParamChanged,
  InputChanged,
  CodeChanged,
  PackageChanged,
  FactChanged,
  EnvironmentChanged,
  OutputsChanged,
  FormatChanged,
  Upgraded,
  ObjectLost,
  Again,
  Accepted,
  Continues,
  Undecided
)
export type Reason = typeof Reason.Type

const show = (value: unknown): string =>
  value === undefined ? "absent" : typeof value === "string" ? value : JSON.stringify(value)
const through = (stage: string | null): string => (stage === null ? "" : ` (through ${stage})`)

const isSecret = (value: unknown): boolean => typeof value === "object" && value !== null
const showVariable = (value: unknown): string =>
  value === undefined ? "undeclared" : value === null ? "not set" : isSecret(value) ? "a secret" : JSON.stringify(value)
const variableChange = (before: unknown, after: unknown): string =>
  isSecret(before) && isSecret(after)
    ? "is another secret than it was"
    : `was ${showVariable(before)}, is ${showVariable(after)}`

/** One sentence, without a full stop. */
export const render = (reason: Reason): string => {
  switch (reason._tag) {
    case "NeverRan":
      return "it has no result yet"
    case "TraceLost":
      return `its trace is lost: ${reason.what}`
    case "Unanswered":
      return `${reason.what}: it may have the result`
    case "ParamChanged":
      return `${reason.name} was ${show(reason.before)}, is ${show(reason.after)}${through(reason.via)}`
    case "InputChanged":
      return `input ${reason.name} was ${reason.before}, is ${reason.after}${through(reason.via)}`
    case "CodeChanged":
      return reason.files.length === 0
        ? `imports in its code lead elsewhere${through(reason.via)}`
        : `code changed in ${reason.files.join(", ")}${through(reason.via)}`
    case "PackageChanged":
      return `package ${reason.name} was ${reason.before ?? "absent"}, is ${reason.after ?? "absent"}${through(reason.via)}`
    case "FactChanged":
      return `${reason.name} was ${show(reason.before)}, is ${show(reason.after)}${through(reason.via)}`
    case "EnvironmentChanged":
      return `environment variable ${reason.name} ${variableChange(reason.before, reason.after)}${through(reason.via)}`
    case "OutputsChanged":
      return `its outputs were ${reason.before.join(", ")}, are ${reason.after.join(", ")}`
    case "FormatChanged":
      return `the cache format was ${reason.before}, is ${reason.after}`
    case "Upgraded":
      return `Headrace ${reason.after} makes another key of it than ${
        reason.before === reason.after ? "it did before" : `${reason.before ?? "an earlier version"} did`
      }`
    case "ObjectLost":
      return `object ${Digest.short(reason.object)} of its output ${reason.output} is ${reason.what}`
    case "Again":
      return "it was to be computed again"
    case "Accepted":
      return `a result of earlier code was accepted (${reason.id}, by ${reason.by}): ${reason.because}`
    case "Continues":
      return `continues from ${reason.step} ${reason.at}`
    case "Undecided":
      return `it depends on what ${reason.ancestors.join(", ")} yields`
  }
}

type Fields = Readonly<Record<string, unknown>>

/** What of a key enters its digest; nothing for a part that is not there. */
export const written = (value: unknown): string =>
  value === undefined ? "" : Either.getOrElse(CanonicalJson.encode(value), ({ what }) => what)

const changed = (before: Fields, after: Fields): ReadonlyArray<string> =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => written(before[name]) !== written(after[name]))
    .sort()

/** Files that are other than they were, without those that only moved. */
const changedFiles = (before: Code["files"], after: Code["files"]): ReadonlyArray<string> => {
  const digests = [before, after].map((files) => new Set(Object.values(files)))
  const moved = (file: string) => {
    const digest = after[file] ?? before[file]
    return (
      (before[file] === undefined || after[file] === undefined) &&
      digest !== undefined &&
      digests.every((all) => all.has(digest))
    )
  }
  return changed(before, after).filter((file) => !moved(file))
}

const codeReasons = (before: Code, after: Code, via: string | null): ReadonlyArray<Reason> => {
  if (before.digest === after.digest) return []
  const files = changedFiles(before.files, after.files)
  const packages = changed(before.packages, after.packages).map((name) =>
    PackageChanged.make({ name, before: before.packages[name] ?? null, after: after.packages[name] ?? null, via })
  )
  return files.length === 0 && packages.length > 0 ? packages : [CodeChanged.make({ files, via }), ...packages]
}

type Comparable = Pick<Recipe, "params" | "facts" | "code" | "inputs" | "environment">

/** What the two keys' inputs are called, so that a sentence can say more than a digest. */
export interface Labels {
  readonly before: Readonly<Record<string, string>>
  readonly after: Readonly<Record<string, string>>
}

const called = (label: string | undefined, input: Input | undefined): string => {
  if (input === undefined) return "absent"
  if (input === OPEN) return label ?? "not known yet"
  const digest =
    typeof input === "string"
      ? Digest.short(input)
      : isRecipe(input)
        ? `streamed by ${input.stage}`
        : `${(input as ReadonlyArray<Input>).length} tables`
  return label === undefined ? digest : `${label} ${digest}`
}

const inputReasons = (
  name: string,
  before: Input | undefined,
  after: Input | undefined,
  labels: Labels,
  via: string | null
): ReadonlyArray<Reason> => {
  if (isRecipe(before) && isRecipe(after) && before.stage === after.stage)
    return compare(before, after, labels, after.stage)
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item: Input, index) =>
      written(item) === written(after[index])
        ? []
        : inputReasons(`${name}[${index}]`, item, after[index] as Input, labels, via)
    )
  }
  return [
    InputChanged.make({
      name,
      before: called(labels.before[name], before),
      after: called(labels.after[name], after),
      via
    })
  ]
}

const compare = (before: Comparable, after: Comparable, labels: Labels, via: string | null): ReadonlyArray<Reason> => [
  ...changed(before.params, after.params).map((name) =>
    ParamChanged.make({ name, before: before.params[name], after: after.params[name], via })
  ),
  ...changed(before.inputs, after.inputs).flatMap((name) =>
    inputReasons(name, before.inputs[name], after.inputs[name], labels, via)
  ),
  ...codeReasons(before.code, after.code, via),
  ...changed(before.facts, after.facts).map((name) =>
    FactChanged.make({ name, before: before.facts[name], after: after.facts[name], via })
  ),
  ...changed(before.environment ?? {}, after.environment ?? {}).map((name) =>
    EnvironmentChanged.make({ name, before: before.environment?.[name], after: after.environment?.[name], via })
  )
]

/** Two inputs that the same stage streams differ by one cause. */
const once = (reasons: ReadonlyArray<Reason>): ReadonlyArray<Reason> => [
  ...new Map(reasons.map((reason) => [render(reason), reason])).values()
]

/** Every difference between two keys of one stage; empty only for equal texts. */
export const differences = (before: KeyText, after: KeyText, labels: Labels): ReadonlyArray<Reason> => {
  const outputs = changed(before.outputs, after.outputs)
  return [
    ...once(compare(before, after, labels, null)),
    ...(outputs.length === 0
      ? []
      : [
          OutputsChanged.make({
            before: Object.values(before.outputs).sort(),
            after: Object.values(after.outputs).sort()
          })
        ]),
    ...(before.format === after.format ? [] : [FormatChanged.make({ before: before.format, after: after.format })])
  ]
}
