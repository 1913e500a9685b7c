import { Effect, Schema } from "effect"

/** Class names travel in a labelled table's metadata: label `i` is `names[i]`. */
const Names = Schema.parseJson(Schema.Array(Schema.String).pipe(Schema.minItems(2)))

export class ClassNamesMissing extends Schema.TaggedError<ClassNamesMissing>()("ClassNamesMissing", {
  found: Schema.String
}) {
  override get message() {
    return `The table names no classes (found ${this.found}); expected a JSON array of at least two names under "classes" in its metadata. Make it with the ingest stage.`
  }
}

export const toMetadata = (names: ReadonlyArray<string>): Readonly<Record<string, string>> => ({
  classes: JSON.stringify(names)
})

export const fromMetadata = (
  metadata: Readonly<Record<string, string>>
): Effect.Effect<ReadonlyArray<string>, ClassNamesMissing> =>
  Schema.decodeUnknown(Names)(metadata.classes).pipe(
    Effect.mapError(() => new ClassNamesMissing({ found: metadata.classes ?? "nothing" }))
  )
