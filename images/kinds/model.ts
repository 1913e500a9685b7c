import { Effect, Stream } from "effect"
import { Artifact, Kind } from "headrace"
import { Classifier } from "../artifacts/Classifier.ts"
import { ImageClassifier } from "../artifacts/ImageClassifier.ts"
import { fromFiles } from "../models/Classifier.ts"
import { Hdf5, toHdf5 } from "../models/keras-model.ts"
import { layersOf } from "./model-layers.ts"

const file = (name: string, bytes: Uint8Array) => ({ file: name, bytes: Stream.make(bytes) })
const json = (name: string, value: unknown) =>
  file(name, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`))

/** Layers and parameter counts. */
const inspect = ({ stored }: Kind.Found) =>
  Effect.map(layersOf(stored), (layers): Kind.Shown => {
    const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0)
    return {
      blocks: [
        {
          columns: [{ header: "layer" }, { header: "kind" }, { header: "parameters", align: "right" }],
          rows: [
            ...layers.map((layer) => [layer.name, layer.kind, Kind.formatCount(layer.parameters)]),
            ["", "all", Kind.formatCount(parameters)]
          ]
        }
      ],
      details: { layers, parameters }
    }
  })

/** A trained network as a tfjs layers model and as a Keras model. It may be anyone's: nothing of it is written unchecked. */
const exported = ({ stored }: Kind.Found) =>
  Effect.gen(function* () {
    const artifact = [Classifier, ImageClassifier].find((each) => Artifact.id(each) === stored.artifact)
    if (artifact === undefined) {
      const what = `it is no ${Artifact.id(Classifier)} or ${Artifact.id(ImageClassifier)}`
      return yield* new Artifact.ArtifactUnreadable({ artifact: stored.artifact, object: stored.content, what })
    }
    const files = yield* Kind.decode(artifact, stored)
    const classifier = yield* fromFiles(files)
    const { classes, network } = classifier
    const shape = network.input.join(", ")
    const given =
      artifact === ImageClassifier
        ? `images, float32 [batch, ${shape}], RGB brought from 0 to 255 to [0, 1]`
        : `features, float32 [batch, ${shape}], of the frozen network that it was trained behind`
    return {
      files: [
        file("model.json", files["model.json"]),
        file("weights.bin", files["weights.bin"]),
        file("model.h5", yield* toHdf5(classifier)),
        json("classes.json", classes)
      ],
      notes: [
        `Takes ${given}.`,
        `Gives probabilities, float32 [batch, ${classes.length}], in the order of classes.json.`
      ],
      ways: [
        {
          title: "JavaScript, with TensorFlow.js (@tensorflow/tfjs): needs model.json and weights.bin",
          language: "js" as const,
          code: [
            'const model = await tf.loadLayersModel("model.json") // its URL',
            'const classes = await (await fetch("classes.json")).json()',
            `const probabilities = model.predict(tf.zeros([1, ${shape}]))`
          ]
        },
        {
          title: "Python, with Keras 3 or 2: needs model.h5",
          language: "python" as const,
          code: [
            "import json, keras, numpy",
            'model = keras.models.load_model("model.h5", compile=False)',
            'classes = json.load(open("classes.json", encoding="utf-8"))',
            `probabilities = model.predict(numpy.zeros([1, ${shape}]))`
          ]
        }
      ],
      details: { input: network.input, classes, layers: network.network }
    } satisfies Kind.Exported
  }).pipe(Effect.provide(Hdf5.live))

/** Networks as tfjs layers models. */
export const model = Kind.make(
  { name: "model", isResult: true, isPicture: () => false, value: null },
  { files: Kind.inFolder, inspect, export: exported }
)
