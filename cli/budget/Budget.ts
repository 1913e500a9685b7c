import * as fs from "node:fs/promises"
import { Effect, Schema } from "effect"
import * as Explained from "../../artifacts/Explained.ts"
import { bytesIn, SIZE_EXPECTED } from "./amounts.ts"

/** What a store may hold where nobody says otherwise. */
const USUAL_BYTES = 50e9
/** No more than this part of a disk, which others need as well. */
const SHARE_OF_DISK = 0.2

/** The variable that says how large a store may get. */
export const VARIABLE = "PIPELINE_KEEP_SIZE"

/** The environment says a size that is none. */
export class BudgetInvalid extends Explained.TaggedError<BudgetInvalid>()(
  "BudgetInvalid",
  { found: Schema.String },
  ({ found }) => ({
    what: `${VARIABLE} is ${JSON.stringify(found)}`,
    expected: `${SIZE_EXPECTED}, or off`,
    fix: `Correct it, or leave it out: a store may then hold 50 GB, less on a small disk.`
  })
) {}

const usual = (home: string): Effect.Effect<number> =>
  Effect.orElseSucceed(
    Effect.tryPromise(async () => {
      const { blocks, bsize } = await fs.statfs(home)
      return Math.min(USUAL_BYTES, blocks * bsize * SHARE_OF_DISK)
    }),
    () => USUAL_BYTES
  )

/** How many bytes the store may hold; null where nobody is to see to that. */
export const budgetOf = (
  home: string,
  env: Readonly<Record<string, string | undefined>>
): Effect.Effect<number | null, BudgetInvalid> => {
  const text = env[VARIABLE]
  if (!text) return usual(home)
  if (text === "off") return Effect.succeed(null)
  const bytes = bytesIn(text)
  return bytes === null ? new BudgetInvalid({ found: text }) : Effect.succeed(bytes)
}
