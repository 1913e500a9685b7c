import { Either, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import { ChunkTrace, Trace } from "./Trace.ts"
import { isTrace } from "./TraceCheck.ts"

/** A schema as JSON text, made once: making one costs many times what it decodes. */
const format = <A, I>(schema: Schema.Schema<A, I>) => {
  const json = BoundedJson.schema(schema)
  return { decode: Schema.decodeEither(json), encode: Schema.encode(json) }
}
/** How a record is read from a text, and written. */
export type Format<A> = ReturnType<typeof format<A, unknown>>

const parsed = (text: string): unknown => {
  try {
    return BoundedJson.parse(text)
  } catch {
    return null
  }
}

const traceFormat = format(Trace)
/** Traces as JSON. A thousand are read at a time: those that look right are not walked through by their schema again. */
export const whole: Format<Trace> = {
  ...traceFormat,
  decode: (text) => {
    const value = parsed(text)
    return isTrace(value) ? Either.right(value) : traceFormat.decode(text)
  }
}
/** Traces of chunks as JSON. */
export const ofChunk: Format<ChunkTrace> = format(ChunkTrace)
