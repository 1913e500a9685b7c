import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Random from "../../../api/random.ts"
import * as Network from "../../../images/models/Network.ts"
import * as Training from "../../../images/models/Training.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"
import { folder } from "../../rig/folder.ts"
import { describeWith } from "../../rig/needs.ts"
import { python } from "../../rig/python.ts"

/** Trains by Keras' own optimizers, schedules, losses and callbacks, on the rows in the order that it is given. */
const PROGRAM = `
import sys, json, pathlib
import numpy, keras
at = pathlib.Path(sys.argv[1])
given = json.loads((at / "given.json").read_text())
width, hidden, classes = given["width"], given["hidden"], given["classes"]
inputs = numpy.fromfile(at / "inputs.f32", "float32").reshape(-1, width)
labels = numpy.fromfile(at / "labels.i32", "int32")
flat = numpy.fromfile(at / "weights.f32", "float32")
shapes = [(width, hidden), (hidden,), (hidden, classes), (classes,)]
ends = numpy.cumsum([numpy.prod(shape) for shape in shapes])
start = [part.reshape(shape) for part, shape in zip(numpy.split(flat, ends[:-1]), shapes)]
steps = -(-len(given["training"]) // given["batchSize"])

class Ordered(keras.utils.PyDataset):
    """Batches in a new order every epoch."""
    def __init__(self, targets):
        super().__init__()
        self.targets, self.epoch = targets, 0
    def __len__(self):
        return steps
    def __getitem__(self, step):
        size = given["batchSize"]
        rows = given["orders"][self.epoch][step * size:(step + 1) * size]
        return inputs[rows], self.targets[rows]

class Turn(keras.callbacks.Callback):
    """Tells the batches which epoch it is."""
    def __init__(self, batches):
        super().__init__()
        self.batches = batches
    def on_epoch_begin(self, epoch, logs=None):
        self.batches.epoch = epoch

def rate(case):
    options, schedules = case["optimizer"], keras.optimizers.schedules
    schedule = options.get("schedule")
    if schedule is None:
        return options["learningRate"]
    if schedule["kind"] == "step":
        return schedules.ExponentialDecay(
            options["learningRate"], schedule["epochs"] * steps, schedule["factor"], staircase=True)
    return schedules.CosineDecay(
        0.0, schedule["epochs"] * steps, alpha=schedule["end"],
        warmup_target=options["learningRate"], warmup_steps=schedule["warmUpEpochs"] * steps)

def optimizer(case):
    options = case["optimizer"]
    if options["kind"] == "sgd":
        return keras.optimizers.SGD(rate(case), momentum=options["momentum"])
    if options["kind"] == "adamw":
        return keras.optimizers.AdamW(rate(case), weight_decay=options["weightDecay"])
    return keras.optimizers.Adam(rate(case))

def train(case):
    model = keras.Sequential([
        keras.Input((width,)), keras.layers.Dense(hidden, activation="relu"), keras.layers.Dense(classes)])
    model.set_weights(start)
    smoothing = case.get("labelSmoothing", 0)
    targets = keras.utils.to_categorical(labels, classes)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    model.compile(optimizer(case), loss, metrics=["accuracy"])
    chosen = numpy.array(given["training"])
    weights = None
    if case.get("classWeights") == "balanced":
        counts = numpy.bincount(labels[chosen])
        weights = {name: len(chosen) / (len(counts) * count) for name, count in enumerate(counts)}
    stopping = case.get("stopping")
    batches = Ordered(targets)
    callbacks = [Turn(batches)] + ([] if stopping is None else [keras.callbacks.EarlyStopping(
        "val_" + stopping["on"], patience=stopping["patience"], restore_best_weights=True,
        mode="min" if stopping["on"] == "loss" else "max")])
    held = given["validation"]
    history = model.fit(
        batches, epochs=given["epochs"], shuffle=False, verbose=0, class_weight=weights,
        validation_data=(inputs[held], targets[held]), callbacks=callbacks).history
    return {
        "weights": [part.ravel().tolist() for part in model.get_weights()],
        "losses": history["loss"],
        "bestEpoch": int(numpy.argmin(history["val_loss"]) if stopping and stopping["on"] == "loss"
                         else numpy.argmax(history["val_accuracy"])) + 1,
    }

print(json.dumps({name: train(case) for name, case in given["cases"].items()}))
`
type Found = Readonly<
  Record<
    string,
    {
      readonly weights: ReadonlyArray<ReadonlyArray<number>>
      readonly losses: ReadonlyArray<number>
      readonly bestEpoch: number
    }
  >
>

const [width, hidden, classes, rows, seed, batchSize, epochs] = [12, 16, 3, 150, 4, 16, 12]
const noise = (step: number, count: number) => Random.uniform({ seed: 2, purpose: "weights", epoch: 0, step }, count, 1)

/** Three clouds that overlap, of which one has half of the rows. */
const dataOf = (): Training.Data => {
  const labels = Int32Array.from({ length: rows }, (_, row) => [0, 0, 1, 0, 2, 1][row % 6] ?? 0)
  const centres = noise(1, classes * width)
  const inputs = noise(3, rows * width).map(
    (value, at) => value + 0.5 * (centres[(labels[Math.floor(at / width)] ?? 0) * width + (at % width)] ?? 0)
  )
  const all = Training.allOf(rows)
  const [training, held] = [all.subarray(0, 107), all.subarray(107)]
  return { inputs, labels, shape: [width], classes, views: 1, training, validation: { inputs, labels, rows: held } }
}

