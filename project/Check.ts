import type * as Text from "../artifacts/Text.ts"

/** One thing that `pipeline doctor` looks at, and the way to put it in order. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly found: Text.Text
  /** Null where it is in order. */
  readonly fix: Text.Text | null
}

export const fine = (name: string, found: Text.Text): Check => ({ name, ok: true, found, fix: null })

export const wrong = (name: string, found: Text.Text, fix: Text.Text): Check => ({ name, ok: false, found, fix })
