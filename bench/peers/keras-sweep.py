"""Trains heads on the same features one after the other with Keras: what a script of a sweep does.

    python bench/peers/keras-sweep.py --train FOLDER --units 128 --rates 0.0001,0.001 --epochs 20 --batch-size 512

Reads the features once. The same rows are held out as ours (--held-out, a JSON list). Prints one JSON line: the best
validation accuracy of each rate and the seconds of all trainings, without reading. Needs keras, tensorflow-cpu, pyarrow.
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
read = importlib.import_module("keras-head").read
seed = importlib.import_module("seeded").seed

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--held-out", type=pathlib.Path, required=True)
    parser.add_argument("--units", type=int, required=True)
    parser.add_argument("--rates", type=lambda text: [float(rate) for rate in text.split(",")], required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--dropout", type=float, required=True)
    given = parser.parse_args()

    import keras

    features, labels = read(given.train)
    validation = np.array(json.loads(given.held_out.read_text()))
    training = np.setdiff1d(np.arange(len(labels)), validation)
    x, y = features[training], labels[training]
    held = (features[validation], labels[validation])
    best = []
    started = time.perf_counter()
    for rate in given.rates:
        seed(0)
        model = keras.Sequential(
            [
                keras.Input((features.shape[1],)),
                keras.layers.Dense(given.units, activation="relu"),
                keras.layers.Dropout(given.dropout),
                keras.layers.Dense(10),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss, metrics=["accuracy"])
        history = model.fit(
            x, y, validation_data=held, batch_size=given.batch_size, epochs=given.epochs, verbose=0
        ).history
        best.append(max(history["val_accuracy"]))
    seconds = time.perf_counter() - started
    steps = -(-len(training) // given.batch_size) * given.epochs * len(given.rates)
    print(json.dumps({"bestValidationAccuracies": best, "seconds": seconds, "millisecondsPerStep": 1000 * seconds / steps}))
