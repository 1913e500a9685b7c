"""Trains the dense head with Keras, as a peer to compare accuracy and speed with.

Reads features [rows, 1280] float32 and labels [rows] int from folders of .arrow files (columns "feature" and "label", as
the cache holds them) or .npz files (arrays "features" and "labels"). Prints one JSON document: the test accuracy and mean
cross-entropy (nats) of the epoch with the best validation accuracy, the history, and the seconds of a step.

    python keras-head.py --train train-features/ --test test-features/ --units 2048

Needs tensorflow (or tensorflow-cpu), and pyarrow for .arrow files.
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
seed = importlib.import_module("seeded").seed


def read_arrow(path):
    import pyarrow as pa

    features, labels = [], []
    for batch in pa.ipc.open_file(path.read_bytes()).read_all().to_batches():
        column = batch.column("feature")
        lists = getattr(column, "storage", column)
        features.append(lists.flatten().to_numpy().reshape(batch.num_rows, -1))
        labels.append(batch.column("label").to_numpy())
    return np.concatenate(features), np.concatenate(labels)


def read_npz(path):
    with np.load(path) as arrays:
        return arrays["features"], arrays["labels"]


def read(folder):
    readers = {".arrow": read_arrow, ".npz": read_npz}
    parts = [readers[path.suffix](path) for path in sorted(Path(folder).iterdir()) if path.suffix in readers]
    if not parts:
        raise SystemExit(f"{folder} holds no .arrow or .npz file; expected features. Name the folder of a features table.")
    features, labels = zip(*parts)
    return np.concatenate(features).astype("float32"), np.concatenate(labels).astype("int32")


def parse():
    parser = argparse.ArgumentParser(description="Trains the dense head with Keras.")
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--units", type=int, default=2048)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--l2", type=float, default=0.0)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--decay", type=float, default=0.0, help="an epoch's steps are those of the first / (1 + decay * epochs before)")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--validation-split", type=float, default=0.1)
    parser.add_argument("--held-out", type=Path, help="JSON list of the rows to validate on, instead of drawing them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="intra-op threads, 0 for one a core")
    return parser.parse_args()


def main():
    options = parse()
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    seed(options.seed)
    features, labels = read(options.train)
    test_features, test_labels = read(options.test)
    classes = int(max(labels.max(), test_labels.max())) + 1
    order = np.random.default_rng(options.seed).permutation(len(labels))
    held = min(len(order) - 1, max(1, round(len(order) * options.validation_split)))
    validation, training = order[:held], order[held:]
    if options.held_out:
        validation = np.array(json.loads(options.held_out.read_text()))
        training = np.setdiff1d(np.arange(len(labels)), validation)

    l2 = keras.regularizers.L2(options.l2) if options.l2 > 0 else None
    model = keras.Sequential(
        [
            keras.Input((features.shape[1],)),
            keras.layers.Dense(options.units, activation="relu", kernel_regularizer=l2),
            keras.layers.Dropout(options.dropout),
            keras.layers.Dense(classes, kernel_regularizer=l2),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    steps_per_epoch = -(-len(training) // options.batch_size)
    rate = keras.optimizers.schedules.InverseTimeDecay(
        options.learning_rate, steps_per_epoch, options.decay, staircase=True
    )
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss, metrics=["accuracy"])

    best = {"accuracy": -1.0, "epoch": 0, "weights": None}

    class KeepBest(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if logs["val_accuracy"] > best["accuracy"]:
                best.update(accuracy=logs["val_accuracy"], epoch=epoch + 1, weights=self.model.get_weights())

    started = time.perf_counter()
    history = model.fit(
        features[training],
        labels[training],
        validation_data=(features[validation], labels[validation]),
        batch_size=options.batch_size,
        epochs=options.epochs,
        callbacks=[KeepBest()],
        verbose=0,
    ).history
    seconds = time.perf_counter() - started

    model.set_weights(best["weights"])
    logits = model.predict(test_features, batch_size=256, verbose=0).astype("float64")
    logits -= logits.max(axis=1, keepdims=True)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    steps = steps_per_epoch * options.epochs
    print(
        json.dumps(
            {
                "testAccuracy": float((logits.argmax(axis=1) == test_labels).mean()),
                "testLoss": float(-log_probabilities[np.arange(len(test_labels)), test_labels].mean()),
                "bestEpoch": best["epoch"],
                "validationAccuracy": float(best["accuracy"]),
                "rows": {"training": len(training), "validation": len(validation), "test": len(test_labels)},
                "seconds": seconds,
                "secondsPerStep": seconds / steps,
                "history": history,
            }
        )
    )


if __name__ == "__main__":
    main()
