"""What the tests of the Python package share."""
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

BUILD = pathlib.Path(os.environ["MLP_BUILD"])


@pytest.fixture
def rows():
    """Rows of two features in three classes, float32, and their labels."""
    generator = np.random.default_rng(3)
    y = generator.integers(0, 3, 300)
    centers = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    X = centers[y] + generator.normal(size=(300, 2))
    return X.astype(np.float32), y


@pytest.fixture
def run_mlp_train():
    """A function that runs the program mlp_train with these options."""
    def run(*options):
        subprocess.run([BUILD / "mlp_train", "--quiet", *map(str, options)],
                       check=True, stdin=subprocess.DEVNULL)
    return run


@pytest.fixture
def run_python(tmp_path):
    """A function that runs a script in a new process and returns its output."""
    def run(script, *launcher):
        path = tmp_path / "script.py"
        path.write_text(script)
        done = subprocess.run([*launcher, sys.executable, path], cwd=tmp_path,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    return run
