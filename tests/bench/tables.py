"""Cross-validation of ours and the rivals on tables, all by their defaults.

    python3 tests/bench/tables.py [--build DIR] [--json FILE] [FOLDER]

FOLDER (or $MLP_TABLES) has the tables as NAME.csv.gz; those of TABLES below
that are not there are left out. Ours runs `mlp_train --data FILE --label LABEL
--folds 5`, with the columns to ignore, and nothing else that changes a result;
the rivals (rival_tables.py, in the environment of rivals.sh) get the same
folds. One thread each. Prints Markdown: the mean over the folds of the
accuracy, or of R2 where the label is a number, the ranks, and how far ours is
from guessing the largest class or the mean. Exit status: 0 whatever the
scores, 2 if ours or all tables are missing or do not run.
"""
import argparse
import collections
import csv
import json
import math
import os
import pathlib
import statistics
import sys
import tempfile
import time

from machine import (HERE, CannotRun, Missing, cpu_name, progress,
                     python_with, run, run_json)

# Label and ignored columns; of public tables, which R's packages mlbench and
# ggplot2 have.
TABLES = {
    "letter": ("lettr", ()),
    "satellite": ("classes", ()),
    "shuttle": ("Class", ()),
    "pima": ("diabetes", ()),
    "breastcancer": ("Class", ("Id",)),
    "votes": ("Class", ()),
    "vowel": ("Class", ()),
    "sonar": ("Class", ()),
    "diamonds": ("price", ()),
    "boston2": ("cmedv", ("medv", "town", "tract")),
}
OURS = "ours"
# Modules: scikit-learn's MLPClassifier or MLPRegressor, and boosted trees.
RIVALS = ("sklearn", "xgboost", "lightgbm")
FOLDS = 5
ERRORS_ASKED = 5  # standard errors from guessing


# ---- ours -------------------------------------------------------------------

def read_predictions(path):
    """(fold, truth, prediction) of each row; numbers where all truths are."""
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = [(int(row["fold"]), row["truth"], row["prediction"])
                for row in reader]
    is_number = not any(name.startswith("probability_")
                        for name in reader.fieldnames)
    if is_number:
        rows = [(fold, float(truth), float(found))
                for fold, truth, found in rows]
    return rows, is_number


def by_fold(rows):
    """For each fold its rows, and the truths of the others."""
    for fold in sorted({row[0] for row in rows}):
        yield ([row[1:] for row in rows if row[0] == fold],
               [row[1] for row in rows if row[0] != fold])


def fold_score(held_out, is_number):
    truths = [truth for truth, _ in held_out]
    if not is_number:
        return statistics.fmean(truth == found for truth, found in held_out)
    mean = statistics.fmean(truths)
    return 1 - (sum((truth - found) ** 2 for truth, found in held_out) /
                sum((truth - mean) ** 2 for truth in truths))


def gains(held_out, others, is_number):
    """For each row what the prediction gains over guessing: a hit, or squared
    error."""
    if is_number:
        guess = statistics.fmean(others)
        return [(truth - guess) ** 2 - (truth - found) ** 2
                for truth, found in held_out]
    guess = collections.Counter(others).most_common(1)[0][0]
    return [(truth == found) - (truth == guess) for truth, found in held_out]


def evaluate(rows, is_number):
    """Scores of the folds, and how many standard errors ours is ahead of
    guessing, from the paired differences of rows."""
    scores, differences = [], []
    for held_out, others in by_fold(rows):
        scores.append(fold_score(held_out, is_number))
        differences += gains(held_out, others, is_number)
    spread = statistics.stdev(differences)
    ahead = statistics.fmean(differences) * math.sqrt(len(differences))
    return scores, ahead / spread if spread > 0 else math.inf


def train(options, path, label, ignored, place):
    """Run ours; returns its facts, and leaves out-of-fold.csv in place."""
    command = [options.build / "mlp_train", "--data", path, "--label", label,
               "--folds", FOLDS, "--run", place, "--threads", 1, "--quiet"]
    if ignored:
        command += ["--ignore", ",".join(ignored)]
    begin = time.monotonic()
    run(command, os.sched_getaffinity(0))
    seconds = time.monotonic() - begin
    rows, is_number = read_predictions(place / "out-of-fold.csv")
    scores, ahead = evaluate(rows, is_number)
    return {"scores": scores, "seconds": seconds, "errors_ahead": ahead,
            "rows": len(rows), "is_number": is_number}


# ---- the rivals -------------------------------------------------------------

