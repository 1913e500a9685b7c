import * as Explained from "../../artifacts/Explained.ts"

/** The shared store did not do what it was asked. */
export class SharedFailed extends Explained.TaggedError<SharedFailed>()(
  "SharedFailed",
  Explained.fields,
  ({ what, expected, fix }) => ({ what, expected, fix })
) {}
