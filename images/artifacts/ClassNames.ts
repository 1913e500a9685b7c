/**
 * The names of the classes of labelled rows. They travel in the metadata of a table, under `classes`, and label `i` is the
 * name number `i`.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { Explained } from "headrace"
import { BoundedJson } from "headrace/files"

/** Class names travel in a labelled table's metadata: label `i` is `names[i]`. */
const Names = BoundedJson.schema(Schema.Array(Schema.String).pipe(Schema.minItems(2)))

/** A table of labels whose metadata name no classes: fewer than two, or none that can be read. */
export class ClassNamesMissing extends Explained.TaggedError<ClassNamesMissing>()(
  "ClassNamesMissing",
  {
    found: Schema.String
  },
  ({ found }) => ({
    what: `The table names no classes (found ${found})`,
    expected: 'a JSON array of at least two names under "classes" in its metadata',
    fix: "Make it with the ingest stage."
  })
) {}

/** As much of what was found as a sentence holds. */
const MOST_SHOWN = 80
const shown = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text)

/** Writes the names of the classes, in the order of the labels, as the metadata of a table. */
export const toMetadata = (names: ReadonlyArray<string>): Readonly<Record<string, string>> => ({
  classes: JSON.stringify(names)
})

/** Reads the names of the classes, in the order of the labels, from the metadata of a table. */
export const fromMetadata = (
  metadata: Readonly<Record<string, string>>
): Effect.Effect<ReadonlyArray<string>, ClassNamesMissing> =>
  Schema.decodeUnknown(Names)(metadata.classes).pipe(
    Effect.mapError(() => new ClassNamesMissing({ found: shown(metadata.classes ?? "nothing") }))
  )
