"""Trains one of the homework's networks with Keras as the homework does: the best epoch is chosen on the test images.

    python bench/peers/keras-networks.py --train FOLDER --test FOLDER --layers JSON --epochs 15

The folders hold .arrow files with columns "image" (uint8) and "label", as the cache holds them. Adam, sparse categorical
cross-entropy, the loss over logits. Prints one JSON line: the history, the best validation accuracy and the seconds of an
epoch without the first. Needs keras, tensorflow-cpu and pyarrow.
"""

import argparse
import importlib
import json
import pathlib
import sys
import time

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
read_arrow = importlib.import_module("keras-features").read_arrow
build = importlib.import_module("keras-training").build
seed = importlib.import_module("seeded").seed


def read(folder, shape):
    import pyarrow as pa

    labels = [pa.ipc.open_file(path.read_bytes()).read_all()["label"].to_numpy() for path in sorted(folder.iterdir())]
    return read_arrow(folder, "image", shape).astype("float32") / 255, np.concatenate(labels)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=pathlib.Path, required=True)
    parser.add_argument("--test", type=pathlib.Path, required=True)
    parser.add_argument("--layers", type=json.loads, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()

    import keras

    seed(given.seed)
    shape = (32, 32, 3)
    images, labels = read(given.train, shape)
    model = build([*given.layers, {"kind": "dense", "units": 10, "activation": "softmax"}], shape, dropout=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(given.learning_rate), loss=loss, metrics=["accuracy"])

    seconds = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.begun = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - self.begun)

    history = model.fit(
        images,
        labels,
        validation_data=read(given.test, shape),
        batch_size=given.batch_size,
        epochs=given.epochs,
        callbacks=[Clock()],
        verbose=0,
    ).history
    accuracies = history["val_accuracy"]
    print(
        json.dumps(
            {
                "bestValidationAccuracy": max(accuracies),
                "bestEpoch": accuracies.index(max(accuracies)) + 1,
                "secondsPerEpoch": float(np.mean(seconds[1:] or seconds)),
                "history": history,
            }
        )
    )
