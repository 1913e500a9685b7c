import type { Effect } from "effect"
import type { AnyPipeline } from "../../engine/Pipeline.ts"

/** An option of a command's own, beside the parameters of its pipeline. Its value is a text. */
export interface Option {
  /** As it is written: `--jobs`. */
  readonly name: string
  /** What stands for its value in help: `N`, `FILE`. */
  readonly value: string
  /** What it does. */
  readonly description: string
  /** What its value must be, and one of them, for whoever gives none. */
  readonly expected: string
  readonly example: string
  readonly isWhole?: boolean
  readonly isRepeated?: boolean
  readonly isNeeded?: boolean
}

/** An option without a value. */
export interface Flag {
  readonly name: string
  readonly description: string
}

/** An argument without dashes, which follows the pipeline's name where there is one. */
export interface Argument {
  /** What stands for it in help: `NODE`. */
  readonly name: string
  readonly description: string
  readonly isOptional?: boolean
  /** Whether the last argument of a command may be given several times. */
  readonly isRepeated?: boolean
}

/** What may follow a command, as its help tells and as the command line is read. */
export interface Shape {
  readonly name: string
  readonly description: string
  readonly args: ReadonlyArray<Argument>
  readonly flags: ReadonlyArray<Flag>
  readonly options: ReadonlyArray<Option>
  /** Whether it runs whatever the store is. Others are refused where this Headrace does not understand it. */
  readonly needsNoStore?: boolean
}

/** What followed a command: every name known, every option with a value. */
export interface Given {
  readonly args: ReadonlyArray<string>
  /** The encoded values of the pipeline's parameters as they were typed, by their names. */
  readonly params: ReadonlyMap<string, string>
  readonly options: ReadonlyMap<Option, ReadonlyArray<string>>
  readonly flags: ReadonlySet<Flag>
}

/** A command of its own. The effect's value is the exit code. */
export interface Plain<E, R> extends Shape {
  readonly ofPipeline: false
  readonly run: (given: Given) => Effect.Effect<number, E, R>
}

/** A command whose first argument is a pipeline, whose parameters are its options. */
export interface OfPipeline<P extends AnyPipeline, E, R> extends Shape {
  readonly ofPipeline: true
  readonly run: (pipeline: P, given: Given) => Effect.Effect<number, E, R>
}

export type Command<P extends AnyPipeline, E, R> = Plain<E, R> | OfPipeline<P, E, R>
// biome-ignore lint/suspicious/noExplicitAny: a command as help and the command line see it, who run none
export type AnyCommand = Command<any, unknown, unknown>

/** The value of an option that may be given once; null where it was not given. */
export const textGiven = ({ options }: Given, option: Option): string | null => options.get(option)?.[0] ?? null

/** All values of an option that may be repeated. */
export const textsGiven = ({ options }: Given, option: Option): ReadonlyArray<string> => options.get(option) ?? []

/** The value of an option that takes a whole number; null where it was not given. */
export const numberGiven = (given: Given, option: Option): number | null => {
  const text = textGiven(given, option)
  return text === null ? null : Number(text)
}
