"""Golden features: what Keras' own MobileNetV2 1.0/224 without top makes of the images of opencv-resize.py.

    pip install tensorflow-cpu numpy opencv-python-headless
    python bench/peers/keras-features.py --weights WEIGHTS.h5 --out test/fixtures/mobilenet-v2

Reads images.u8 of the same folder, resizes it with OpenCV, and writes
    features.f32        float32 [4, 1280]   little-endian

With --time N it writes nothing, and prints the images a second of `predict` on N random images instead, resizing included.

--images FOLDER takes the images from the .arrow files under a folder instead (column "image", as the cache holds them), with
    --against FOLDER    prints the largest difference from the features there (column "feature"), of the first --limit rows
    --time-predict      prints images a second of `predict` alone and with resizing
Both need pyarrow.
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


def read_arrow(folder, name, shape):
    import pyarrow as pa

    batches = [
        batch.column(name)
        for path in sorted(folder.rglob("*.arrow"))
        for batch in pa.ipc.open_file(path.read_bytes()).read_all().to_batches()
    ]
    lists = [getattr(column, "storage", column) for column in batches]
    return np.concatenate([column.flatten().to_numpy().reshape(-1, *shape) for column in lists])


def compare(model, images, against, batch):
    ours = read_arrow(against, "feature", (1280,))[: len(images)]
    theirs = features(model, images, batch)
    difference = np.abs(ours - theirs)
    return {
        "images": len(images),
        "features": theirs.shape[1],
        "largestFeature": float(theirs.max()),
        "largestDifference": float(difference.max()),
        "meanDifference": float(difference.mean()),
    }


def time_predict(model, images, batch):
    start = time.perf_counter()
    pixels = np.stack([resize(image) for image in images]) * np.float32(2) - np.float32(1)
    resizing = time.perf_counter() - start
    model.predict(pixels[:batch], batch_size=batch, verbose=0)
    start = time.perf_counter()
    model.predict(pixels, batch_size=batch, verbose=0)
    seconds = time.perf_counter() - start
    count = len(images)
    return {"images": count, "batch": batch, "predict": count / seconds, "withResizing": count / (seconds + resizing)}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--weights", required=True)
    arguments.add_argument("--out", type=pathlib.Path)
    arguments.add_argument("--time", type=int)
    arguments.add_argument("--images", type=pathlib.Path)
    arguments.add_argument("--against", type=pathlib.Path)
    arguments.add_argument("--limit", type=int)
    arguments.add_argument("--time-predict", action="store_true")
    arguments.add_argument("--batch", type=int, default=32)
    given = arguments.parse_args()
    model = network(given.weights)
    if given.images:
        images = read_arrow(given.images, "image", (32, 32, 3))[: given.limit]
        timed = given.time_predict
        answer = time_predict(model, images, given.batch) if timed else compare(model, images, given.against, given.batch)
        print(json.dumps(answer))
    elif given.time:
        images = np.random.default_rng(0).integers(0, 256, (given.time, 32, 32, 3), dtype=np.uint8)
        features(model, images[: given.batch], given.batch)
        start = time.perf_counter()
        features(model, images, given.batch)
        seconds = time.perf_counter() - start
        print(json.dumps({"images": given.time, "batch": given.batch, "seconds": seconds, "rate": given.time / seconds}))
    else:
        images = np.frombuffer((given.out / "images.u8").read_bytes(), np.uint8).reshape(4, 32, 32, 3)
        (given.out / "features.f32").write_bytes(features(model, images, 4).astype("<f4").tobytes())
