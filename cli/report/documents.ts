import { Effect, Option, Predicate, Schema } from "effect"
import type { AnyArtifact, Stored } from "../../artifacts/Artifact.ts"
import { ObjectStore, readPart } from "../../cache/ObjectStore.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import type { Kind } from "../../kinds/Kind.ts"
import { Kinds, kindOf } from "../../kinds/Kinds.ts"
import type { Fitted, View } from "../../project/View.ts"
import * as Views from "../../project/Views.ts"
import type { Fit, Table } from "./Report.ts"

/** A document among results, as it was stored. */
export interface Document {
  readonly name: string
  /** The artifact's name, without its version. */
  readonly artifact: string
  readonly value: unknown
}

/** What `read` makes of each result, if its kind says so; those that are gone, or are not what they should be, are left out. */
const eachOf = <A>(
  results: RunRecord["results"],
  read: (kind: Kind, stored: Stored) => Effect.Effect<A, unknown, ObjectStore> | null
) =>
  Effect.gen(function* () {
    const kinds = yield* Kinds
    const found = yield* Effect.forEach(Object.entries(results), ([name, { stored }]) => {
      const reading = read(kindOf(kinds, stored), stored)
      return reading === null
        ? Effect.succeed([])
        : reading.pipe(
            Effect.map((value) => [{ name, artifact: stored.artifact.replace(/@.*$/, ""), value }]),
            Effect.orElseSucceed(() => [])
          )
    })
    return found.flat()
  })

/** The drawing of each picture. */
export const drawingsOf = (results: RunRecord["results"]) =>
  eachOf(results, ({ drawing }, stored) => drawing?.(stored) ?? null)

export const documentsOf = (
  results: RunRecord["results"]
): Effect.Effect<ReadonlyArray<Document>, never, ObjectStore | Kinds> =>
  eachOf(results, ({ value }, stored) =>
    value === null ? null : Effect.flatMap(ObjectStore, (store) => value(stored, readPart(store)))
  )

export const valuesOf = (documents: ReadonlyArray<Document>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(documents.map(({ name, value }) => [name, value]))

const FitValue: Schema.Schema<Fitted> = Schema.Struct({
  epochs: Schema.Number,
  bestEpoch: Schema.Number,
  validationAccuracy: Schema.Number,
  trainingRows: Schema.Number,
  validationRows: Schema.Number,
  validation: Schema.Literal("dataset", "held-out", "test")
})

type Named = Pick<AnyArtifact, "name">

/** Whether an artifact's name, without its version, is that of one of these. */
export const isOne = (artifacts: ReadonlyArray<Named>, name: string): boolean =>
  artifacts.some((each) => each.name === name)

/** How trainings went, by the documents that say so in the form that is told; others are tables like any. */
export const fitsOf = (views: ReadonlyArray<View>, documents: ReadonlyArray<Document>): ReadonlyArray<Fit> => {
  const artifacts = Views.those(views, "Fit").map(({ artifact }) => artifact)
  return documents.flatMap(({ name, artifact, value }) => {
    const fit = Schema.decodeUnknownOption(FitValue)(value)
    return isOne(artifacts, artifact) && Option.isSome(fit) ? [{ name, ...fit.value }] : []
  })
}

type Cell = string | number | null
const cellOf = (value: unknown): Cell =>
  typeof value === "string" || typeof value === "number" || value === null ? value : JSON.stringify(value)

/** Long lists are cut, so that a page stays a page. */
export const MOST_ROWS = 500
export const cut = (rows: number): string | null =>
  rows <= MOST_ROWS ? null : `The first ${MOST_ROWS} of ${rows} rows.`

const listTable = (name: string, list: ReadonlyArray<Readonly<Record<string, unknown>>>): Table => {
  const columns = [...new Set(list.flatMap((each) => Object.keys(each)))]
  const rows = list.slice(0, MOST_ROWS).map((each) => columns.map((column) => cellOf(each[column] ?? null)))
  return { name, columns, rows, note: cut(list.length), isOpen: false }
}

/** A document as tables: its own fields, and each list of records in it. */
export const tablesOf = ({ name, artifact, value }: Document): ReadonlyArray<Table> => {
  if (!Predicate.isRecord(value))
    return [{ name, columns: [artifact], rows: [[cellOf(value)]], note: null, isOpen: false }]
  const lists = Object.entries(value).flatMap(([field, list]) =>
    Array.isArray(list) && list.length > 0 && list.every(Predicate.isRecord) ? [{ field, list }] : []
  )
  const own = Object.entries(value).filter(([field]) => !lists.some((each) => each.field === field))
  const fields: ReadonlyArray<Table> =
    own.length === 0
      ? []
      : [
          {
            name,
            columns: ["field", "value"],
            rows: own.map(([field, each]) => [field, cellOf(each)]),
            note: null,
            isOpen: false
          }
        ]
  return [...fields, ...lists.map(({ field, list }) => listTable(`${name}: ${field}`, list))]
}
