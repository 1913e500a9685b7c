/**
 * What is told where the system opens no more files: a process has a limit of them, and so has the whole system.
 *
 * @module
 */
import { Schema } from "effect"
import * as Explained from "./Explained.ts"

/** Whether a text is of a system that opens no more: of this process (EMFILE), or of all (ENFILE). */
export const isExhausted = (text: string): boolean => /\bE[MN]FILE\b/.test(text)

/** How many files this process, and every one that it starts, may have open; null where the system does not tell. */
const limit = (): number | null => {
  const { report } = process
  if (report === undefined) return null
  // a file that says it could not be opened; names of hosts would be looked up
  Object.assign(report, { excludeNetwork: true })
  const { userLimits } = report.getReport() as { readonly userLimits?: { readonly open_files?: { soft?: unknown } } }
  const soft = userLimits?.open_files?.soft
  return typeof soft === "number" ? soft : null
}

/** What people are told where something failed for that. */
export const parts = (what: string): Explained.Parts => {
  const most = limit()
  return {
    what: `Too many files are open${most === null ? "" : `, where ${most} may be`}: ${what}`,
    expected:
      "a limit that leaves room for a command, its worker processes and their packages, some hundred files each",
    fix: "Raise it (ulimit -n 4096), or close other programs if the whole system is at its own (ENFILE). Run again: what is finished is not computed again."
  }
}

/** Something that needs a file open could not be done. */
export class TooManyOpenFiles extends Explained.TaggedError<TooManyOpenFiles>()(
  "TooManyOpenFiles",
  { what: Schema.String },
  ({ what }) => parts(what)
) {}

/** What was thrown as such a failure; null where it was thrown for another reason. */
export const thrown = (error: unknown): TooManyOpenFiles | null =>
  error instanceof Error && isExhausted(error.message) ? new TooManyOpenFiles({ what: error.message }) : null
