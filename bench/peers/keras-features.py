"""Golden features: what Keras' own MobileNetV2 1.0/224 without top makes of the images of opencv-resize.py.

    pip install tensorflow-cpu numpy opencv-python-headless
    python bench/peers/keras-features.py --weights WEIGHTS.h5 --out test/fixtures/mobilenet-v2

Reads images.u8 of the same folder, resizes it with OpenCV, and writes
    features.f32        float32 [4, 1280]   little-endian

With --time N it writes nothing, and prints the images a second of `predict` on N random images instead, resizing included.
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
resize = importlib.import_module("opencv-resize").resize


def network(weights):
    return keras.applications.MobileNetV2(
        include_top=False, pooling="avg", weights=weights, input_shape=(224, 224, 3)
    )


def features(model, images, batch):
    pixels = np.stack([resize(image) for image in images])
    return model.predict(pixels * np.float32(2) - np.float32(1), batch_size=batch, verbose=0)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--weights", required=True)
    arguments.add_argument("--out", type=pathlib.Path)
    arguments.add_argument("--time", type=int)
    arguments.add_argument("--batch", type=int, default=32)
    given = arguments.parse_args()
    model = network(given.weights)
    if given.time:
        images = np.random.default_rng(0).integers(0, 256, (given.time, 32, 32, 3), dtype=np.uint8)
        features(model, images[: given.batch], given.batch)
        start = time.perf_counter()
        features(model, images, given.batch)
        seconds = time.perf_counter() - start
        print(json.dumps({"images": given.time, "batch": given.batch, "seconds": seconds, "rate": given.time / seconds}))
    else:
        images = np.frombuffer((given.out / "images.u8").read_bytes(), np.uint8).reshape(4, 32, 32, 3)
        (given.out / "features.f32").write_bytes(features(model, images, 4).astype("<f4").tobytes())