def run_rival(name, task, path, label, ignored, place):
    python, environment = python_with(name, 1)
    return run_json([python, HERE / "rival_tables.py", name, task, path,
                     place / "out-of-fold.csv", label, *ignored],
                    os.sched_getaffinity(0), environment)[0]


def measure(options, name):
    """Facts of ours and of each rival that is there, on one table."""
    label, ignored = TABLES[name]
    path = options.folder / f"{name}.csv.gz"
    progress(f"tables: {name}")
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "run"
        facts = {OURS: train(options, path, label, ignored, place)}
        task = "number" if facts[OURS]["is_number"] else "class"
        for rival in RIVALS:
            try:
                facts[rival] = run_rival(rival, task, path, label, ignored,
                                         place)
            except (Missing, CannotRun) as reason:
                progress(f"tables: {rival} left out: {reason}")
    return facts


# ---- the table --------------------------------------------------------------

def mean_score(facts):
    return statistics.fmean(facts["scores"])


def ranks(scores):
    """1 for the best; equal scores share the mean of their places."""
    return {name: 1 + sum(other > score for other in scores.values()) +
            (sum(other == score for other in scores.values()) - 1) / 2
            for name, score in scores.items()}


def print_scores(results, names):
    print("| table | rows |", *(f"{name} |" for name in names),
          "standard errors ahead of guessing |")
    print("|---|--:|" + "--:|" * (len(names) + 1))
    for table, facts in results.items():
        cells = [f"{mean_score(facts[name]):.4f} ({facts[name]['seconds']:.1f} "
                 "s)" if name in facts else "" for name in names]
        ours = facts[OURS]
        print("|", f"{table}{', R2' if ours['is_number'] else ''} |",
              f"{ours['rows']:,} |", *(f"{cell} |" for cell in cells),
              f"{ours['errors_ahead']:.1f} |")


def names_of(results):
    return [name for name in (OURS, *RIVALS)
            if any(name in facts for facts in results.values())]


def summarize(results):
    """Mean ranks, on the tables that all of them did."""
    names = names_of(results)
    complete = {table: {name: mean_score(facts[name]) for name in names}
                for table, facts in results.items()
                if all(name in facts for name in names)}
    places = {name: [ranks(scores)[name] for scores in complete.values()]
              for name in names}
    return {
        "tables": len(results),
        "mean_ranks": {name: statistics.fmean(place)
                       for name, place in places.items() if place},
        "ahead_of_all": sum(
            all(scores[OURS] > score for name, score in scores.items()
                if name != OURS) for scores in complete.values()),
        "compared": len(complete) if len(names) > 1 else 0,
        "beats_guessing": sum(facts[OURS]["errors_ahead"] >= ERRORS_ASKED
                              for facts in results.values())}


def print_summary(summary):
    print(f"\nguessing beaten by {ERRORS_ASKED} standard errors: on "
          f"{summary['beats_guessing']} of {summary['tables']} tables")
    if summary["compared"] == 0:
        return
    print("mean ranks: " + ", ".join(
        f"{name} {rank:.2f}" for name, rank in
        summary["mean_ranks"].items()))
    print(f"ours is ahead of all: on {summary['ahead_of_all']} of "
          f"{summary['compared']} tables")


def print_results(results, summary):
    names = names_of(results)
    versions = {name: facts[name]["version"] for facts in results.values()
                for name in names if name != OURS and name in facts}
    print(f"{cpu_name()}; {FOLDS} folds, one thread each; " + ", ".join(
        f"{name} {version}" for name, version in versions.items()) + "\n")
    print_scores(results, names)
    print_summary(summary)


def read_options():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path,
                        default=os.environ.get("MLP_TABLES"))
    parser.add_argument("--build", type=pathlib.Path,
                        default=HERE.parent.parent / "build" / "bench")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if options.folder is None:
        parser.error("name a folder with tables, or set MLP_TABLES")
    options.folder = pathlib.Path(options.folder)
    return options


def main():
    options = read_options()
    present = [name for name in TABLES
               if (options.folder / f"{name}.csv.gz").exists()]
    if not present:
        progress(f"tables: {options.folder} has none of {', '.join(TABLES)} "
                 "(.csv.gz)")
        return 2
    try:
        results = {name: measure(options, name) for name in present}
    except CannotRun as failure:
        progress(f"tables: {failure}")
        return 2
    summary = summarize(results)
    print_results(results, summary)
    if options.json:
        options.json.write_text(json.dumps(
            {"results": results, "summary": summary}, indent=1) + "\n",
            encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
