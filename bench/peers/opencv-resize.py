"""Golden pixels: synthetic images and what OpenCV's INTER_LINEAR makes of them at 224x224.

    pip install numpy opencv-python-headless
    python bench/peers/opencv-resize.py --out test/fixtures/mobilenet-v2

Writes, row-major, channels last, little-endian:
    images.u8           uint8   [4, 32, 32, 3]
    resized.u16.gz      uint16  [224, 224, 3]   the first image / 255, resized, times 65535
    wide.u8             uint8   [24, 40, 3]
    wide-resized.u16.gz uint16  [224, 224, 3]
"""

import argparse
import gzip
import pathlib

import cv2
import numpy as np


def synthetic(rng, height, width):
    """A gradient with discs, a line and noise: edges and texture in every channel."""
    y, x = np.mgrid[0:height, 0:width]
    image = np.stack([x * a + y * b for a, b in rng.uniform(-5, 5, (3, 2))], axis=-1) + rng.uniform(60, 190, 3)
    for _ in range(4):
        cy, cx, radius = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(3, 10)
        image[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = rng.uniform(0, 255, 3)
    image[rng.integers(height)] = rng.uniform(0, 255, 3)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def images():
    rng = np.random.default_rng(20)
    return np.stack([synthetic(rng, 32, 32) for _ in range(4)]), synthetic(rng, 24, 40)


def resize(image):
    return cv2.resize(image.astype(np.float32) / np.float32(255), (224, 224), interpolation=cv2.INTER_LINEAR)


def pack(pixels):
    return gzip.compress(np.round(pixels * np.float64(65535)).astype("<u2").tobytes(), 9, mtime=0)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=pathlib.Path, required=True)
    out = arguments.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    square, wide = images()
    (out / "images.u8").write_bytes(square.tobytes())
    (out / "resized.u16.gz").write_bytes(pack(resize(square[0])))
    (out / "wide.u8").write_bytes(wide.tobytes())
    (out / "wide-resized.u16.gz").write_bytes(pack(resize(wide)))
