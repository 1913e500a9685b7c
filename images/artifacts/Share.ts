import { Schema } from "effect"

/** A part of a whole, such as an accuracy: from 0 to 1. */
export const Share = Schema.Number.pipe(Schema.between(0, 1))
