"""Metrics, comparisons and temperatures beside their definitions.

Everything is computed again from what mlp predict prints, by loops over rows,
pairs of rows and thresholds that share nothing with the program.
"""
import csv
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ["MLP_BUILD"])
os.environ.pop("MLP_DATA", None)
PRINTED = 2e-6  # predict prints nine digits of float32 probabilities


def fail(text):
    sys.exit(f"FAILED: {text}")


def expect(is_so, text):
    if not is_so:
        fail(text)


def near(found, wanted, what, tolerance=PRINTED):
    expect(abs(found - wanted) <= tolerance * max(1, abs(wanted)),
           f"{what}: {found}, by its definition {wanted}")


def run(*words, status=0):
    done = subprocess.run([str(w) for w in words], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, check=False)
    expect(done.returncode == status,
           f"{' '.join(map(str, words))}: exit {done.returncode}, expected "
           f"{status}: {done.stderr}")
    return done.stderr if status else done.stdout


def train(*words):
    return run(BUILD / "mlp_train", "--quiet", *words)


def tool(*words, status=0):
    return run(BUILD / "mlp", *words, status=status)


def evaluate(*words):
    return json.loads(tool("eval", *words, "--format", "json"))


def outputs_of(model, data):
    """Outputs of each row, and predictions."""
    lines = csv.reader(tool("predict", model, "--data", data, "--format",
                            "csv").splitlines())
    expect(next(lines)[:2] == ["row", "prediction"], "another head")
    rows = list(lines)
    return ([[float(cell) for cell in row[2:]] for row in rows],
            [row[1] for row in rows])


# ---- tables

