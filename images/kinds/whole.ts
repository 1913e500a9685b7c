import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Effect, Schema } from "effect"
import { Explained, Kind } from "headrace"
import { WholeClassifier } from "../artifacts/WholeClassifier.ts"
import { wholeToHdf5 } from "../models/keras-model.ts"
import { fromFiles } from "../models/Whole.ts"
import { wholeOnnx } from "../models/whole-onnx.ts"
import * as OwnPlace from "../services/OwnPlace.ts"
import { onnxFile } from "../services/onnx-model.ts"
import { bytesFile, CLASSES_IN_PYTHON, cardOf, jsonFile, kerasWay, tfjsWay } from "./model-files.ts"
import { wholePage } from "./whole-page.ts"

/** The TensorFlow.js that goes into the page is not where npm puts it. */
class RuntimeMissing extends Explained.TaggedError<RuntimeMissing>()(
  "RuntimeMissing",
  { what: Schema.String },
  ({ what }) => ({
    what: `TensorFlow.js cannot be read, which the page of a whole model has in it: ${what}`,
    expected: "the package @tensorflow/tfjs, as npm installs it",
    fix: "Install the project's packages again: npm ci."
  })
) {}

/** The text of TensorFlow.js for browsers. */
export const runtime = Effect.tryPromise({
  try: () => readFile(createRequire(OwnPlace.file()).resolve("@tensorflow/tfjs/dist/tf.es2017.min.js"), "utf8"),
  catch: (error) => new RuntimeMissing({ what: error instanceof Error ? error.message : String(error) })
})

/**
 * A whole model for TensorFlow.js, Keras and ONNX, and as a page that says what photos show. It may be anyone's: nothing of it is
 * written unchecked.
 */
export const exportedWhole = (found: Kind.Found) =>
  Effect.gen(function* () {
    const files = yield* Kind.decode(WholeClassifier, found.stored)
    const whole = yield* fromFiles(files)
    const { classes, image, backbone, network } = whole
    const shape = [...image, 3].join(", ")
    const page = wholePage(found.pipeline.replace(/\..*/, ""), whole, files, yield* runtime)
    const notes = [
      `Takes images, float32 [batch, ${shape}], RGB from 0 to 255: all that is done to pixels before is in it.`,
      `Gives probabilities, float32 [batch, ${classes.length}], in the order of classes.json.`,
      "index.html says what a dropped photo or the camera shows, without a network: open it by a double click."
    ]
    return {
      files: [
        bytesFile("model.json", files["model.json"]),
        bytesFile("weights.bin", files["weights.bin"]),
        bytesFile("model.h5", yield* wholeToHdf5(whole)),
        bytesFile("model.onnx", onnxFile(wholeOnnx(whole))),
        jsonFile("classes.json", classes),
        bytesFile("index.html", new TextEncoder().encode(page))
      ],
      notes,
      ways: [
        tfjsWay(
          `const photo = tf.browser.fromPixels(document.querySelector("img")) // ${image[1]} x ${image[0]} pixels`,
          "const probabilities = model.predict(photo.expandDims().toFloat())"
        ),
        kerasWay("Keras 3", `probabilities = model.predict(numpy.zeros([1, ${shape}], "float32"))`),
        {
          title: "Python, with the ONNX runtime: needs model.onnx",
          language: "python" as const,
          code: [
            "import json, numpy, onnxruntime",
            'session = onnxruntime.InferenceSession("model.onnx")',
            CLASSES_IN_PYTHON,
            `[probabilities] = session.run(["probabilities"], {"images": numpy.zeros([1, ${shape}], "float32")})`
          ]
        }
      ],
      details: { input: [...image, 3], classes, backbone, layers: network.network },
      card: yield* cardOf(found.stored, [
        backbone === null
          ? "A network trained on the images themselves."
          : `A head on the features of the frozen network ${backbone}.`,
        ...notes.slice(0, 2)
      ])
    } satisfies Kind.Exported
  })
