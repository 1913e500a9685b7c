import { Schema } from "effect"
import { ArtifactUnreadable } from "../artifacts/Artifact.ts"
import { Explained, explain, TaggedError } from "../artifacts/Explained.ts"
import * as OpenFiles from "../artifacts/OpenFiles.ts"
import { ObjectCorrupt, ObjectMissing } from "../cache/ObjectStore.ts"

/** What was thrown where nothing may be, such as by what a stage declares of itself. */
export const explainDefect = (defect: unknown): Explained => {
  const exhausted = OpenFiles.thrown(defect)
  return exhausted === null ? { ...explain(defect), tag: "Defect" } : explain(exhausted)
}

/** A node's stage failed: what its own error tells, with the fields of that as `details`; a defect has none. */
export class NodeFailed extends TaggedError<NodeFailed>()(
  "NodeFailed",
  { node: Schema.String, explained: Explained },
  ({ explained }) => explained
) {}

/**
 * Bytes that a node needs are gone or corrupt, or whole and not to be decoded: the engine computes their node again. `object` is then the
 * digest of a part or of a whole content, and `found` says why it cannot be decoded.
 */
export class InputLost extends TaggedError<InputLost>()(
  "InputLost",
  {
    object: Schema.String,
    what: Schema.Literal("missing", "corrupt", "undecodable"),
    found: Schema.optional(Schema.String)
  },
  ({ object, what, found }) =>
    what === "undecodable"
      ? {
          what: `Object ${object} cannot be decoded: ${found}`,
          expected: "what this version of the project writes",
          fix: "Run again: its node is computed again. If it comes out the same, correct the stage or the artifact that makes it."
        }
      : { what: `Object ${object} is ${what}`, expected: "it in the store", fix: "Run again: it is recomputed." }
) {}

/**
 * What a store fails with where bytes are gone or corrupt is what the engine computes again, and so is what a codec refuses, which a
 * faulty program wrote; any other failure stays itself.
 */
export const asInputLost = <E>(error: E | ObjectMissing | ObjectCorrupt | ArtifactUnreadable): E | InputLost => {
  if (error instanceof ObjectMissing) return new InputLost({ object: error.object, what: "missing" })
  if (error instanceof ObjectCorrupt) return new InputLost({ object: error.object, what: "corrupt" })
  if (error instanceof ArtifactUnreadable)
    return new InputLost({ object: error.object, what: "undecodable", found: `${error.artifact}: ${error.what}` })
  return error
}

/** What Node writes as the last line where something was thrown that nobody caught. */
const UNCAUGHT = /^Node\.js v\d/
const THROWN = /^(Uncaught )?\w*(Error|Exception)\b.*: /

/** What V8 says before it aborts a process; a stack of addresses follows. */
const FATAL = /^FATAL ERROR: /
/** It says this where the objects are as large as it was told that they may be, or as it allows by itself. */
export const HEAP_FULL = /heap out of memory/

/** Of what a process said last, what tells most: the error that ended it stands above its stack. */
const saidLast = (lastWords: string): string => {
  const lines = lastWords.split("\n")
  const fatal = lines.findLast((line) => FATAL.test(line))
  if (fatal !== undefined) return fatal
  const thrown = UNCAUGHT.test(lines.at(-1) ?? "") ? lines.findLast((line) => THROWN.test(line)) : undefined
  return thrown ?? lines.slice(-3).join(" ")
}

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
    const said = isKilled || lastWords === "" ? "" : `, saying "${saidLast(lastWords)}"`
    const hint = isKilled
      ? "If nobody killed it, the machine ran out of memory: close other programs. "
      : HEAP_FULL.test(said)
        ? "Its objects took more than Node gives a process: give it less to do at once, or declare the stage's `memory`. "
        : ""
    const what = `The worker process of ${node} was ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}${said}`
    if (OpenFiles.isExhausted(said)) return OpenFiles.parts(what)
    return {
      what,
      expected: "it to finish",
      fix: `${hint}Run again: finished chunks are not computed again.`
    }
  }
) {}

/** The system gave no process to compute a node in. */
export class WorkerNotStarted extends TaggedError<WorkerNotStarted>()(
  "WorkerNotStarted",
  { node: Schema.String, what: Schema.String },
  ({ node, what }) =>
    OpenFiles.isExhausted(what)
      ? OpenFiles.parts(`The worker process of ${node} could not be started: ${what}`)
      : {
          what: `The worker process of ${node} could not be started: ${what}`,
          expected: "the system to start it",
          fix: "Where it has no memory or processes left (ENOMEM, EAGAIN), close other programs or raise the limit (ulimit -u). Run again: finished nodes are not computed again."
        }
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

/** A node took longer than its stage declares. */
export class NodeTimedOut extends TaggedError<NodeTimedOut>()(
  "NodeTimedOut",
  { node: Schema.String, seconds: Schema.Number },
  ({ node, seconds }) => ({
    what: `${node} took longer than its timeout of ${seconds} s, and was ended`,
    expected: "it to be done by then",
    fix: "Give it less to do, or raise `timeout` in its stage. Run again: finished chunks and steps are not computed again."
  })
) {}

const MEBIBYTE = 1024 * 1024

/** The process that computed a node held more memory than its stage declares. `held` is null where its heap was full at that. */
export class MemoryExceeded extends TaggedError<MemoryExceeded>()(
  "MemoryExceeded",
  { node: Schema.String, held: Schema.NullOr(Schema.Int), most: Schema.Int },
  ({ node, held, most }) => ({
    what: `${node} exceeded its memory: ${held === null ? "the objects of its process filled it" : `its process held ${Math.ceil(held / MEBIBYTE)} MiB`}`,
    expected: `at most ${Math.floor(most / MEBIBYTE)} MiB, as its stage declares`,
    fix: "Give it less to do at once, or raise `memory` in its stage. Run again: finished chunks and steps are not computed again."
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
  NodeTimedOut,
  MemoryExceeded,
  KeyRefused
)
export type ExecuteFailure = typeof ExecuteFailure.Type
