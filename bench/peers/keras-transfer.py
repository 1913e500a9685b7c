"""The homework's transfer learning as one would write it in Keras: every epoch passes every image through the network.

    python bench/peers/keras-transfer.py --weights WEIGHTS.h5 --images FOLDER --limit 640 [--batch-size 64]

Takes the images from the .arrow files under a folder (column "image", as the cache holds them), resizes them to 224x224,
passes them through a frozen MobileNetV2 and trains a dense 2048 head on what it sees. Prints one JSON line: the images a
second of every epoch but the first, in training and in validation. Needs keras, tensorflow-cpu and pyarrow.
"""

import argparse
import importlib
import json
import pathlib
import sys
import time

import keras
import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
read_arrow = importlib.import_module("keras-features").read_arrow


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch's training and validation."""

    def __init__(self):
        super().__init__()
        self.training = []
        self.validation = []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.perf_counter()

    def on_test_begin(self, logs=None):
        self.trained = time.perf_counter()
        self.training.append(self.trained - self.begun)

    def on_test_end(self, logs=None):
        self.validation.append(time.perf_counter() - self.trained)


def network(weights, classes=10):
    base = keras.applications.MobileNetV2(include_top=False, weights=weights, input_shape=(224, 224, 3))
    base.trainable = False
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Resizing(224, 224),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            base,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2048, activation="relu"),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--weights", required=True)
    arguments.add_argument("--images", type=pathlib.Path, required=True)
    arguments.add_argument("--limit", type=int, default=640)
    arguments.add_argument("--epochs", type=int, default=6)
    arguments.add_argument("--batch-size", type=int, default=64)
    given = arguments.parse_args()
    images = read_arrow(given.images, "image", (32, 32, 3))[: given.limit]
    labels = np.arange(len(images)) % 10
    model = network(given.weights)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    clock = Clock()
    model.fit(
        images,
        labels,
        batch_size=given.batch_size,
        epochs=given.epochs,
        validation_data=(images, labels),
        callbacks=[clock],
        verbose=0,
    )

    def rates(seconds):
        """Of the first epoch the building of the graph is a part."""
        return [len(images) / each for each in seconds[1:]]

    print(json.dumps({"images": len(images), "training": rates(clock.training), "validation": rates(clock.validation)}))
