import { definitionsIn, type Exported } from "../../engine/Code.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"

/** Parameters of a pipeline that the same stages read. */
export interface ParamGroup {
  /** Sources and stages by name, or the pipeline where only its wiring depends on them. */
  readonly readers: ReadonlyArray<string>
  readonly params: ReadonlyArray<string>
}

interface Reader {
  readonly name: string
  readonly params: Param.Params
}

/**
 * The parameters by who reads them, in the order in which the readers come in the graph of the defaults. `exported`: what the
 * files of the project's stages export, of which a pipeline may use some at other parameters only.
 */
export const paramGroups = (pipeline: Pipeline.AnyPipeline, exported: Exported): ReadonlyArray<ParamGroup> => {
  const definitions: ReadonlyArray<Reader> = definitionsIn(exported)
  const { entries } = Pipeline.graph(pipeline, Pipeline.defaults(pipeline.params))
  const used = new Map(entries.map(({ node }) => [node.definition.name, node] as const))
  const groups = new Map<string, { readonly readers: ReadonlyArray<string>; readonly params: Array<string> }>()
  for (const [name, param] of Object.entries(pipeline.params)) {
    const reads = ({ params }: Reader) => params[name] !== undefined && Param.same(param, params[name])
    const inGraph = [...used.values()].filter(({ definition, given }) => name in given && reads(definition))
    const found = inGraph.length > 0 ? inGraph.map(({ definition }) => definition) : definitions.filter(reads)
    const readers = found.length > 0 ? found.map((each) => each.name) : ["the pipeline itself"]
    const group = groups.get(readers.join()) ?? { readers, params: [] }
    group.params.push(name)
    groups.set(readers.join(), group)
  }
  const order = [...used.keys()]
  const place = ({ readers }: ParamGroup) => {
    const at = order.indexOf(readers[0] ?? "")
    return at < 0 ? order.length : at
  }
  return [...groups.values()].sort((a, b) => place(a) - place(b))
}
