"""The package in a process with signals, forks, other libraries and ranks."""
import json
import os
import shlex
import signal
import threading

import pytest

import mlp

LONG = 10**6  # epochs: days


def log_has_epochs(path, count):
    if not path.exists():
        return False
    events = [json.loads(line)["event"] for line in
              path.read_text().splitlines(keepends=True)
              if line.endswith("\n")]
    return events.count("epoch") >= count


def test_an_interrupt_ends_a_fit_and_leaves_the_last_epoch(rows, tmp_path):
    """Only where the GIL is released does the other thread get to interrupt."""
    X, y = rows
    log = tmp_path / "log.jsonl"
    over = threading.Event()

    def interrupt():
        while not log_has_epochs(log, 2) and not over.wait(0.01):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    classifier = mlp.MLPClassifier(hidden=(8,), epochs=LONG, lr=0.01,
                                   schedule="constant",
                                   options={"log": str(log)})
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            classifier.fit(X, y)
    finally:
        over.set()
        thread.join()
    epochs = classifier.n_iter_
    assert 2 <= epochs < LONG
    again = mlp.MLPClassifier(hidden=(8,), epochs=epochs, lr=0.01,
                              schedule="constant").fit(X, y)
    assert (again.network_.weights_sha256
            == classifier.network_.weights_sha256)


def test_an_interrupt_before_the_first_update_is_raised_too(rows, monkeypatch):
    def interrupted(call, stop):
        stop()
        return call(), KeyboardInterrupt()
    monkeypatch.setattr(mlp._train, "_call_interruptibly", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mlp.MLPClassifier().fit(*rows)


FORK = """
import os
import numpy as np
import mlp
X = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
y = (X[:, 0] > 0).astype(int)
fit = lambda: mlp.MLPClassifier(hidden=(64,), epochs=3, threads=3).fit(X, y)
first = fit()
child = os.fork()
if child == 0:
    second = fit()
    same = (second.network_.weights_sha256 == first.network_.weights_sha256
            and (second.predict(X) == first.predict(X)).all())
    os._exit(0 if same else 1)
assert os.waitpid(child, 0)[1] == 0
assert (fit().predict(X) == first.predict(X)).all()
"""


def test_a_process_forked_after_a_fit_fits_and_predicts(run_python):
    run_python(FORK)


HDF5 = """
{first}
{second}
import numpy as np
X = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
network = mlp.MLPClassifier(hidden=(4,), epochs=2).fit(X, X[:, 0] > 0).network_
with h5py.File("own.h5", "w") as file:
    file["x"] = X
    network.save("net.h5")
    file["y"] = X
with h5py.File("net.h5") as file:
    assert len(file) > 0
    loaded = mlp.load("net.h5")
assert loaded.weights_sha256 == network.weights_sha256
assert (h5py.File("own.h5")["y"][:] == X).all()
"""


@pytest.mark.parametrize("order", [["import h5py", "import mlp"],
                                   ["import mlp", "import h5py"]])
def test_h5py_goes_beside_it_in_either_order(run_python, order):
    run_python(HDF5.format(first=order[0], second=order[1]))


OPENMP = """
import ctypes, glob, os
import numpy as np
import sklearn
folder = os.path.dirname(sklearn.__file__)
other, = glob.glob(folder + "/../scikit_learn.libs/libgomp*.so*")
{first}
import mlp
from sklearn.ensemble import HistGradientBoostingClassifier
X = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
y = (X[:, 0] > 0).astype(int)
{second}
digests = set()
for _ in range(2):
    HistGradientBoostingClassifier(max_iter=3).fit(X, y)
    net = mlp.MLPClassifier(hidden=(64,), epochs=3, threads=3).fit(X, y).network_
    digests.add(net.weights_sha256)
print(*digests)
"""


def test_another_openmp_goes_beside_it(run_python):
    """As torch's: a copy of libgomp whose symbols the whole process sees."""
    load = "ctypes.CDLL(other, mode=ctypes.RTLD_GLOBAL)"
    before = run_python(OPENMP.format(first=load, second=""))
    after = run_python(OPENMP.format(first="", second=load))
    assert len(before.split()) == 1
    assert before == after


def test_the_module_shows_its_init_function_only():
    """Whatever else the process loads cannot meet the library's symbols."""
    import subprocess
    from mlp import _libmlp
    table = subprocess.run(["nm", "-D", "--defined-only", _libmlp.__file__],
                           check=True, capture_output=True, text=True).stdout
    shown = {line.split()[-1].split("@")[0] for line in table.splitlines()}
    assert shown - {"_init", "_fini"} == {"PyInit__libmlp"}


RANKS = """
import numpy as np
import mlp
X = np.random.default_rng(0).normal(size=(500, 6)).astype(np.float32)
y = (X[:, 0] * X[:, 1] > 0).astype(int)
classifier = mlp.MLPClassifier(hidden=(32, 16), epochs=3).fit(X, y)
classifier.partial_fit(X, y)
print(classifier.network_.weights_sha256)
"""


def test_four_ranks_train_to_the_weights_of_one(run_python):
    if "MLP_MPIEXEC" not in os.environ:
        pytest.skip("this build is without MPI")
    alone = run_python(RANKS).split()
    launcher = shlex.split(os.environ["MLP_MPIEXEC"])
    ranks = run_python(RANKS, *launcher, "-n", "4").split()
    assert ranks == 4 * alone
