import { Context, type Effect } from "effect"

/** The files of the page that `pipeline ui` serves, by their names, as the launcher has them. */
export class PageFiles extends Context.Tag("headrace/PageFiles")<
  PageFiles,
  Effect.Effect<ReadonlyMap<string, Uint8Array>, Error>
>() {}
