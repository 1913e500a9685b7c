import { Context } from "effect"
import * as Digest from "../artifacts/Digest.ts"
import * as Masked from "../artifacts/Masked.ts"
import type { StageDefinition } from "./Node.ts"

export type Variables = Readonly<Record<string, string | undefined>>

/** The environment in which the variables that stages declare are looked up: that of this process. */
export class Environment extends Context.Reference<Environment>()("headrace/Environment", {
  defaultValue: (): Variables => process.env
}) {}

/** Dates, numbers and the order of words depend on these without a read of theirs. */
const LOCALE = /^(TZ|LANG|LANGUAGE|LC_\w+)$/

export const isLocale = (name: string): boolean => LOCALE.test(name)

/** What stands for a variable that is not set, as it would be the machine's otherwise. */
export const DEFAULTS: Variables = { TZ: "UTC", LANG: "C.UTF-8" }

/** What of a stage's definition says what it may read of the environment. */
export type Declares = Pick<StageDefinition, "environment" | "secrets">

/** A variable's value as a key holds it: null where it is not set, and only the digest of a secret. */
export type Value = string | null | { readonly secret: Digest.Digest }

const plainOf = (value: string | undefined): string | null => value ?? null
const secretOf = (value: string | undefined): Value => (value === undefined ? null : { secret: Digest.ofBytes(value) })

/** The declared variables, for a key; null where none are declared. */
export const valuesOf = (
  { environment, secrets }: Declares,
  variables: Variables
): Readonly<Record<string, Value>> | null => {
  const setTo = (name: string) => variables[name] ?? DEFAULTS[name]
  return environment.length + secrets.length === 0
    ? null
    : Object.fromEntries([
        ...environment.map((name): [string, Value] => [name, plainOf(setTo(name))]),
        ...secrets.map((name): [string, Value] => [name, secretOf(setTo(name))])
      ])
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** The platform sets these for its native libraries and itself: what is outside never reaches a stage. */
const OWN = /^((PIPELINE|TF|XLA|ONEDNN|DNNL|MKL|OMP|KMP|ORT|EIGEN|MALLOC|UV)_|NODE_OPTIONS$)/

export const isOwn = (name: string): boolean => OWN.test(name)

/** What is wrong with a declaration, what was expected, and what to do; null where nothing is. */
export const refusalOf = ({ environment, secrets }: Declares): readonly [string, string, string] | null => {
  const names = [...environment, ...secrets]
  const odd = names.find((name) => !NAME.test(name))
  if (odd !== undefined)
    return [`declares the environment variable ${JSON.stringify(odd)}`, "a name such as SCALE", "Correct the name."]
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    return [
      `declares the environment variable ${twice} twice`,
      "each once, in `environment` or in `secrets`",
      "Leave one out."
    ]
  const own = names.find(isOwn)
  if (own !== undefined)
    return [
      `declares the environment variable ${own}, which the platform sets itself`,
      "a variable of your own",
      "Declare what it changes as a fact, or rename it."
    ]
  return null
}

/** Shorter ones would hide half of every text, and be guessed all the same. */
const LEAST_SECRET = 4
/**
 * In texts that nobody made of a secret, such as a record's digests and times, a short one may occur by chance. One that is this
 * long does not.
 */
const LEAST_ANYWHERE = 8

const hiding = (secrets: ReadonlyArray<string>, variables: Variables, least: number): ((text: string) => string) => {
  const values = [...new Set(secrets)].flatMap((name) => variables[name] ?? []).filter(({ length }) => length >= least)
  // the longest first: one may hold another
  values.sort((one, other) => other.length - one.length)
  return (text) => Masked.urls(values.reduce((hidden, value) => hidden.replaceAll(value, Masked.MASK), text))
}

/** Hides the values of secrets, and what is secret in addresses, in a text that a stage made for people. */
export const masked = (secrets: ReadonlyArray<string>, variables: Variables): ((text: string) => string) =>
  hiding(secrets, variables, LEAST_SECRET)

/** The same in any text that is kept or shown. */
export const maskedAnywhere = (secrets: ReadonlyArray<string>, variables: Variables): ((text: string) => string) =>
  hiding(secrets, variables, LEAST_ANYWHERE)
