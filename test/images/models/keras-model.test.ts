import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Random from "../../../api/random.ts"
import * as DenseHead from "../../../images/models/DenseHead.ts"
import * as Evaluation from "../../../images/models/Evaluation.ts"
import { Hdf5, toHdf5 } from "../../../images/models/keras-model.ts"
import * as Network from "../../../images/models/Network.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"
import { deepCnn } from "../../../pipelines/deep-cnn.ts"
import { simpleCnn } from "../../../pipelines/simple-cnn.ts"
import { folder } from "../../rig/folder.ts"
import { describeWith } from "../../rig/needs.ts"
import { python } from "../../rig/python.ts"

/** Opens every model of the folder as a user would; says how it is built, and what it predicts. */
const PROGRAM = `
import sys, json, pathlib, warnings
warnings.simplefilter("error")
import numpy, keras
found = {}
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.h5")):
    model = keras.models.load_model(file, compile=False)
    inputs = numpy.fromfile(file.with_suffix(".f32"), "float32").reshape([-1, *model.input_shape[1:]])
    copy = keras.models.clone_model(model)
    found[file.stem] = {
        "layers": [layer.name for layer in model.layers],
        "parameters": model.count_params(),
        "probabilities": model.predict(inputs, verbose=0).ravel().tolist(),
        "drawnAnew": all(numpy.ptp(layer.kernel) > 0 for layer in copy.layers if hasattr(layer, "kernel")),
    }
print(json.dumps(found))
`
type Found = Readonly<
  Record<
    string,
    {
      readonly layers: ReadonlyArray<string>
      readonly parameters: number
      readonly probabilities: ReadonlyArray<number>
      readonly drawnAnew: boolean
    }
  >
>

const floats = (step: number, count: number) =>
  Random.uniform({ seed: 5, purpose: "weights", epoch: 0, step }, count, 0.5)

const classifierOf = (layers: Network.Network, input: ReadonlyArray<number>, classes = 10) =>
  Effect.map(Network.check(Network.withEnd(layers, classes), input, classes), (network) => {
    const drawn = Network.initialWeights(network, 1)
    const weights = Network.weights(network).map(({ name, size }, at) =>
      name === "bias" ? floats(at, size) : (drawn[at] ?? new Float32Array())
    )
    return { network, weights, classes: Array.from({ length: classes }, (_, index) => `class ${index}`) }
  })

const every: Network.Network = [
  { kind: "conv2d", filters: 4, kernelSize: 3, padding: "same", activation: "relu" },
  { kind: "max-pool", size: 2 },
  { kind: "conv2d", filters: 3, kernelSize: 2, padding: "valid", activation: "linear" },
  { kind: "dropout", rate: 0.5 },
  { kind: "flatten" },
  { kind: "dense", units: 5, activation: "linear" }
]

/** Reads the names of the layers as Keras does. */
const NAMES = `
import sys, json, h5py
from keras.src.legacy.saving.legacy_h5_format import load_attributes_from_hdf5_group
with h5py.File(sys.argv[1]) as file:
    print(json.dumps(load_attributes_from_hdf5_group(file["model_weights"], "layer_names")))
`

describeWith(["keras"], "to Keras", () => {
  it.layer(Tensorflow.live)("a classifier written as HDF5", (it) => {
    it.scoped("is opened by Keras, layer by layer, and predicts what our own runtime predicts", () =>
      Effect.gen(function* () {
        const at = folder()
        const image = [32, 32, 3]
        const classifiers = {
          head: yield* classifierOf(DenseHead.layers({ units: 2048, dropout: 0.5 }), [1280]),
          simple: yield* classifierOf(simpleCnn.params.network.default, image),
          deep: yield* classifierOf(deepCnn.params.network.default, image),
          every: yield* classifierOf(every, [7, 6, 3], 3)
        }
        const rows = 9
        const ours: Record<string, Float32Array> = {}
        for (const [name, classifier] of Object.entries(classifiers)) {
          const { network, weights } = classifier
          const inputs = floats(77, rows * network.input.reduce((a, b) => a * b, 1))
          writeFileSync(join(at, `${name}.f32`), inputs)
          writeFileSync(join(at, `${name}.h5`), yield* toHdf5(classifier))
          ours[name] = yield* Effect.flatMap(Evaluation.predictor(network, weights), (predict) => predict(inputs))
        }
        const found = (yield* Effect.promise(() => python("keras", PROGRAM, [at], { KERAS_BACKEND: "jax" }))) as Found
        expect(Object.keys(found).sort()).toEqual(Object.keys(classifiers).sort())
        for (const [name, { network }] of Object.entries(classifiers)) {
          const theirs = found[name]
          expect(theirs?.layers).toEqual(network.layers.map((each) => each.name))
          expect(theirs?.parameters).toBe(Network.parameters(network))
          expect(theirs?.drawnAnew).toBe(true)
          const differences = theirs?.probabilities.map((value, index) => Math.abs(value - (ours[name]?.[index] ?? 2)))
          expect(differences).toHaveLength(rows * network.classes)
          expect(Math.max(...(differences ?? [1]))).toBeLessThan(1e-4)
          // rows that all look alike would agree for any weights
          expect(new Set(theirs?.probabilities.map((value) => value.toFixed(3))).size).toBeGreaterThan(rows)
        }
      }).pipe(Effect.provide(Hdf5.live))
    )
  })

  it.effect("a network of more layers than one attribute can name is written as Keras does", () =>
    Effect.gen(function* () {
      const many = Array.from({ length: 5000 }, () => ({ kind: "dropout" as const, rate: 0.1 }))
      const classifier = yield* classifierOf(many, [4], 2)
      const file = join(folder(), "many.h5")
      writeFileSync(file, yield* toHdf5(classifier))
      const names = yield* Effect.promise(() => python("keras", NAMES, [file], { KERAS_BACKEND: "jax" }))
      expect(names).toEqual(classifier.network.layers.map(({ name }) => name))
    }).pipe(Effect.provide(Hdf5.live))
  )
})