type Case = Pick<Training.Options, "optimizer" | "labelSmoothing" | "classWeights"> & {
  readonly stopping?: NonNullable<Training.Options["stopping"]>
}
const adam = { kind: "adam", learningRate: 0.01 } as const
const sgd = { kind: "sgd", learningRate: 0.1, momentum: 0.9 } as const
const cosine = { kind: "cosine", warmUpEpochs: 2, epochs: 6, end: 0.1 } as const
const cases = {
  "cosine with a warm-up": { optimizer: { ...adam, schedule: cosine } },
  step: { optimizer: { ...adam, schedule: { kind: "step", epochs: 3, factor: 0.3 } } },
  "adamw by cosine": {
    optimizer: { ...adam, kind: "adamw", weightDecay: 0.3, schedule: cosine }
  },
  "label smoothing": { optimizer: sgd, labelSmoothing: 0.2 },
  "class weights": { optimizer: sgd, classWeights: "balanced" },
  "patience on the loss": { optimizer: { ...adam, learningRate: 0.1 }, stopping: { patience: 2, on: "loss" } },
  "patience on the accuracy": { optimizer: { ...adam, learningRate: 0.1 }, stopping: { patience: 3, on: "accuracy" } }
} as const satisfies Record<string, Case>
const nameOf = (layer: string, name: string) => `${layer}/${name}`

/** The weights of the best epoch where the training stops early, else those of the last one. */
const train = (data: Training.Data, layers: Network.Network, one: Case) =>
  Effect.gen(function* () {
    const fitting = yield* Training.open(layers, data, { ...one, l2: 0, batchSize, seed })
    for (let epoch = 1; epoch <= epochs && !(yield* fitting.isOver); epoch++) yield* fitting.epoch(epoch)
    const trained = yield* fitting.trained
    const { arrays } = yield* fitting.save
    const last = Network.weights(fitting.network).map(({ layer, name }) => arrays[nameOf(layer, name)]?.data)
    return { ...trained, weights: one.stopping === undefined ? last : trained.weights }
  }).pipe(Effect.scoped)

describeWith(["keras"], "beside Keras", () => {
  it.layer(Tensorflow.live)("a training", (it) => {
    it.effect(
      "has the weights that Keras' own schedules, AdamW, label smoothing, class weights and EarlyStopping give",
      () =>
        Effect.gen(function* () {
          const data = dataOf()
          const layers = Network.withEnd([{ kind: "dense", units: hidden, activation: "relu" }], classes)
          const network = yield* Network.check(layers, [width], classes)
          const at = folder()
          writeFileSync(join(at, "inputs.f32"), data.inputs)
          writeFileSync(join(at, "labels.i32"), data.labels)
          writeFileSync(
            join(at, "weights.f32"),
            Buffer.concat(Network.initialWeights(network, seed).map((each) => Buffer.from(each.buffer)))
          )
          const orders = Array.from({ length: epochs }, (_, epoch) => [
            ...Random.shuffle({ seed, purpose: "order", epoch: epoch + 1, step: 0 }, data.training)
          ])
          const parts = { training: [...data.training], validation: [...data.validation.rows] }
          const given = { width, hidden, classes, batchSize, epochs, orders, ...parts, cases }
          writeFileSync(join(at, "given.json"), JSON.stringify(given))
          const found = (yield* Effect.promise(() => python("keras", PROGRAM, [at], { KERAS_BACKEND: "jax" }))) as Found
          const apart = (weights: ReadonlyArray<ArrayLike<number> | undefined>, name: string) =>
            Math.max(
              ...(found[name]?.weights ?? []).flatMap((theirs, part) =>
                theirs.map((value, at) => Math.abs(value - (weights[part]?.[at] ?? Number.NaN)))
              )
            )
          for (const [name, one] of Object.entries<Case>(cases)) {
            const ours = yield* train(data, layers, one)
            const theirs = found[name]
            expect([name, ours.history.length, ours.weights.length]).toEqual([
              name,
              theirs?.losses.length,
              theirs?.weights.length
            ])
            expect(apart(ours.weights, name), name).toBeLessThan(1e-3)
            // and not those where nothing is asked for
            const plain = yield* train(data, layers, { optimizer: one.optimizer.kind === "sgd" ? sgd : adam })
            expect(apart(plain.weights, name), name).toBeGreaterThan(0.05)
            if (one.labelSmoothing === undefined && one.classWeights === undefined)
              ours.history.forEach(({ loss }, epoch) =>
                expect(loss).toBeCloseTo(theirs?.losses[epoch] ?? Number.NaN, 3)
              )
            if (one.stopping !== undefined) {
              expect([name, ours.bestEpoch, ours.isOver]).toEqual([name, theirs?.bestEpoch, true])
              expect(ours.history.length).toBe(ours.bestEpoch + one.stopping.patience)
              expect(ours.history.length).toBeLessThan(epochs)
            }
          }
        })
    )
  })
})
