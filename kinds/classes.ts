import { Option, Schema } from "effect"
import type * as ArrowTable from "../artifacts/ArrowTable.ts"
import * as BoundedJson from "../artifacts/BoundedJson.ts"

const decodeNames = Schema.decodeUnknownOption(BoundedJson.schema(Schema.Array(Schema.String)))

/** The names of a table's classes, in the order of the numbers in its column `label`; empty where the table's metadata has none. */
export const classesOf = ({ metadata }: ArrowTable.Header): ReadonlyArray<string> =>
  Option.getOrElse(decodeNames(metadata.classes), () => [])
