import { Effect, Stream } from "effect"
import { type Artifact, Kind } from "headrace"
import { layersOf } from "./model-layers.ts"

/** A file of an export, of bytes. */
export const bytesFile = (file: string, bytes: Uint8Array): Kind.ExportedFile => ({ file, bytes: Stream.make(bytes) })

/** A file of an export, of JSON. */
export const jsonFile = (file: string, value: unknown): Kind.ExportedFile =>
  bytesFile(file, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`))

/** The layers of a stored model as a table, and the number of its parameters. */
export const layersTable = (stored: Artifact.Stored) =>
  Effect.map(layersOf(stored), (layers) => {
    const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0)
    const table: Kind.TableBlock = {
      columns: [{ header: "layer" }, { header: "kind" }, { header: "parameters", align: "right" }],
      rows: [
        ...layers.map((layer) => [layer.name, layer.kind, Kind.formatCount(layer.parameters)]),
        ["", "all", Kind.formatCount(parameters)]
      ]
    }
    return { layers, parameters, table }
  })

/** The card of a stored model: what it is in some sentences, and how large. */
export const cardOf = (stored: Artifact.Stored, told: ReadonlyArray<string>) =>
  Effect.map(layersOf(stored), (layers): Kind.Card => {
    const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0)
    return {
      file: "MODEL_CARD.md",
      title: "Model card",
      blocks: [...told, `${Kind.formatCount(parameters)} parameters in ${layers.length} layers.`]
    }
  })
