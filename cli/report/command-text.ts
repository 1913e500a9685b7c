import type { AnyPipeline } from "../../engine/Pipeline.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import { optionName } from "../param-options.ts"

/** A word of a POSIX shell's command line. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** A parameter's encoded value as it would be typed, and as people read it; a run of an older program may lack it. */
export const valueText = (value: unknown): string =>
  value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value)

/** The parameters as they are when nobody gives them, encoded. */
export const defaultsOf = (pipeline: AnyPipeline): Readonly<Record<string, unknown>> =>
  Pipeline.encodeParams(pipeline, Pipeline.defaults(pipeline.params))

export const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/**
 * The command that runs the pipeline with these parameters, defaults left out; null where the pipeline does not know one
 * of them any more.
 */
export const commandOf = (pipeline: AnyPipeline, params: Readonly<Record<string, unknown>>): string | null => {
  const defaults = defaultsOf(pipeline)
  if (Object.keys(params).some((name) => !(name in defaults))) return null
  const options = Object.entries(params).flatMap(([name, value]) => {
    if (isSame(value, defaults[name])) return []
    const text = valueText(value)
    const option = `--${optionName(name)}`
    return text.startsWith("-") ? [shellWord(`${option}=${text}`)] : [option, shellWord(text)]
  })
  return ["npx pipeline run", pipeline.name, ...options].join(" ")
}
