"""Looks for the best head on ready features with Optuna, each head trained by Keras, until so many epochs are computed.

    python bench/peers/optuna-heads.py --train FOLDER --held-out rows.json --strategy hyperband --budget 200 --epochs 20 --seed 0 --space SPACE

The space is a JSON object: by name `{"from": 1e-5, "to": 0.1, "log": true, "int": false}`. The same rows are held out as ours. `hyperband` has
Optuna's pruner of that name over its TPE sampler, which is its default; `tpe` has the sampler alone, and every trial takes all epochs. Prints
one JSON line: after each trial, the epochs that all took until then and the best validation accuracy of any. Needs keras, optuna,
tensorflow-cpu, pyarrow.
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


def suggest(trial, name, given):
    if given["int"]:
        return trial.suggest_int(name, given["from"], given["to"], log=given["log"])
    return trial.suggest_float(name, given["from"], given["to"], log=given["log"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--held-out", type=pathlib.Path, required=True)
    parser.add_argument("--strategy", choices=["hyperband", "tpe"], required=True)
    parser.add_argument("--budget", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--space", type=json.loads, required=True)
    given = parser.parse_args()

    import keras
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    features, labels = read(given.train)
    validation = np.array(json.loads(given.held_out.read_text()))
    training = np.setdiff1d(np.arange(len(labels)), validation)
    x, y = features[training], labels[training]
    held = (features[validation], labels[validation])
    spent, best, path = 0, 0.0, []

    def objective(trial):
        global spent, best
        values = {name: suggest(trial, name, one) for name, one in given.space.items()}
        seed(trial.number)
        model = keras.Sequential(
            [
                keras.Input((features.shape[1],)),
                keras.layers.Dense(
                    values["units"], activation="relu", kernel_regularizer=keras.regularizers.L2(values["l2"])
                ),
                keras.layers.Dropout(values["dropout"]),
                keras.layers.Dense(10, kernel_regularizer=keras.regularizers.L2(values["l2"])),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=keras.optimizers.Adam(values["learningRate"]), loss=loss, metrics=["accuracy"])
        own = 0.0
        for epoch in range(1, given.epochs + 1):
            if spent >= given.budget:
                trial.study.stop()
                raise optuna.TrialPruned()
            history = model.fit(x, y, validation_data=held, batch_size=given.batch_size, epochs=1, verbose=0).history
            spent += 1
            own = max(own, history["val_accuracy"][0])
            best = max(best, own)
            path.append([spent, best])
            trial.report(own, epoch)
            if given.strategy == "hyperband" and trial.should_prune():
                raise optuna.TrialPruned()
        return own

    pruner = (
        optuna.pruners.HyperbandPruner(min_resource=1, max_resource=given.epochs, reduction_factor=3)
        if given.strategy == "hyperband"
        else optuna.pruners.NopPruner()
    )
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=given.seed), pruner=pruner
    )
    started = time.perf_counter()
    while spent < given.budget:
        study.optimize(objective, n_trials=1)
    print(json.dumps({"path": path, "trials": len(study.trials), "seconds": time.perf_counter() - started}))
