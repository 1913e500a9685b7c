import { Effect } from "effect"
import { Artifact, Kind } from "headrace"
import { Classifier } from "../artifacts/Classifier.ts"
import { ImageClassifier } from "../artifacts/ImageClassifier.ts"
import { WholeClassifier } from "../artifacts/WholeClassifier.ts"
import { fromFiles } from "../models/Classifier.ts"
import { Hdf5, toHdf5 } from "../models/keras-model.ts"
import { bytesFile, cardOf, jsonFile, kerasWay, layersTable, tfjsWay } from "./model-files.ts"
import { exportedWhole } from "./whole.ts"

/** Layers and parameter counts. */
const inspect = ({ stored }: Kind.Found) =>
  Effect.map(
    layersTable(stored),
    ({ layers, parameters, table }): Kind.Shown => ({ blocks: [table], details: { layers, parameters } })
  )

/** A trained network as a tfjs layers model and as a Keras model. It may be anyone's: nothing of it is written unchecked. */
const exportedClassifier = ({ stored }: Kind.Found) =>
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
    const notes = [
      `Takes ${given}.`,
      `Gives probabilities, float32 [batch, ${classes.length}], in the order of classes.json.`
    ]
    return {
      files: [
        bytesFile("model.json", files["model.json"]),
        bytesFile("weights.bin", files["weights.bin"]),
        bytesFile("model.h5", yield* toHdf5(classifier)),
        jsonFile("classes.json", classes)
      ],
      notes,
      ways: [
        tfjsWay(`const probabilities = model.predict(tf.zeros([1, ${shape}]))`),
        kerasWay("Keras 3 or 2", `probabilities = model.predict(numpy.zeros([1, ${shape}]))`)
      ],
      details: { input: network.input, classes, layers: network.network },
      card: yield* cardOf(stored, notes)
    } satisfies Kind.Exported
  })

const exported = (found: Kind.Found) =>
  Effect.provide(
    found.stored.artifact === Artifact.id(WholeClassifier) ? exportedWhole(found) : exportedClassifier(found),
    Hdf5.live
  )

/** Networks as tfjs layers models. */
export const model = Kind.make(
  { name: "model", isResult: true, isPicture: () => false, value: null },
  { files: Kind.inFolder, inspect, export: exported }
)
