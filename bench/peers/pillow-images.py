"""Decodes a folder's images with Pillow in as many processes, into one array, as someone without this project would.

    python pillow-images.py FOLDER PROCESSES [CHUNKS]

Prints one JSON document: images, and the seconds from listing the folder to the array. With a folder of the .arrow files of
a table of images, also whether its pixels are those of the array, by class, then by name.
Needs pillow, numpy and, for the comparison, pyarrow.
"""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

AT_A_TIME = 256


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def stacked(paths):
    return np.stack([pixels(path) for path in paths])


def table(folder):
    import pyarrow as pa

    files = [pa.memory_map(str(path)) for path in sorted(Path(folder).glob("*.arrow"))]
    column = pa.concat_tables(pa.ipc.open_file(file).read_all().select(["image"]) for file in files)["image"]
    return np.concatenate([chunk.to_numpy_ndarray() for chunk in column.chunks])


if __name__ == "__main__":
    folder, processes, *chunks = sys.argv[1:]
    started = time.perf_counter()
    paths = sorted((path for path in Path(folder).rglob("*") if path.is_file()), key=lambda path: path.parts)
    groups = [paths[start : start + AT_A_TIME] for start in range(0, len(paths), AT_A_TIME)]
    with ProcessPoolExecutor(int(processes)) as pool:
        array = np.concatenate(list(pool.map(stacked, groups)))
    seconds = time.perf_counter() - started
    equal = bool(np.array_equal(array.reshape(-1), table(chunks[0]).reshape(-1))) if chunks else None
    print(json.dumps({"images": len(paths), "seconds": seconds, "equal": equal}))
