/**
 * A command: its shape, from which help is made and the command line is read, and what it does. Each is one file, and stands
 * in the list of `commands.ts`.
 */
import type { Effect } from "effect"
import type { Using } from "../../cache/Using.ts"
import type { ChunkExecutor, ExecutorAt } from "../../engine/Executor.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import type * as Run from "../../engine/Run.ts"
import type { RunRecords } from "../../engine/RunRecord.ts"
import type { Kinds } from "../../kinds/Kinds.ts"
import type { Given as EveryProjects, Whole } from "../../project/Project.ts"
import type * as Views from "../../project/Views.ts"
import type { CurrentCommon, CurrentShared } from "../remote/Stores.ts"
import type { Reporter } from "../terminal/Reporter.ts"
import type { PageFiles } from "./PageFiles.ts"

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
  /** Whether its value may begin with a dash, as options of another program do. */
  readonly isVerbatim?: boolean
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
  /** Whether its first argument is a pipeline, whose parameters are its options. */
  readonly ofPipeline: boolean
  readonly args: ReadonlyArray<Argument>
  readonly flags: ReadonlyArray<Flag>
  readonly options: ReadonlyArray<Option>
  /** Whether no help and no page lists it, as it is for programs alone. */
  readonly isHidden?: boolean
  /** Whether it runs whatever the store is. Others are refused where this Headrace does not understand it. */
  readonly needsNoStore?: boolean
  /** Whether it computes what others may share. */
  readonly computes?: boolean
  /** What it needs of the shared store, without which it has nothing to do. */
  readonly remote?: "read" | "write"
}

/** What followed a command: every name known, every option with a value. */
export interface Given {
  readonly args: ReadonlyArray<string>
  /** The encoded values of the pipeline's parameters as they were typed, by their names. */
  readonly params: ReadonlyMap<string, string>
  readonly options: ReadonlyMap<Option, ReadonlyArray<string>>
  readonly flags: ReadonlySet<Flag>
}

/** A project, as commands see it. `S`: the services that planning it needs. */
export type Project<S> = Omit<Whole<unknown, S>, "layer">

/** One of a project's pipelines. */
export type Known<S> = AnyPipeline<unknown, S | EveryProjects>

/** What commands need beside what plans the project. */
type Needs =
  | Run.Needs
  | ChunkExecutor
  | RunRecords
  | Kinds
  | Views.Current
  | Reporter
  | CurrentCommon
  | CurrentShared
  | Using
  | ExecutorAt
  | PageFiles
  | EveryProjects

/** A command that is carried out; its value is the exit code. */
export type Ran<S> = Effect.Effect<number, unknown, Needs | S>

/** A command of its own. */
interface Plain<S> extends Shape {
  readonly ofPipeline: false
  readonly run: (given: Given) => Ran<S>
}

/** A command whose first argument is a pipeline. */
interface OfPipeline<S> extends Shape {
  readonly ofPipeline: true
  readonly run: (pipeline: Known<S>, given: Given) => Ran<S>
}

export type Command<S> = Plain<S> | OfPipeline<S>

/** A command as it is written down: what it does not say that it takes, it does not take. */
type Written<C extends Shape> = Omit<C, "ofPipeline" | keyof typeof NOTHING> & Partial<Pick<C, keyof typeof NOTHING>>

const NOTHING = { args: [], flags: [], options: [] }

/** Defines a command that has no pipeline for its first argument. */
export const plain = <S>(command: Written<Plain<S>>): Command<S> => ({ ...NOTHING, ...command, ofPipeline: false })

/** Defines a command of a pipeline. */
export const ofPipeline = <S>(command: Written<OfPipeline<S>>): Command<S> => ({
  ...NOTHING,
  ...command,
  ofPipeline: true
})

/** The value of an option that may be given once; null where it was not given. */
export const textGiven = ({ options }: Given, option: Option): string | null => options.get(option)?.[0] ?? null

/** All values of an option that may be repeated. */
export const textsGiven = ({ options }: Given, option: Option): ReadonlyArray<string> => options.get(option) ?? []

/** The value of an option that takes a whole number; null where it was not given. */
export const numberGiven = (given: Given, option: Option): number | null => {
  const text = textGiven(given, option)
  return text === null ? null : Number(text)
}
