import * as Explained from "../../artifacts/Explained.ts"
import type { BlobsFailed } from "../../cache/remote/Blobs.ts"

/** The shared store did not do what it was asked. */
export class SharedFailed extends Explained.TaggedError<SharedFailed>()(
  "SharedFailed",
  Explained.fields,
  ({ what, expected, fix }) => ({ what, expected, fix })
) {}

/** What failed of a shared store, as the command that asked for it tells. `asked`: what it was to do, and what to do now. */
export const sharedFailed =
  (shown: string, asked: { readonly expected: string; readonly fix: string }) =>
  ({ message }: BlobsFailed) =>
    new SharedFailed({ what: `The shared store ${shown} ${message}`, ...asked })