def write(path, head, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(head)
        writer.writerows(rows)


def draw_classes(path, seed, rows, classes):
    """Few distinct rows, so that many outputs are equal; noisy classes."""
    draw = random.Random(seed)
    table = []
    for _ in range(rows):
        a, b = draw.randrange(6), draw.randrange(5)
        noise = draw.random() < 0.25
        kind = draw.randrange(classes) if noise else (a + 2 * b) % classes
        table.append((a, b, f"k{kind}"))
    write(path, ("a", "b", "kind"), table)
    return [row[2] for row in table]


def draw_numbers(path, seed, rows):
    draw = random.Random(seed)
    table = [(draw.random(), draw.random()) for _ in range(rows)]
    table = [(a, b, 100 * a - 30 * b * b + draw.random()) for a, b in table]
    write(path, ("a", "b", "y"), table)
    return [row[2] for row in table]


# ---- definitions

def auc_of(scores, is_it):
    pairs = in_order = 0
    for one, first in zip(scores, is_it):
        for other, second in zip(scores, is_it):
            if first and not second:
                pairs += 1
                in_order += 1 if one > other else 0.5 if one == other else 0
    return in_order / pairs


def precision_of(scores, is_it):
    """Precision at each row of the class, which is that of its threshold."""
    total = 0
    for score, is_hit in zip(scores, is_it):
        if is_hit:
            above = [hit for one, hit in zip(scores, is_it) if one >= score]
            total += sum(above) / len(above)
    return total / sum(is_it)


def class_metrics(outputs, truth, names):
    """Of class 1 with two classes, else over all of them."""
    index = [names.index(name) for name in truth]
    wanted = range(len(names)) if len(names) > 2 else [1]
    column = {k: [row[k] for row in outputs] for k in wanted}
    is_it = {k: [one == k for one in index] for k in wanted}
    return {
        "log_loss": -sum(math.log(row[k]) for row, k in zip(outputs, index))
        / len(index),
        "brier": sum((p - hit) ** 2 for k in wanted
                     for p, hit in zip(column[k], is_it[k])) / len(index),
        "roc_auc": sum(auc_of(column[k], is_it[k]) for k in wanted)
        / len(wanted),
        "average_precision":
        sum(precision_of(column[k], is_it[k]) for k in wanted) / len(wanted)}


def calibration_of(outputs, truth, names):
    """The expected calibration error, with 15 bins."""
    bins = [[0, 0.0, 0] for _ in range(15)]
    for row, name in zip(outputs, truth):
        best = max(range(len(names)), key=lambda k: row[k])
        k = best if len(names) > 2 else 1
        bin_of = bins[min(14, int(row[k] * 15))]
        bin_of[0] += 1
        bin_of[1] += row[k]
        bin_of[2] += names[k] == name
    return sum(abs(hits - p) for _, p, hits in bins) / len(truth)


# ---- tests

def check_classes(classes, *options):
    names = [f"k{k}" for k in range(classes)]
    draw_classes("train.csv", classes, 500, classes)
    truth = draw_classes("test.csv", classes + 50, 220, classes)
    run_name = f"classes-{classes}-{len(options)}"
    train("--data", "train.csv", "--test-data", "test.csv", "--label", "kind",
          "--epochs", 15, "--checkpoint", run_name, *options)
    outputs, _ = outputs_of(run_name, "test.csv")
    if len(outputs[0]) == 1:
        outputs = [[1 - row[0], row[0]] for row in outputs]
    found = evaluate(run_name, "--data", "test.csv")
    for name, value in class_metrics(outputs, truth, names).items():
        near(found[name], value, f"{run_name}: {name}")
    near(found["calibration_error"], calibration_of(outputs, truth, names),
         f"{run_name}: calibration_error", 1e-4)
    expect(sum(one["count"] for one in found["calibration"]) == len(truth),
           f"{run_name}: not all rows are in the bins")


def check_numbers():
    draw_numbers("train-numbers.csv", 1, 400)
    truth = draw_numbers("test-numbers.csv", 2, 150)
    for name, seed in (("numbers-a", 1), ("numbers-b", 2)):
        train("--data", "train-numbers.csv", "--test-data", "test-numbers.csv",
              "--label", "y", "--task", "regression", "--epochs", 20, "--seed",
              seed, "--checkpoint", name)
    errors = {}
    for name in ("numbers-a", "numbers-b"):
        rows = csv.reader(tool("predict", name, "--data", "test-numbers.csv",
                               "--format", "csv").splitlines())
        next(rows)
        errors[name] = [float(row[1]) - y for row, y in zip(rows, truth)]
        found = evaluate(name, "--data", "test-numbers.csv")
        near(found["rmse"], math.sqrt(sum(e * e for e in errors[name]) / 150),
             f"{name}: RMSE", 1e-5)
        near(found["mae"], sum(map(abs, errors[name])) / 150, f"{name}: MAE",
             1e-5)
    both = evaluate("numbers-a", "numbers-b", "--data", "test-numbers.csv")
    pairs = list(zip(errors["numbers-a"], errors["numbers-b"]))
    for key, size in (("squared_error", lambda e: e * e),
                      ("absolute_error", abs)):
        d = [size(a) - size(b) for a, b in pairs]
        mean = sum(d) / len(d)
        error = math.sqrt(sum((x - mean) ** 2 for x in d) / 149 / 150)
        near(both[key]["difference"], mean, key, 1e-4)
        near(both[key]["standard_error"], error, f"{key}'s error", 1e-4)
        near(both[key]["high"] - mean, 1.976013 * error, f"{key}'s interval",
             1e-4)


def check_comparison():
    truth = draw_classes("test.csv", 53, 220, 3)
    draw_classes("train.csv", 3, 500, 3)
    for seed, epochs in ((1, 2), (2, 15)):
        train("--data", "train.csv", "--test-data", "test.csv", "--label",
              "kind", "--epochs", epochs, "--seed", seed, "--checkpoint",
              f"compared-{seed}")
    right = [[one == name for one, name in
              zip(outputs_of(f"compared-{seed}", "test.csv")[1], truth)]
             for seed in (1, 2)]
    first = sum(a and not b for a, b in zip(*right))
    second = sum(b and not a for a, b in zip(*right))
    found = evaluate("compared-1", "compared-2", "--data", "test.csv")
    expect((found["first_right"], found["second_right"]) == (first, second),
           "another table of right and wrong rows")
    expect(sum(found[key] for key in ("both_right", "first_right",
                                      "second_right", "both_wrong"))
           == len(truth), "the table is not of all rows")
    n, least = first + second, min(first, second)
    chances = [math.comb(n, k) / 2 ** n for k in range(least + 1)]
    exact = 1 if first == second else min(1, 2 * sum(chances))
    mid = exact - chances[-1] / (2 if first == second else 1)
    near(found["p_exact"], exact, "McNemar's exact p", 1e-9)
    near(found["p_mid"], mid, "McNemar's mid-p", 1e-9)
    near(found["error_rate_difference"], (second - first) / len(truth),
         "the difference of the error rates", 1e-12)
    # other rows are refused, however many there are
    draw_classes("other.csv", 99, 500, 3)
    train("--data", "other.csv", "--label", "kind", "--epochs", 1,
          "--test-fraction", 0.5, "--split-seed", 1, "--checkpoint", "other-1")
    train("--data", "other.csv", "--label", "kind", "--epochs", 1,
          "--test-fraction", 0.5, "--split-seed", 2, "--checkpoint", "other-2")
    told = tool("eval", "other-1", "other-2", "--data", "other.csv", "--split",
                "test", status=64)
    expect("are not compared" in told, f"no reason: {told}")
    told = tool("eval", "compared-1", "numbers-a", "--data", "test.csv",
                status=65)


def logits_of(outputs):
    """Up to a number per row, which softmax does not see."""
    return [[math.log(max(p, 1e-30)) for p in row] for row in outputs]


def scaled(row, factor):
    weights = [math.exp(factor * (z - max(row))) for z in row]
    return [w / sum(weights) for w in weights]


def check_temperature(run_name, *options):
    names = [f"k{k}" for k in range(3)]
    if "--binary" in options:
        names = names[:2]
    truth = draw_classes("whole.csv", 7, 600, len(names))
    train("--data", "whole.csv", "--label", "kind", "--validation", 0.4,
          "--split", "last", "--epochs", 120, "--lr", 0.2, "--hidden", "64",
          "--checkpoint", run_name, *options)
    before = evaluate(run_name, "--data", "whole.csv", "--split", "validation")
    told = json.loads(tool("calibrate", run_name, "--data", "whole.csv",
                           "--format", "json"))
    child = f"{run_name}/calibrated.h5"
    expect(told["output"] == child and told["rows"] == 240,
           f"{run_name}: other rows or output: {told}")
    after = evaluate(child, "--data", "whole.csv", "--split", "validation")
    near(told["log_loss"]["before"], before["log_loss"], "before", 1e-12)
    near(told["log_loss"]["after"], after["log_loss"], "after", 1e-12)
    expect(after["log_loss"] < before["log_loss"], "no lower log loss")
    expect(after["accuracy"] == before["accuracy"], "other predictions")
    # a little more or less is no better, on the validation rows
    outputs, predicted = outputs_of(run_name, "whole.csv")
    new, predicted_new = outputs_of(child, "whole.csv")
    if len(names) == 2 and len(outputs[0]) == 1:
        outputs, new = ([[1 - row[0], row[0]] for row in rows]
                        for rows in (outputs, new))
    expect(predicted == predicted_new, "other classes are predicted")
    factor = 1 / told["temperature"]
    logits = logits_of(outputs)
    for row, changed in zip(logits, new):
        for p, wanted in zip(changed, scaled(row, factor)):
            near(p, wanted, f"{run_name}: probability", 1e-5)

    def loss(b):
        rows = list(zip(logits, truth))[-240:]
        return -sum(math.log(scaled(row, b)[names.index(name)])
                    for row, name in rows)
    expect(loss(factor) < min(loss(factor * 1.01), loss(factor / 1.01)),
           f"{run_name}: temperature {told['temperature']} is not the best")
    shown = json.loads(tool("show", child, "--format", "json"))
    parent = json.loads(tool("show", run_name, "--format", "json"))
    near(shown["temperature"], told["temperature"], "the stored one", 1e-12)
    expect(parent["state_sha256"] in tool("show", child),
           "the child does not name its parent")
    check_export(child, "whole.csv", new, "--binary" in options)


def check_export(child, data, wanted, is_binary):
    """The C header gives the numbers of predict."""
    tool("export", child, "--to", "c", "--output", "model.h")
    width = len(wanted[0]) if not is_binary else 1
    pathlib.Path("main.c").write_text(f"""
#include <stdio.h>
#include <stdlib.h>
#include "model.h"
int main(void)
{{
    float x[2], y[{width}];
    while (scanf("%f,%f", &x[0], &x[1]) == 2) {{
        mlp_predict(x, y);
        for (int k = 0; k < {width}; k++) printf("%.9g ", (double)y[k]);
        printf("\\n");
    }}
    return 0;
}}
""", encoding="utf-8")
    run("cc", "-std=c99", "-O1", "main.c", "-lm", "-o", "main")
    rows = [line.rsplit(",", 1)[0] for line in
            pathlib.Path(data).read_text(encoding="utf-8").split()[1:]]
    done = subprocess.run(["./main"], input="\n".join(rows), text=True,
                          capture_output=True, check=True)
    for line, row in zip(done.stdout.splitlines(), wanted):
        for found, p in zip(line.split(), row[-width:]):
            near(float(found), p, "the export's probability", 1e-5)


def check_refusals():
    told = tool("calibrate", "numbers-a", "--data", "train-numbers.csv",
                status=64)
    expect("validation" in told, f"no reason: {told}")
    told = tool("calibrate", "compared-1", "--data", "train.csv", status=64)
    expect("without validation rows" in told, f"no reason: {told}")
    write("easy.csv", ("x", "y"), [(i % 2, "ab"[i % 2]) for i in range(200)])
    train("--data", "easy.csv", "--label", "y", "--validation", 0.2,
          "--epochs", 30, "--checkpoint", "easy")
    told = tool("calibrate", "easy", "--data", "easy.csv", status=65)
    expect("predicted right" in told, f"no reason: {told}")
    expect(not os.path.exists("easy/calibrated.h5"), "a child all the same")
    tool("calibrate", "soft/calibrated.h5", "--data", "whole.csv", status=64)


def main():
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        check_classes(2)
        check_classes(2, "--binary", "--output-activation", "sigmoid",
                      "--loss", "binary-cross-entropy")
        check_classes(4)
        check_numbers()
        check_comparison()
        check_temperature("soft")
        check_refusals()
        check_temperature("patient", "--patience", 50)
        check_temperature("one", "--binary", "--output-activation", "sigmoid",
                          "--loss", "binary-cross-entropy")
        os.chdir("/")


main()
