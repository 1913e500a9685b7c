import { explain } from "../../artifacts/Explained.ts"
import { NoSuchRun } from "../../ui/Api.ts"

// Why something is not answered, in the three parts of every error.

/** The parts of any failure: one that nobody foresaw has them too. */
export const partsOf = (error: unknown) => {
  const { what, expected, fix } = explain(error)
  return { what, expected: expected ?? "an answer", fix: fix ?? "Reload the page." }
}

export const noSuchRun = (run: string) =>
  new NoSuchRun({
    what: `No run ${run} is kept`,
    expected: "one whose record is there",
    fix: "It may have been deleted: all that are kept are in the list."
  })
