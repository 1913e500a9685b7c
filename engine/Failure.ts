import { Schema } from "effect"

/** A failure as people and programs are told of it: what happened, what was expected, how to fix it. */
export const Explained = Schema.Struct({
  tag: Schema.String,
  what: Schema.String,
  expected: Schema.NullOr(Schema.String),
  fix: Schema.NullOr(Schema.String),
  /** The fields of a stage's own error, such as the epochs before a training diverged. */
  details: Schema.optional(Schema.Unknown)
})
export type Explained = typeof Explained.Type

const THREE_PARTS = /^(?<what>[\s\S]*?); expected (?<expected>[\s\S]*?)\. (?<fix>[A-Z][\s\S]*)$/

/** A node's failure, with all that its stage told of it. */
export const explainNode = (error: ExecuteFailure): Explained => {
  if (error._tag !== "NodeFailed") return explain(error)
  const explained = { ...explain(error), tag: error.tag }
  return error.error === null ? explained : { ...explained, details: error.error }
}

/** The three parts of a message of the form `what; expected that. Do this.`; one part where it has another form. */
export const explain = (error: {
  readonly _tag?: string
  readonly name?: string
  readonly message: string
}): Explained => {
  const tag = error._tag ?? error.name ?? "Error"
  const parts = THREE_PARTS.exec(error.message)?.groups
  if (parts === undefined) return { tag, what: error.message, expected: null, fix: null }
  return { tag, what: parts.what ?? "", expected: parts.expected ?? null, fix: parts.fix ?? null }
}

/** What was thrown where nothing may be, such as by what a stage declares of itself. */
export const explainDefect = (defect: unknown): Explained => ({
  ...explain(defect instanceof Error ? defect : new Error(String(defect))),
  tag: "Defect"
})

/** A node's stage failed. `error` is the stage's own error, encoded by its schema; null for a defect. */
export class NodeFailed extends Schema.TaggedError<NodeFailed>()("NodeFailed", {
  node: Schema.String,
  tag: Schema.String,
  what: Schema.String,
  error: Schema.Unknown
}) {
  override get message() {
    return this.what
  }
}

/** Bytes that a node needs are gone or corrupt: the engine computes their node again. */
export class InputLost extends Schema.TaggedError<InputLost>()("InputLost", {
  object: Schema.String,
  what: Schema.Literal("missing", "corrupt")
}) {
  override get message() {
    return `Object ${this.object} is ${this.what}; expected it in the store. Run again: it is recomputed.`
  }
}

/** The process that computed a node is gone: a native abort, an out-of-memory kill. */
export class WorkerDied extends Schema.TaggedError<WorkerDied>()("WorkerDied", {
  node: Schema.String,
  signal: Schema.NullOr(Schema.String),
  code: Schema.NullOr(Schema.Int),
  lastWords: Schema.String
}) {
  override get message() {
    const said =
      this.signal === "SIGKILL" || this.lastWords === ""
        ? ""
        : `, saying "${this.lastWords.split("\n").slice(-3).join(" ")}"`
    const how = this.signal === null ? `with exit code ${this.code}` : `by ${this.signal}`
    const hint =
      this.signal === "SIGKILL" ? "If nobody killed it, the machine ran out of memory: close other programs. " : ""
    return `The worker process of ${this.node} was ended ${how}${said}; expected it to finish. ${hint}Run again: finished chunks are not computed again.`
  }
}

/** The system gave no process to compute a node in. */
export class WorkerNotStarted extends Schema.TaggedError<WorkerNotStarted>()("WorkerNotStarted", {
  node: Schema.String,
  what: Schema.String
}) {
  override get message() {
    return `The worker process of ${this.node} could not be started: ${this.what}; expected the system to start it. Where it has no memory, processes or open files left (ENOMEM, EAGAIN, EMFILE), close other programs or raise the limits (ulimit -u, ulimit -n). Run again: finished nodes are not computed again.`
  }
}

/** The process that computed a node told no more that it lives, and was ended. */
export class WorkerSilent extends Schema.TaggedError<WorkerSilent>()("WorkerSilent", {
  node: Schema.String,
  seconds: Schema.Int
}) {
  override get message() {
    return `The worker process of ${this.node} gave no sign of life for ${this.seconds} s and was ended; expected one every second, however busy it is. Something stopped it (a signal, a debugger), or the machine stands still (out of memory, a file system that does not answer): see to that and run again: finished chunks are not computed again.`
  }
}

/** The worker's program differs from the one that asked: it computed another key. */
export class KeyRefused extends Schema.TaggedError<KeyRefused>()("KeyRefused", {
  node: Schema.String,
  expected: Schema.String,
  found: Schema.String
}) {
  override get message() {
    return `The worker computes the key ${this.found} for ${this.node}; expected ${this.expected}. Run again: a source file changed in between. If that does not help, one of its facts is made of something that workers do not have, such as a variable of the environment: let the stage declare it.`
  }
}

export const ExecuteFailure = Schema.Union(
  NodeFailed,
  InputLost,
  WorkerNotStarted,
  WorkerDied,
  WorkerSilent,
  KeyRefused
)
export type ExecuteFailure = typeof ExecuteFailure.Type
