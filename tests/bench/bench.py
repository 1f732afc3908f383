"""The benchmark: measures, a Markdown table, JSON. See README.md.

Started by run.sh, which builds first.
"""
import argparse
import json
import os
import pathlib
import sys
from concurrent import futures

import machine
import measures
import rivals
from lines import HEAD, row_of
from machine import CannotRun, Missing, progress

MEASURES = {**measures.ALL, **rivals.ALL}


class Bench:
    """Data shared by the measures."""

    def __init__(self, options):
        self.cores = sorted(os.sched_getaffinity(0))
        self.pairs = 3 if options.quick else 9
        self.kernel_pairs = 5 if options.quick else 25
        self.wide_rows = 2560 if options.quick else 12800
        self.data, self.is_mnist = find_data(options)
        self.data_name = "MNIST" if self.is_mnist else "digits"
        self.features = 784 if self.is_mnist else 64
        self.ours = machine.Ours(options.build, self.data,
                                 1 if options.quick else 3)
        first = self.ours.kernels("peak", 0.3, core=self.cores[0])[0]
        self.isa, self.peak_gflops = first["isa"], first["peak_gflops"]
        self.issue_rate = first["issue_rate"]
        self.triad = self.ours.kernels("triad", 5, core=self.cores[0]
                                       )[0]["triad_gbytes"]
        self.train_rows = self.ours.run(set(self.cores), "--epochs", 1
                                        )[0]["data"]["train_rows"]
        self.details = []

    def peak(self, cores):
        """Measure the GFLOP/s of these cores together."""
        with futures.ThreadPoolExecutor(len(cores)) as pool:
            return sum(pool.map(
                lambda core: self.ours.kernels("peak", 0.05, core=core
                                               )[0]["peak_gflops"], cores))

    def perfect_seconds(self, flops, cores, seconds):
        """How long the flops take at the peak of these cores, and what
        seconds() returns; the higher peak of right before and right after
        counts."""
        before = self.peak(cores)
        measured = seconds()
        peak = max(before, self.peak(cores))
        return flops / (peak * 1e9), measured

    def some_cores(self, count):
        if count > len(self.cores):
            raise Missing(f"{count} cores; this process has "
                          f"{len(self.cores)}")
        return set(self.cores[:count])

    def need_mnist(self):
        if not self.is_mnist:
            raise Missing("the real MNIST in $MLP_DATA (data/fetch_mnist.sh "
                          "gets it)")


def find_data(options):
    """The folder of the real MNIST, and whether all four files were found."""
    places = [os.environ.get("MLP_DATA", ""),
              str(machine.HERE.parent.parent / "data" / "mnist")]
    for place in places:
        found = [path for path in pathlib.Path(place).glob("*-ubyte*")
                 if path.name.removesuffix(".gz").endswith(("idx3-ubyte",
                                                            "idx1-ubyte"))]
        if place and not options.digits and len(found) >= 4:
            return str(pathlib.Path(place).resolve()), True
    return "digits", False


def parse():
    parser = argparse.ArgumentParser(
        prog="run.sh", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measure ratios and print them as a table.",
        epilog="measures: " + ", ".join(MEASURES) + """

Needs the real MNIST in $MLP_DATA or data/mnist for most lines. The rivals are
not installed by this script, but by
  sh tests/bench/rivals.sh
  apt-get install --no-install-recommends libfann2 libopenblas0-openmp \\
      libblis4-openmp
$MLP_LIBXSMM_DNN names a checkout of libxsmm-dnn in which mlp_mnist is built.

Exit status: 0 for any ratios, 2 if one of our programs did not run.""")
    parser.add_argument("--quick", action="store_true",
                        help="fewer and shorter repeats, to test the benchmark")
    parser.add_argument("--json", metavar="FILE", help="write all values, too")
    parser.add_argument("--only", metavar="NAME,..", help="these measures")
    parser.add_argument("--digits", action="store_true",
                        help="the built-in digits even if MNIST is there: to "
                        "test the benchmark, so targets are not checked")
    parser.add_argument("--build", metavar="DIR", required=True,
                        help="a build of the project with target "
                        "bench_kernels (default: build/bench, made if "
                        "needed)")
    options = parser.parse_args()
    options.only = (options.only.split(",") if options.only
                    else list(MEASURES))
    unknown = set(options.only) - set(MEASURES)
    if unknown:
        parser.error(f"no measure is called {', '.join(sorted(unknown))}")
    return options


def head(bench, load):
    """Print and return machine, data and libraries."""
    environment = machine.debian_environment(1)
    facts = {"cpu": machine.cpu_name(), "cores": len(bench.cores),
             "instruction_set": bench.isa, "data": bench.data_name,
             "peak_gflops": bench.peak_gflops, "triad_gbytes": bench.triad,
             "issue_rate": bench.issue_rate, "load_at_start": load,
             "rivals_blas": environment.get("LD_LIBRARY_PATH",
                                            "the system's default"),
             "openblas_coretype": environment["OPENBLAS_CORETYPE"],
             "blis_arch_type": environment["BLIS_ARCH_TYPE"]}
    print(f"{facts['cpu']}, {facts['cores']} cores, {bench.isa}; one core: "
          f"{bench.peak_gflops:.1f} GFLOP/s in FMA, {bench.triad:.1f} GB/s in "
          f"the triad, {bench.issue_rate:.1f} instructions a cycle.\n"
          f"Debian's rivals: BLAS from {facts['rivals_blas']}, "
          f"OPENBLAS_CORETYPE={facts['openblas_coretype']}, "
          f"BLIS_ARCH_TYPE={facts['blis_arch_type']}.")
    if load > 0.5:
        print(f"The machine was NOT quiet: load average {load:.2f} at start.")
    if not bench.is_mnist:
        print("Without the real MNIST in $MLP_DATA: targets are not checked.")
    print()
    return facts


def measure(bench, name):
    """Lines of one measure, and whether all our programs ran."""
    progress(f"bench: {name}")
    try:
        lines = MEASURES[name](bench)
    except Missing as missing:
        return [measures.Line(name, missing=str(missing))], True
    except CannotRun as failure:
        progress(f"bench: {failure}")
        return [measures.Line(name, missing=f"it failed: {failure}")], False
    for line in lines:
        line.is_checked = bench.is_mnist
        progress("  " + row_of(line))
    return lines, True


def main():
    options = parse()
    load = os.getloadavg()[0]
    try:
        bench = Bench(options)
    except (CannotRun, OSError) as failure:
        progress(f"bench: {failure}")
        return 2
    lines, all_ran = [], True
    for name in options.only:
        some, ran = measure(bench, name)
        lines += some
        all_ran = all_ran and ran
    facts = head(bench, load)
    print(HEAD, *map(row_of, lines), sep="\n")
    if bench.details:
        print("\nFor information:\n", HEAD, *map(row_of, bench.details),
              sep="\n")
    if options.json:
        facts.update(lines=[line.facts() for line in lines],
                     details=[line.facts() for line in bench.details])
        pathlib.Path(options.json).write_text(json.dumps(facts, indent=1) +
                                              "\n", encoding="utf-8")
    return 0 if all_ran else 2


sys.exit(main())
