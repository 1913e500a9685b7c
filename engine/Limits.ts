import { Duration, Option } from "effect"
import type { Node, StageDefinition } from "./Node.ts"
import { DefinitionInvalid } from "./Param.ts"

/** What the computing of a node may take. It changes no result, and enters no key. Null where nothing is too much. */
export interface Limits {
  readonly timeout: Duration.Duration | null
  /** Bytes that the process which computes it holds in memory. */
  readonly memory: number | null
}

export const NONE: Limits = { timeout: null, memory: null }

/** What the computing of a node may take, as its stage declares. */
export const ofNode = ({ definition, params }: Pick<Node<StageDefinition>, "definition" | "params">): Limits =>
  definition.limits?.(params) ?? NONE

/** A value, or a function of the parameters that may also give none. */
export type Declared<Values, A> = A | ((params: Values) => A | null)

const decided = <Values, A>(declared: Declared<Values, A> | undefined, params: Values): A | null =>
  typeof declared === "function" ? (declared as (params: Values) => A | null)(params) : (declared ?? null)

/** Throws `DefinitionInvalid` where they limit nothing that could be. */
const make = (stage: string, timeout: Duration.DurationInput | null, memory: number | null): Limits => {
  const refuse = (name: string, value: unknown, expected: string, example: string) =>
    new DefinitionInvalid({
      what: `Stage "${stage}" declares the ${name} ${typeof value === "string" ? JSON.stringify(value) : String(value)}`,
      expected,
      fix: `Try ${name}: ${example}, or leave it out.`
    })
  const within = timeout === null ? null : Option.getOrNull(Duration.decodeUnknown(timeout))
  if (timeout !== null && (within === null || !Duration.isFinite(within) || Duration.toMillis(within) <= 0))
    throw refuse("timeout", timeout, "a time above 0 that ends", '"10 minutes"')
  if (memory !== null && !(Number.isSafeInteger(memory) && memory > 0))
    throw refuse("memory", memory, "a whole number of bytes above 0", "4 * 1024 ** 3")
  return { timeout: within, memory }
}

/** What a stage declares of them, for some of its parameters. */
export interface Declaring<Values> {
  readonly name: string
  readonly timeout?: Declared<Values, Duration.DurationInput>
  readonly memory?: Declared<Values, number>
}

/** The limits of a stage; null where it declares none. Those that no parameter decides are looked at now, as it is made. */
export const of = <Values>({ name, timeout, memory }: Declaring<Values>): ((params: Values) => Limits) | null => {
  if (timeout === undefined && memory === undefined) return null
  const limits = (params: Values) => make(name, decided(timeout, params), decided(memory, params))
  if (typeof timeout !== "function" && typeof memory !== "function") limits({} as Values)
  return limits
}
