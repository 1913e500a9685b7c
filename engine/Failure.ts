import { Predicate, Schema } from "effect"
import { partsOf, sentences, TaggedError } from "../artifacts/Explained.ts"
import * as Text from "../artifacts/Text.ts"

/** A failure as people and programs are told of it: what happened, what was expected, how to fix it. */
export const Explained = Schema.Struct({
  tag: Schema.String,
  what: Text.Text,
  expected: Schema.NullOr(Text.Text),
  fix: Schema.NullOr(Text.Text),
  /** The fields of a stage's own error, such as the epochs before a training diverged. */
  details: Schema.optional(Schema.Unknown)
})
export type Explained = typeof Explained.Type

/** An error that tells of another, which is what people are told of. */
interface Telling {
  readonly explained: Explained
}
const isTelling = (error: unknown): error is Telling =>
  Predicate.hasProperty(error, "explained") && Schema.is(Explained)(error.explained)

/** What an error tells: its three parts where it has them, its message where it is anybody's. */
export const explain = (error: unknown): Explained => {
  if (isTelling(error)) return error.explained
  const parts = partsOf(error)
  const tag = Predicate.hasProperty(error, "_tag") ? String(error._tag) : error instanceof Error ? error.name : "Error"
  if (parts !== null) return { tag, ...parts }
  return { tag, what: error instanceof Error ? error.message : String(error), expected: null, fix: null }
}

/** What was explained, in one sentence or two. */
export const sentence = ({ what, expected, fix }: Explained): Text.Text =>
  expected === null || fix === null ? what : sentences({ what, expected, fix })

/** What was thrown where nothing may be, such as by what a stage declares of itself. */
export const explainDefect = (defect: unknown): Explained => ({ ...explain(defect), tag: "Defect" })

/** A node's stage failed: what its own error tells, with the fields of that as `details`; a defect has none. */
export class NodeFailed extends Schema.TaggedError<NodeFailed>()("NodeFailed", {
  node: Schema.String,
  explained: Explained
}) {
  override get message() {
    return Text.show(sentence(this.explained))
  }
}

/** Bytes that a node needs are gone or corrupt: the engine computes their node again. */
export class InputLost extends TaggedError<InputLost>()(
  "InputLost",
  {
    object: Schema.String,
    what: Schema.Literal("missing", "corrupt")
  },
  ({ object, what }) => ({
    what: `Object ${object} is ${what}`,
    expected: "it in the store",
    fix: "Run again: it is recomputed."
  })
) {}

/** The process that computed a node is gone: a native abort, an out-of-memory kill. */
export class WorkerDied extends TaggedError<WorkerDied>()(
  "WorkerDied",
  {
    node: Schema.String,
    signal: Schema.NullOr(Schema.String),
    code: Schema.NullOr(Schema.Int),
    lastWords: Schema.String
  },
  ({ node, signal, code, lastWords }) => {
    const isKilled = signal === "SIGKILL"
    const said = isKilled || lastWords === "" ? "" : `, saying "${lastWords.split("\n").slice(-3).join(" ")}"`
    const hint = isKilled ? "If nobody killed it, the machine ran out of memory: close other programs. " : ""
    return {
      what: `The worker process of ${node} was ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}${said}`,
      expected: "it to finish",
      fix: `${hint}Run again: finished chunks are not computed again.`
    }
  }
) {}

/** The system gave no process to compute a node in. */
export class WorkerNotStarted extends TaggedError<WorkerNotStarted>()(
  "WorkerNotStarted",
  { node: Schema.String, what: Schema.String },
  ({ node, what }) => ({
    what: `The worker process of ${node} could not be started: ${what}`,
    expected: "the system to start it",
    fix: "Where it has no memory, processes or open files left (ENOMEM, EAGAIN, EMFILE), close other programs or raise the limits (ulimit -u, ulimit -n). Run again: finished nodes are not computed again."
  })
) {}

/** The process that computed a node told no more that it lives, and was ended. */
export class WorkerSilent extends TaggedError<WorkerSilent>()(
  "WorkerSilent",
  {
    node: Schema.String,
    seconds: Schema.Int
  },
  ({ node, seconds }) => ({
    what: `The worker process of ${node} gave no sign of life for ${seconds} s and was ended`,
    expected: "one every second, however busy it is",
    fix: "Something stopped it (a signal, a debugger), or the machine stands still (out of memory, a file system that does not answer): see to that and run again: finished chunks are not computed again."
  })
) {}

/** The worker's program differs from the one that asked: it computed another key. */
export class KeyRefused extends TaggedError<KeyRefused>()(
  "KeyRefused",
  {
    node: Schema.String,
    expected: Schema.String,
    found: Schema.String
  },
  ({ found, node, expected }) => ({
    what: `The worker computes the key ${found} for ${node}`,
    expected,
    fix: "Run again: a source file changed in between. If that does not help, one of its facts is made of something that workers do not have, such as a variable of the environment: let the stage declare it."
  })
) {}

export const ExecuteFailure = Schema.Union(
  NodeFailed,
  InputLost,
  WorkerNotStarted,
  WorkerDied,
  WorkerSilent,
  KeyRefused
)
export type ExecuteFailure = typeof ExecuteFailure.Type
