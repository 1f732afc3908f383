"""Undisturbed steps: the fastest twentieth of a run's steps, from --timeline.

On a machine that others use, too, the mean of an epoch tells how busy it was.
Single steps take less than a millisecond, so that some are left alone even
there; a share of them is as fast as all are on a quiet machine.
"""
import collections
import json
import os
import tempfile

from lines import Line

SHARE = 0.05
RUNS = 4


def durations(events, threads):
    """Microseconds of rank 0's steps in which all its threads computed."""
    begins = collections.defaultdict(list)
    for event in events:
        if event["pid"] == 0 and event["name"] == "gather":
            begins[event["tid"]].append(event["ts"])
    steps = []
    for begin, end in zip(begins[0], begins[0][1:]):
        if all(any(begin - 100 < other < begin + 300
                   for other in begins[thread])
               for thread in range(1, threads)):
            steps.append(end - begin)
    return steps


def some_steps(bench, cores, threads, ranks):
    """Of one run."""
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "trace")
        bench.ours.run(cores, "--threads", threads, "--epochs", 1,
                       "--timeline", path, ranks=ranks)
        with open(path, encoding="utf-8") as file:
            return durations(json.load(file)["traceEvents"], threads)


def undisturbed(steps):
    return sorted(steps)[int(SHARE * len(steps))]


def measure(bench):
    """Ratios of undisturbed steps; the runs take turns."""
    two, one = bench.some_cores(2), {bench.cores[0]}
    teams = {"1": (one, 1, 0), "2 threads": (two, 2, 0),
             "2 ranks": (two, 1, 2), "8 ranks": (two, 1, 8)}
    found = {name: [] for name in teams}
    for _ in range(RUNS):
        for name, team in teams.items():
            found[name] += some_steps(bench, *team)
    times = {name: undisturbed(steps) for name, steps in found.items()
             if steps}
    lines = []
    for upper, lower in (("1", "2 threads"), ("1", "2 ranks"),
                         ("8 ranks", "2 ranks")):
        if upper in times and lower in times:
            upper_name = "1 thread" if upper == "1" else upper
            lines.append(Line(
                f"undisturbed step of {upper_name} over that of {lower}",
                values=[times[upper] / times[lower]],
                note=f"{times[upper]:.0f} and {times[lower]:.0f} us, of "
                f"{len(found[upper])} and {len(found[lower])} steps"))
    return lines
