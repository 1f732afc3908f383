"""Runs programs on chosen cores: ours, and the rivals' processes."""
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's, for which it packages some rivals
# The environment made by rivals.sh, with the rivals' current versions.
VENV = pathlib.Path(os.environ.get("MLP_RIVALS",
                                   HERE.parent.parent / "build" / "rivals"))
OPENBLAS = "libopenblas.so.0"
BLIS = "libblis.so.4"
# Debian's folder names of the builds that use OpenMP.
BLAS_FOLDERS = {OPENBLAS: "openblas-openmp", BLIS: "blis-openmp"}
PACKAGES = {OPENBLAS: "libopenblas0-openmp", BLIS: "libblis4-openmp"}


class CannotRun(Exception):
    """One of our programs does not run: the benchmark has failed."""


class Missing(Exception):
    """A line cannot be measured here; the text is the reason."""


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no message"


def cpu_flags():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("flags"):
                return line.split(":")[1].split()
    return []


def cpu_name():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.machine()


def find_blas(name):
    """The path of a BLAS built with OpenMP."""
    for folder in sorted(pathlib.Path("/usr/lib").glob(
            f"*/{BLAS_FOLDERS[name]}")):
        if (folder / name).exists():
            return folder / name
    raise Missing(PACKAGES[name])


def debian_environment(threads):
    """Both BLAS use slow kernels on CPUs that they don't know, unless these
    variables are set; LD_LIBRARY_PATH gives PyTorch and NumPy the faster
    BLAS."""
    # BLIS 0.9 accepts numbers only: skx, zen, haswell; a name would be 0.
    has_avx512 = "avx512f" in cpu_flags()
    is_zen = "sse4a" in cpu_flags()
    environment = dict(
        os.environ, OMP_NUM_THREADS=str(threads), PYTHONDONTWRITEBYTECODE="1",
        OPENBLAS_CORETYPE="SkylakeX" if has_avx512
        else "Zen" if is_zen else "Haswell",
        BLIS_ARCH_TYPE="0" if has_avx512 else "8" if is_zen else "3")
    try:
        environment["LD_LIBRARY_PATH"] = str(find_blas(OPENBLAS).parent)
    except Missing:
        pass  # whatever BLAS there is; the table's head says so
    return environment


def venv_environment(threads):
    """Wheels have current libraries, which know the CPU: the variables for an
    older BLAS would only slow them down."""
    environment = dict(
        os.environ, OMP_NUM_THREADS=str(threads), PYTHONDONTWRITEBYTECODE="1",
        TORCHINDUCTOR_CACHE_DIR=str(VENV / "inductor"),
        TORCHINDUCTOR_COMPILE_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3",
        CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu", KERAS_BACKEND="jax")
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "LD_LIBRARY_PATH"):
        environment.pop(name, None)
    return environment


def python_with(module, threads):
    """A Python that has this module, and its environment; prefers that of
    rivals.sh to Debian's."""
    probe = ("import importlib.util, sys; "
             f"sys.exit(importlib.util.find_spec('{module}') is None)")
    for python, environment in (
            (str(VENV / "bin" / "python"), venv_environment(threads)),
            (PYTHON, debian_environment(threads))):
        if os.path.exists(python) and subprocess.run(
                [python, "-c", probe], env=environment, capture_output=True,
                check=False).returncode == 0:
            return python, environment
    raise Missing(f"{module} (sh tests/bench/rivals.sh installs it)")


def run(command, cores, environment=None, folder=None):
    """Run to the end on these cores; returns the output."""
    result = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, env=environment,
        cwd=folder, preexec_fn=lambda: os.sched_setaffinity(0, cores))
    if result.returncode != 0:
        raise CannotRun(f"{' '.join(map(str, command))}: exit code "
                        f"{result.returncode}: {last_line(result.stderr)}")
    return result.stdout


def run_json(command, cores, environment=None):
    """The same for a program that prints JSON lines."""
    return [json.loads(line)
            for line in run(command, cores, environment).splitlines()]


class Rival:
    """A rival's process, which trains on request (rival_common.py)."""

    def __init__(self, script, arguments, module, threads, cores):
        python, environment = python_with(module, threads)
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(
            [python, str(HERE / script), *map(str, arguments)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            env=environment,
            preexec_fn=lambda: os.sched_setaffinity(0, cores))

    def __enter__(self):
        try:
            self.facts = self.receive()
        except Missing:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended already
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def receive(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise Missing("it failed: " + last_line(self.errors.read()))
        return json.loads(line)

    def epoch(self):
        """Train another epoch; returns its seconds."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; receive reports why
        return self.receive()["seconds"]


class Ours:
    """mlp_train and bench_kernels of one build."""

    def __init__(self, build, data, epochs):
        self.train = pathlib.Path(build) / "mlp_train"
        self.bench_kernels = pathlib.Path(build) / "tests/bench/bench_kernels"
        self.data = data
        self.epochs = epochs
        self.environment = dict(os.environ)
        if os.geteuid() == 0:  # mpirun refuses root without these
            self.environment.update(OMPI_ALLOW_RUN_AS_ROOT="1",
                                    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")

    def kernels(self, *words, core, environment=None):
        """JSON lines of bench_kernels on one core."""
        return run_json([self.bench_kernels, *words], {core}, environment)

    def run(self, cores, *options, ranks=0, wrapper=(), data=None):
        """Run mlp_train, under mpirun if ranks > 0; returns log records."""
        launch = []
        if ranks > 0:
            is_crowded = ranks > len(cores)
            launch = ["mpirun", "-np", ranks, "--oversubscribe", "--bind-to",
                      "none" if is_crowded else "core"]
        with tempfile.TemporaryDirectory() as place:
            log = os.path.join(place, "log")
            run([*launch, *wrapper, self.train, "--data", data or self.data,
                 "--quiet", "--log", log, *options], cores, self.environment)
            with open(log, encoding="utf-8") as file:
                return [json.loads(line) for line in file]

    def help(self):
        """The output of mlp_train --help."""
        return run([self.train, "--help"], set(os.sched_getaffinity(0)),
                   self.environment)

    def epoch(self, cores, *options, threads=1, ranks=0, data=None,
              epochs=None):
        """Mean training seconds of an epoch after the first."""
        records = self.run(cores, "--threads", threads, "--epochs",
                           1 + (epochs or self.epochs), *options, ranks=ranks,
                           data=data)
        seconds = [record["seconds"] for record in records
                   if record["event"] == "epoch" and record["epoch"] > 1]
        return sum(seconds) / len(seconds)


def progress(text):
    print(text, file=sys.stderr, flush=True)
