"""A peer runtime, ready to be timed: MobileNetV2's features of a file of float32 pixels [n, 224, 224, 3] in [0, 1].

    python bench/peers/extraction.py keras WEIGHTS.h5 PIXELS.f32 FEATURES.f32 THREADS [BATCH]
    python bench/peers/extraction.py onnxruntime|openvino|openvino-throughput MODEL.onnx PIXELS.f32 FEATURES.f32 THREADS

Prints {"ready": true}; then computes all of it for each line of input, and answers each with the seconds it took.
"""

import json
import sys
import time

import numpy as np


def keras(weights, threads, batch=32):
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    model = keras.applications.MobileNetV2(
        include_top=False, pooling="avg", weights=weights, input_shape=(224, 224, 3)
    )
    # centring counts, as it does for the others
    return lambda pixels: model.predict(pixels * np.float32(2) - np.float32(1), batch_size=batch, verbose=0)


def in_batches(run, size):
    def extract(pixels):
        features = np.empty((len(pixels), 1280), np.float32)
        for row in range(0, len(pixels), size):
            features[row : row + size] = run(pixels[row : row + size])
        return features

    return extract


def onnxruntime(model, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    return in_batches(lambda pixels: session.run(None, {given.name: pixels})[0], given.shape[0])


def openvino(model, threads, hint="LATENCY"):
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": hint}
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    size = compiled.input(0).shape[0]
    if hint == "LATENCY":
        request = compiled.create_infer_request()
        return in_batches(lambda pixels: request.infer([pixels], share_inputs=True)[compiled.output(0)], size)

    def extract(pixels):
        features = np.empty((len(pixels), 1280), np.float32)
        queue = openvino.AsyncInferQueue(compiled)

        def keep(request, row):
            features[row : row + size] = request.get_output_tensor(0).data

        queue.set_callback(keep)
        for row in range(0, len(pixels), size):
            queue.start_async([pixels[row : row + size]], row, share_inputs=True)
        queue.wait_all()
        return features

    return extract


if __name__ == "__main__":
    runtime, network, pixels_file, features_file, threads, *batch = sys.argv[1:]
    pixels = np.fromfile(pixels_file, "<f4").reshape(-1, 224, 224, 3)
    if runtime == "keras":
        extract = keras(network, int(threads), *map(int, batch))
    elif runtime == "onnxruntime":
        extract = onnxruntime(network, int(threads))
    else:
        extract = openvino(network, int(threads), "THROUGHPUT" if runtime == "openvino-throughput" else "LATENCY")
    extract(pixels[:64])
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        started, cpu = time.perf_counter(), time.process_time()
        features = extract(pixels)
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
        features.astype("<f4").tofile(features_file)
        print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds}), flush=True)
