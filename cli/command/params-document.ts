import type { Exported } from "../../engine/Code.ts"
import { encode } from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import { optionName } from "./option-text.ts"
import { paramGroups } from "./param-groups.ts"
import { valuesText } from "./param-values.ts"

/** A pipeline's parameters, for programs. */
export const paramsDocument = (pipeline: Pipeline.AnyPipeline, exported: Exported) => {
  const defaults = encode(pipeline.params, Pipeline.defaults(pipeline.params))
  const groups = paramGroups(pipeline, exported)
  return Object.entries(pipeline.params).map(([name, param]) => ({
    name,
    option: `--${optionName(name)}`,
    default: defaults[name],
    values: valuesText(param),
    description: param.description,
    readers: groups.find(({ params }) => params.includes(name))?.readers ?? []
  }))
}
