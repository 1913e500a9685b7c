import * as path from "node:path"
import { Effect, Stream } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import { ArtifactUnreadable, id } from "../artifacts/Artifact.ts"
import * as Digest from "../artifacts/Digest.ts"
import { ObjectStore, type ReadFailure, readPart } from "../cache/ObjectStore.ts"
import type { AnyPipeline } from "../engine/Pipeline.ts"
import { Classifier } from "../images/artifacts/Classifier.ts"
import { ImageClassifier } from "../images/artifacts/ImageClassifier.ts"
import { fromFiles } from "../images/models/Classifier.ts"
import { Hdf5, toHdf5 } from "../images/models/keras-model.ts"
import type * as Address from "./artifact-address.ts"
import type { FileToBuild } from "./build-folder.ts"
import { filesOf } from "./results-writer.ts"
import { layoutOf } from "./table-layout.ts"
import { UsageInvalid } from "./Usage.ts"

/** How to open some of the files, and in which language. */
export interface Way {
  readonly title: string
  readonly language: "js" | "python"
  readonly code: ReadonlyArray<string>
}

/** What an export of an artifact consists of. */
export interface Exported {
  readonly files: ReadonlyArray<FileToBuild<ReadFailure | ArtifactUnreadable>>
  /** What somebody has to know of the files to use them. */
  readonly notes: ReadonlyArray<string>
  readonly ways: ReadonlyArray<Way>
  /** The same for programs. */
  readonly details: object
}

const file = (name: string, bytes: Uint8Array) => ({ file: name, bytes: Stream.make(bytes) })
const json = (name: string, value: unknown) =>
  file(name, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`))

/** A trained network as a tfjs layers model and as a Keras model. It may be anyone's: nothing of it is written unchecked. */
const modelFiles = ({ stored }: Address.Found) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const artifact = [Classifier, ImageClassifier].find((each) => id(each) === stored.artifact)
    if (artifact === undefined) {
      const what = `it is no ${id(Classifier)} or ${id(ImageClassifier)}`
      return yield* new ArtifactUnreadable({ artifact: stored.artifact, object: stored.content, what })
    }
    const files = yield* artifact.decode(stored, readPart(store))
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
        file("model.h5", yield* Effect.provide(toHdf5(classifier), Hdf5.live)),
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
    } satisfies Exported
  })

/** A table as one Arrow file. */
const tableFiles = (pipelines: ReadonlyArray<AnyPipeline>, found: Address.Found) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const { output, stored } = found
    const layout = layoutOf(pipelines, found)
    if (layout === null) {
      const what = `no stage of this project makes it any more`
      return yield* new ArtifactUnreadable({ artifact: stored.artifact, object: stored.content, what })
    }
    const name = `${output}.arrow`
    return {
      files: [{ file: name, bytes: ArrowTable.toFile(layout, stored, readPart(store)) }],
      notes: [],
      ways: [
        {
          title: "Python, with pyarrow",
          language: "python" as const,
          code: ["import pyarrow.ipc", `table = pyarrow.ipc.open_file("${name}").read_all()`]
        }
      ],
      details: { rows: stored.rows }
    } satisfies Exported
  })

/** The files of a figure, a document or a checkpoint, as they are. The trace that names the output may come from elsewhere. */
const copies = ({ output, stored }: Address.Found) =>
  Effect.map(
    ObjectStore,
    (store): Exported => ({
      files: filesOf(path.basename(output), stored).map(({ file, object }) => ({
        file,
        bytes: Stream.fromEffect(store.get(object))
      })),
      notes: [],
      ways: [],
      details: {}
    })
  )

/** The files in which other programs open an artifact. */
export const filesToExport = (pipelines: ReadonlyArray<AnyPipeline>, found: Address.Found) => {
  const { kind, artifact, content } = found.stored
  switch (kind) {
    case "model":
      return modelFiles(found)
    case "table":
      return tableFiles(pipelines, found)
    case "figure":
    case "document":
    case "checkpoint":
      return copies(found)
    case "files":
      return Effect.fail(
        new UsageInvalid({
          what: `${artifact} ${Digest.short(content)} lies outside of the cache`,
          expected: "what a stage made",
          fix: "Copy the file itself."
        })
      )
  }
}
