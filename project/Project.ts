import type { FileSystem } from "@effect/platform"
import { Effect, Layer } from "effect"
import { nearest } from "../artifacts/Explained.ts"
import type { Exported } from "../engine/Code.ts"
import type { ByName } from "../engine/Kind.ts"
import { DefinitionInvalid } from "../engine/Param.ts"
import { type AnyPipeline, together } from "../engine/Pipeline.ts"
import type * as Verdict from "../engine/Verdict.ts"
import type { FileDigests } from "../files/FileDigests.ts"
import type { Kind } from "../kinds/Kind.ts"
import { withOwn } from "../kinds/Kinds.ts"
import type { Check } from "./Check.ts"
import type { Place } from "./Place.ts"
import type { View } from "./View.ts"

/** The services that every project's stages, sources and layers are given, without a layer of the project's own. */
export type Given = FileDigests | FileSystem.FileSystem | Place

type LayerOf<R> = Layer.Layer<R, unknown, Given>
type Rasterize = (svg: string, zoom: number) => Effect.Effect<Uint8Array, unknown>

interface Common<S> {
  /** What `pipeline doctor` looks at beside Node, the memory and the folders. */
  readonly checks?: Effect.Effect<ReadonlyArray<Check>, unknown, Given | S>
  /** Kinds of artifacts beside the ready ones: `table`, `document`, `figure`, `files` and `checkpoint`. */
  readonly kinds?: ReadonlyArray<Kind>
  /** Artifacts that reports draw in a way of their own, in the order in which a page has them. */
  readonly views?: ReadonlyArray<View>
  /** Makes a PNG of an SVG drawing, with `zoom` pixels for each of the drawing's. Without it, comparisons are drawn as SVG alone. */
  readonly rasterize?: Rasterize
}

interface Running<R> {
  /** The services that stages need while they run. Only workers ask for them, so that no command waits for what is heavy. */
  readonly layer: () => Promise<LayerOf<R>>
}

interface Planning<S> {
  /** The services that sources and facts need while a run is planned. Every command builds them: they should be light. */
  readonly planning: LayerOf<S>
}

/**
 * What `headrace.config.ts` exports by default. Its types tell which services its layers give: to stages that run (`R`), and to
 * sources and facts while a run is planned (`S`).
 */
export interface Project<R, S> extends Running<R>, Planning<S> {
  readonly checks: Effect.Effect<ReadonlyArray<Check>, unknown, Given | S>
  readonly kinds: ByName<Kind>
  readonly views: ReadonlyArray<View>
  /** Makes a PNG of an SVG drawing; null where the project has nothing that does. */
  readonly rasterize: Rasterize | null
}

/**
 * Describes a project to the commands that are run in its folder. A pipeline whose stages need a service that neither layer gives does
 * not compile.
 *
 * @example
 * import { Context, Effect, Layer } from "effect"
 *
 * class Calibration extends Context.Tag("Calibration")<Calibration, { readonly factor: number }>() {}
 * class Lab extends Context.Tag("Lab")<Lab, { readonly measure: Effect.Effect<number> }>() {}
 *
 * // where Lab is heavy, `layer` imports it: async () => (await import("./services/Lab.ts")).live
 * export default Project.make({
 *   layer: async () => Layer.succeed(Lab, { measure: Effect.succeed(21) }),
 *   planning: Layer.succeed(Calibration, { factor: 2 })
 * })
 */
export const make = <R, S>({
  layer,
  planning,
  ...definition
}: Common<S> & Running<R> & Planning<S>): Project<R, S> => ({
  layer,
  planning,
  checks: definition.checks ?? Effect.succeed([]),
  kinds: withOwn(definition.kinds ?? []),
  views: definition.views ?? [],
  rasterize: definition.rasterize ?? null
})

/**
 * Describes a project whose stages and sources need no services but those that every project has.
 *
 * @example
 * export default Project.plain({ kinds: [Kind.make({ name: "scene" })] })
 */
export const plain = (definition: Common<never> = {}): Project<never, never> =>
  make({ ...definition, layer: () => Promise.resolve(Layer.empty), planning: Layer.empty })

/** Artifacts of a kind that nobody knows would be bytes that get to no results, and nobody would be told. */
const checkKinds = (kinds: ByName, { name: pipeline, definitions }: AnyPipeline): void => {
  for (const { name, outputs } of definitions)
    for (const [output, { kind }] of Object.entries(outputs)) {
      if (kinds.has(kind)) continue
      const known = [...kinds.keys()]
      const meant = nearest(kind, known)
      throw new DefinitionInvalid({
        what: `Pipeline "${pipeline}": the output "${output}" of ${name} is of the kind "${kind}", which the project does not know`,
        expected: `one of ${known.join(", ")}`,
        fix: `${meant === null ? "" : `Did you mean "${meant}"? `}A kind of the project's own is listed in kinds of headrace.config.ts: kinds: [Kind.make({ name: "${kind}" })].`
      })
    }
}

/** A project together with what its files hold. */
export interface Whole<R, S> extends Project<R, S> {
  readonly pipelines: ReadonlyArray<AnyPipeline<R | Given, S | Given>>
  /** What the files of stages export under their own names, the project's and those of packages: a stage's code is found by these. */
  readonly exported: Exported
}

/**
 * Joins what `headrace.config.ts` says with what the project's files hold, pipelines by their files' names. The build writes this
 * call, nobody else needs to. Throws `DefinitionInvalid` where a pipeline is called otherwise than its file, where one makes
 * artifacts of a kind that the project does not list, or where pipelines use different definitions under one name.
 */
export const whole = <R, S, Ps>(
  project: Project<R, S>,
  pipelines: Readonly<Record<string, AnyPipeline<NoInfer<R> | Given, NoInfer<S> | Given>>> &
    Verdict.Served<Ps, NoInfer<R> | Given, NoInfer<S> | Given>,
  exported: Exported
): Whole<R, S> => {
  for (const [file, { name }] of Object.entries(pipelines))
    if (name !== file)
      throw new DefinitionInvalid({
        what: `pipelines/${file}.ts exports a pipeline that is called "${name}"`,
        expected: `the name of its file, "${file}", which is that of its command`,
        fix: "Rename the pipeline, or its file."
      })
  for (const pipeline of Object.values(pipelines)) checkKinds(project.kinds, pipeline)
  return { ...project, pipelines: together(Object.values(pipelines)), exported }
}
