"""The READMEs: links and paths exist, the table of options is up to date, and
the first page is short."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(os.environ["MLP_SOURCE"])
PROGRAM = pathlib.Path(os.environ["MLP_BUILD"]) / "mlp_train"
LINES_MOST = 250  # of README.md
WIDTH_MOST = 100  # of a line of prose

problems = []


def complain(page, number, text):
    problems.append(f"{page.relative_to(ROOT)}:{number}: {text}")


def pages():
    skipped = {"runs", "mnist"}
    for page in sorted(ROOT.rglob("*.md")):
        parts = page.relative_to(ROOT).parts
        if not any(p in skipped or p.startswith("build") for p in parts):
            yield page


def anchor(heading):
    """The anchor that GitHub makes of a heading."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def anchors(page):
    return {anchor(line.lstrip("#"))
            for line in page.read_text().splitlines() if line.startswith("#")}


def check_link(page, number, target):
    if re.match(r"[a-z]+:", target):
        return
    path, _, name = target.partition("#")
    file = page if path == "" else page.parent / path
    if not file.exists():
        complain(page, number, f"{target}: no such file")
    elif name and name not in anchors(file):
        complain(page, number, f"{target}: no such heading")


def check_page(page):
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("    "):
            continue  # an example
        for target in re.findall(r"\]\(([^)\s]+)\)", line):
            check_link(page, number, target)
        for path in re.findall(r"`((?:src|mpi|tests|jobs|data)/[\w./-]+)`",
                               line):
            # what a user downloads is not there yet, nor what stands for many
            if (path != "data/mnist" and not re.search("CONCEPT|NAME", path)
                    and not (ROOT / path).exists()):
                complain(page, number, f"{path}: no such file")
        if len(line) > WIDTH_MOST and line[0] not in "|!":
            complain(page, number, f"{len(line)} columns, {WIDTH_MOST} at most")


def check_options():
    page = ROOT / "src/config/OPTIONS.md"
    text = subprocess.run([PROGRAM, "--help", "all"], check=True,
                          capture_output=True).stdout
    table = subprocess.run(
        ["awk", "-f", ROOT / "tests/support/options_table.awk"],
        input=text, check=True, capture_output=True).stdout
    if table.decode() != page.read_text():
        complain(page, 1, "out of date; its first lines say how to make it")


for each in pages():
    check_page(each)
check_options()
count = (ROOT / "README.md").read_text().count("\n")
if count > LINES_MOST:
    complain(ROOT / "README.md", count, f"{count} lines, at most {LINES_MOST}")
print("\n".join(problems) or "no problem")
sys.exit(bool(problems))
