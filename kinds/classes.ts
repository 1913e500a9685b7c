import { Option, Schema } from "effect"
import type * as ArrowTable from "../artifacts/ArrowTable.ts"
import * as BoundedJson from "../artifacts/BoundedJson.ts"

const decodeNames = Schema.decodeUnknownOption(BoundedJson.schema(Schema.Array(Schema.String)))

/** The names of a table's classes, by the numbers in its column `label`; none where its metadata has none. */
export const classesOf = ({ metadata }: ArrowTable.Header): ReadonlyArray<string> =>
  Option.getOrElse(decodeNames(metadata.classes), () => [])
