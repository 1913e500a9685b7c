/**
 * Documents: small structured values such as metrics, a summary or a list of classes, stored as canonical JSON. They are results:
 * runs tell them, `results/` has their files, and `compare` puts their numbers side by side.
 *
 * @module
 */
import { Effect, Either, Schema, SchemaAST } from "effect"
import { type Artifact, ArtifactInvalid, ArtifactUnreadable, id, type Read, type Stored } from "./Artifact.ts"
import { Unbounded } from "./BoundedFile.ts"
import * as BoundedJson from "./BoundedJson.ts"
import * as CanonicalJson from "./CanonicalJson.ts"
import * as SchemaRefusal from "./SchemaRefusal.ts"

/**
 * How a run tells of a document: all of it, or by its place and the numbers of its own, where what it holds is not to be
 * read in a terminal, such as pictures.
 */
const Told = Schema.Struct({ told: Schema.Literal("numbers") })

/** Whether a run tells all of a stored document, or by its place and its numbers alone. */
export const isToldWhole = ({ header }: Pick<Stored, "header">): boolean => !Schema.is(Told)(header)

/** A document as stages declare it. */
export interface Document<Name extends string, A> extends Artifact<Name, A> {
  readonly kind: "document"
  readonly told: "whole" | "numbers"
  /** The numbers at its top level, by their names. */
  readonly numbers: ReadonlyArray<string>
}

const isNumber = (ast: SchemaAST.AST): boolean =>
  ast._tag === "NumberKeyword" ||
  (ast._tag === "Literal" && typeof ast.literal === "number") ||
  (ast._tag === "Refinement" && isNumber(ast.from)) ||
  (ast._tag === "Union" && ast.types.some(isNumber))

/** The fields of a schema's JSON that may be numbers; none where it has no fields. */
const numbersOf = <A, I>({ ast }: Schema.Schema<A, I>): ReadonlyArray<string> =>
  SchemaAST.getPropertySignatures(SchemaAST.encodedAST(ast)).flatMap(({ name, type }) =>
    typeof name === "string" && isNumber(type) ? [name] : []
  )

/** Reads the JSON of a stored document as it is, for whoever shows what is there whatever its schema. */
export const json = <E>(stored: Stored, read: Read<E>): Effect.Effect<unknown, E | ArtifactUnreadable> => {
  const unreadable = (what: string) =>
    new ArtifactUnreadable({ artifact: stored.artifact, object: stored.content, what })
  const [part] = stored.parts
  if (part === undefined) return unreadable("it has no parts")
  return Effect.flatMap(read(part), (bytes) =>
    Either.try({
      try: () => BoundedJson.parse(new TextDecoder().decode(bytes)),
      catch: (cause) => unreadable(cause instanceof Unbounded ? `its JSON ${cause.message}` : String(cause))
    })
  )
}

/**
 * Declares a document. Its schema must encode to JSON without loss. A run tells a document whole, unless it is declared to be told
 * by its numbers alone, such as one that holds pictures.
 *
 * @example
 * const Metrics = Document.make("Metrics", 1, Schema.Struct({ testAccuracy: Schema.Number, testRows: Schema.Int }))
 */
export const make = <const Name extends string, A, I>(
  name: Name,
  version: number,
  schema: Schema.Schema<A, I>,
  told: "whole" | "numbers" = "whole"
): Document<Name, A> => {
  const artifact = id({ name, version })
  // made once: making one costs many times what it decodes
  const decode = Schema.decodeUnknownEither(schema)
  return {
    name,
    version,
    kind: "document",
    told,
    numbers: numbersOf(schema),
    isPicture: told === "numbers",
    encode: (value, write) =>
      Effect.gen(function* () {
        // a schema encodes by recursion, as it decodes
        if (BoundedJson.isDeeper(value, CanonicalJson.MOST_DEPTH))
          return yield* new ArtifactInvalid({
            artifact,
            what: `a value that nests more than ${CanonicalJson.MOST_DEPTH} deep`,
            expected: "one that nests less"
          })
        // a schema leaves it out, and what is kept would not be what was given
        if (BoundedJson.namesPrototype(value))
          return yield* new ArtifactInvalid({
            artifact,
            what: "an object with a field __proto__",
            expected: "another name for it"
          })
        const encoded = yield* Schema.encode(schema)(value).pipe(
          Effect.mapError((error) => new ArtifactInvalid({ artifact, ...SchemaRefusal.refusalOf(error) }))
        )
        const text = yield* Either.mapLeft(
          CanonicalJson.encode(encoded, "value"),
          ({ path, what }) =>
            new ArtifactInvalid({ artifact, what: `${path} is ${what}`, expected: CanonicalJson.EXPECTED })
        )
        const bytes = new TextEncoder().encode(text)
        const object = yield* write(bytes)
        const part = { name: `${name}.json`, object, bytes: bytes.length, rows: null, content: object }
        return {
          artifact,
          kind: "document" as const,
          content: object,
          rows: null,
          bytes: bytes.length,
          parts: [part],
          header: told === "whole" ? null : { told }
        }
      }),
    decode: (stored, read) =>
      Effect.flatMap(json(stored, read), (value) =>
        Either.mapLeft(
          decode(value),
          (error) => new ArtifactUnreadable({ artifact, object: stored.content, what: SchemaRefusal.phrase(error) })
        )
      )
  }
}
