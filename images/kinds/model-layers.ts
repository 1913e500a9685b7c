import { Effect, Schema } from "effect"
import { Artifact, Kind } from "headrace"
import { BoundedJson } from "headrace/files"

/** What `inspect` reads of a tfjs layers model: it may be anyone's, and of any kind of model. */
const Model = BoundedJson.schema(
  Schema.Struct({
    modelTopology: Schema.Struct({
      config: Schema.Struct({
        layers: Schema.Array(
          Schema.Struct({ class_name: Schema.String, config: Schema.Struct({ name: Schema.String }) })
        )
      })
    }),
    weightsManifest: Schema.NonEmptyArray(
      Schema.Struct({ weights: Schema.Array(Schema.Struct({ name: Schema.String, shape: Schema.Array(Schema.Int) })) })
    )
  })
)

export interface Layer {
  readonly name: string
  readonly kind: string
  readonly parameters: number
}

/** The layers of a stored model, each with the number of its parameters. */
export const layersOf = ({ artifact, content, parts }: Artifact.Stored) =>
  Effect.gen(function* () {
    const part = parts.find(({ name }) => name === "model.json")
    if (part === undefined)
      return yield* new Artifact.ArtifactUnreadable({ artifact, object: content, what: "it has no model.json" })
    const bytes = yield* Kind.read(part)
    const { modelTopology, weightsManifest } = yield* Schema.decodeUnknown(Model)(new TextDecoder().decode(bytes)).pipe(
      Effect.mapError(
        (error) => new Artifact.ArtifactUnreadable({ artifact, object: part.object, what: error.message })
      )
    )
    const weights = weightsManifest.flatMap((group) => group.weights)
    return modelTopology.config.layers.map(({ class_name: kind, config: { name } }): Layer => {
      const own = weights.filter((weight) => weight.name.startsWith(`${name}/`))
      return { name, kind, parameters: own.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0) }
    })
  })
