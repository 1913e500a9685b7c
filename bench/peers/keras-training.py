"""Trains the networks of bench/training.mjs with Keras, on command, so that the two can take turns.

Reads one JSON document a line on standard input and answers each with one on standard output:
    {"do": "open", "name", "layers", "input", "folder", "batchSize", "learningRate"}   -> {"parameters"}
    {"do": "losses", "name", "steps"}   -> {"losses"}: of the first steps from the stored weights, without dropout
    {"do": "time", "name", "steps"}     -> {"milliseconds"} of a step, the mean over that many in model.fit

The folder holds inputs.f32, labels.i32 and weights.f32, little-endian. Needs keras and tensorflow (or tensorflow-cpu).
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def build(layers, shape, dropout):
    import keras

    stack = [keras.Input(tuple(shape))]
    for layer in layers:
        kind = layer["kind"]
        # the softmax is in the loss, which takes logits
        activation = {"relu": "relu"}.get(layer.get("activation"))
        if kind == "conv2d":
            stack.append(
                keras.layers.Conv2D(layer["filters"], layer["kernelSize"], padding=layer["padding"], activation=activation)
            )
        elif kind == "max-pool":
            stack.append(keras.layers.MaxPooling2D(layer["size"]))
        elif kind == "global-average-pooling":
            stack.append(keras.layers.GlobalAveragePooling2D())
        elif kind == "flatten":
            stack.append(keras.layers.Flatten())
        elif kind == "dense":
            stack.append(keras.layers.Dense(layer["units"], activation=activation))
        elif kind == "dropout":
            stack.append(keras.layers.Dropout(layer["rate"] if dropout else 0.0))
        else:
            raise SystemExit(f"Layer kind {kind} is unknown; expected one of Network.ts. Add it to keras-training.py.")
    return keras.Sequential(stack)


class Case:
    def __init__(self, request):
        self.request = request
        folder = Path(request["folder"])
        self.inputs = np.fromfile(folder / "inputs.f32", "<f4").reshape([-1, *request["input"]])
        self.labels = np.fromfile(folder / "labels.i32", "<i4")
        self.weights = np.fromfile(folder / "weights.f32", "<f4")
        self.model = self.compiled(dropout=True)
        self.model.fit(self.inputs, self.labels, batch_size=request["batchSize"], verbose=0)

    def compiled(self, dropout):
        import keras

        model = build(self.request["layers"], self.request["input"], dropout)
        at, arrays = 0, []
        for array in model.get_weights():
            arrays.append(self.weights[at : at + array.size].reshape(array.shape))
            at += array.size
        model.set_weights(arrays)
        model.compile(
            optimizer=keras.optimizers.Adam(self.request["learningRate"]),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        return model

    def losses(self, steps):
        model, size = self.compiled(dropout=False), self.request["batchSize"]
        losses = []
        for step in range(steps):
            rows = np.arange(step * size, (step + 1) * size) % len(self.labels)
            model.reset_metrics()
            losses.append(float(model.train_on_batch(self.inputs[rows], self.labels[rows])[0]))
        return losses

    def time(self, steps):
        import keras

        per_epoch, skipped = len(self.labels) // self.request["batchSize"], 5
        ends = []

        class Clock(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                ends.append(time.perf_counter())

        # whole batches within one epoch: neither the making of the data set nor the end of an epoch is in the time
        taken = min(steps + skipped, per_epoch) * self.request["batchSize"]
        self.model.fit(
            self.inputs[:taken], self.labels[:taken], batch_size=self.request["batchSize"], callbacks=[Clock()], verbose=0
        )
        return (ends[-1] - ends[skipped - 1]) / (len(ends) - skipped) * 1000


def main():
    cases = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request["name"]
        if request["do"] == "open":
            cases[name] = Case(request)
            answer = {"parameters": int(cases[name].model.count_params())}
        elif request["do"] == "losses":
            answer = {"losses": cases[name].losses(request["steps"])}
        else:
            answer = {"milliseconds": cases[name].time(request["steps"])}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
