import { Schema } from "effect"
import { Document } from "headrace"

export const Total = Document.make("Total", 1, Schema.Struct({ total: Schema.Number }))
