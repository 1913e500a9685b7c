import { Effect, Stream } from "effect"
import { type Artifact, Kind } from "headrace"
import { layersOf } from "./model-layers.ts"

/** A file of an export, of bytes. */
export const bytesFile = (file: string, bytes: Uint8Array): Kind.ExportedFile => ({ file, bytes: Stream.make(bytes) })

/** A file of an export, of JSON. */
export const jsonFile = (file: string, value: unknown): Kind.ExportedFile =>
  bytesFile(file, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`))

/** How TensorFlow.js opens `model.json`, with the names of the classes, and what is then done with `model`. */
export const tfjsWay = (...code: ReadonlyArray<string>): Kind.Way => ({
  title: "JavaScript, with TensorFlow.js (@tensorflow/tfjs): needs model.json and weights.bin",
  language: "js",
  code: [
    'const model = await tf.loadLayersModel("model.json") // its URL',
    'const classes = await (await fetch("classes.json")).json()',
    ...code
  ]
})

/** A line of Python that reads the names of the classes. */
export const CLASSES_IN_PYTHON = 'classes = json.load(open("classes.json", encoding="utf-8"))'

/** How these versions of Keras open `model.h5`, with the names of the classes, and what is then done with `model`. */
export const kerasWay = (versions: string, ...code: ReadonlyArray<string>): Kind.Way => ({
  title: `Python, with ${versions}: needs model.h5`,
  language: "python",
  code: [
    "import json, keras, numpy",
    'model = keras.models.load_model("model.h5", compile=False)',
    CLASSES_IN_PYTHON,
    ...code
  ]
})

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
