import type * as Text from "../artifacts/Text.ts"

/** One thing that `pipeline doctor` looks at, and the way to put it in order. */
export interface Check {
  /** What is looked at, in a few words. */
  readonly name: string
  readonly ok: boolean
  /** What was found. */
  readonly found: Text.Text
  /** How to put it in order; null where it is. */
  readonly fix: Text.Text | null
}

/** A check that found everything in order. */
export const fine = (name: string, found: Text.Text): Check => ({ name, ok: true, found, fix: null })

/** A check that found something to mend, and the way to do so. */
export const wrong = (name: string, found: Text.Text, fix: Text.Text): Check => ({ name, ok: false, found, fix })
