"""The weights are those of the program mlp_train, bit for bit."""
import h5py
import numpy as np
import pytest

import mlp

OPTIONS = {"hidden": "24,16", "optimizer": "adam", "lr": 0.01, "epochs": 3,
           "batch": 32, "dropout": 0.25, "seed": 5}


def words(options):
    return [word for name, value in options.items()
            for word in (f"--{name}", value)]


def parameters(**others):
    return {"hidden": (24, 16), "lr": 0.01, "epochs": 3, "batch": 32,
            "dropout": 0.25, "random_state": 5, **others}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("scaling", ["standard", "common"])
def test_classifier(rows, run_mlp_train, tmp_path, scaling, threads):
    X, y = rows
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["train/images"], file["train/labels"] = X, y
    run_mlp_train("--data", tmp_path / "rows.h5", *words(OPTIONS),
                  "--scaling", scaling, "--checkpoint", tmp_path / "run")
    classifier = mlp.MLPClassifier(
        **parameters(scaling=scaling, threads=threads)).fit(X, y)
    loaded = mlp.load(tmp_path / "run")
    assert classifier.network_.weights_sha256 == loaded.weights_sha256
    np.testing.assert_array_equal(classifier.network_.run(X), loaded.run(X))


def test_uint8_rows(run_mlp_train, tmp_path):
    generator = np.random.default_rng(1)
    X = generator.integers(0, 256, (200, 20), np.uint8)
    y = generator.integers(0, 4, 200)
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["train/images"], file["train/labels"] = X, y
    run_mlp_train("--data", tmp_path / "rows.h5", *words(OPTIONS),
                  "--checkpoint", tmp_path / "run")
    classifier = mlp.MLPClassifier(**parameters()).fit(X, y)
    assert (classifier.network_.weights_sha256
            == mlp.load(tmp_path / "run").weights_sha256)


def test_regressor(rows, run_mlp_train, tmp_path):
    X, _ = rows
    y = (X[:, 0] - X[:, 1] ** 2).astype(np.float32)
    with open(tmp_path / "rows.csv", "w") as file:
        print("a,b,y", file=file)
        for (a, b), target in zip(X, y):
            print(f"{a!s},{b!s},{target!s}", file=file)
    run_mlp_train("--data", tmp_path / "rows.csv", "--label", "y", "--task",
                  "regression", "--scaling", "standard", "--clip-norm", "0",
                  "--missing", "error",
                  *words(OPTIONS), "--checkpoint", tmp_path / "run")
    regressor = mlp.MLPRegressor(**parameters()).fit(X, y)
    assert (regressor.network_.weights_sha256
            == mlp.load(tmp_path / "run").weights_sha256)
