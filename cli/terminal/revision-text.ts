import type { Revision } from "../../engine/Revision.ts"

/** As many digits as git shows of a commit. */
const DIGITS = 7

/** `1a2b3c4 with changes`. */
export const revisionText = ({ commit, isDirty }: Revision): string =>
  `${commit.slice(0, DIGITS)}${isDirty ? " with changes" : ""}`
