"""Architecture lint: who may include what, and what may be said where.

Every file belongs to a floor; it includes its own floor or lower ones, never
in a circle. A new file's name goes into FLOORS; a name like source_idx belongs
to the longest name in the table that it begins with.
"""
import pathlib
import re
import sys

FLOORS = [
    "status range version path",
    "stop arena"
    " config rng clock profile log metrics history digest h5file threads tree kernels"
    " activation math accurate json image terminal drawing pulse markup"
    " canvas chart sandbox directory fingerprint bfloat16 costs"
    " writing reading",
    "comm crew exchange",
    "source stream idx digits csv schema table rowfile reader dataset shard scaler"
    " sampler feed"
    " model pass loss optimizer norms schedule monitor init",
    "trainer pace evaluate watchdog",
    "checkpoint inference report runlog tensorboard progress story export import",
    "options run tool",
    "main",
]
# Two columns stand on floor 3; neither knows the other.
DATA_COLUMN = ("source stream idx digits csv schema table rowfile reader dataset shard"
               " scaler sampler feed").split()
MODEL_COLUMN = "model pass loss optimizer norms schedule monitor init".split()
MOST_LINES = 600

FLOOR_OF = {stem: floor for floor, stems in enumerate(FLOORS)
            for stem in stems.split()}
ROOT = pathlib.Path(__file__).resolve().parents[2]
problems = []


def complain(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def concept_of(path):
    """The table's name for a file: source_idx.c -> source."""
    words = pathlib.PurePath(path).stem.split("_")
    for count in range(len(words), 0, -1):
        name = "_".join(words[:count])
        if name in FLOOR_OF:
            return name
    return None


def column_of(concept):
    return (concept in DATA_COLUMN) - (concept in MODEL_COLUMN)


def sources(*patterns):
    return sorted(path.relative_to(ROOT) for pattern in patterns
                  for path in ROOT.glob(pattern))


def lines_of(path):
    return enumerate((ROOT / path).read_text().splitlines(), start=1)


def without_comments(path):
    """Numbered lines of code: comments blanked out, line breaks kept."""
    text = (ROOT / path).read_text()
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    text = re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)
    return enumerate(text.splitlines(), start=1)


def check_include(path, number, concept, target, graph):
    other = concept_of(target)
    if other is None:
        complain(path, number, f"{target} is on no floor; see FLOORS")
        return
    if FLOOR_OF[other] > FLOOR_OF[concept]:
        complain(path, number, f"floor {FLOOR_OF[concept]} ({concept}) "
                 f"includes floor {FLOOR_OF[other]} ({other})")
    if column_of(concept) * column_of(other) < 0:
        complain(path, number, f"{concept} and {other} are of two columns")
    if other != concept:
        graph.setdefault(concept, {})[other] = f"{path}:{number}"


def check_floors():
    """Includes go down; within a floor they make no circle."""
    graph = {}
    for path in sources("src/*.[ch]", "mpi/*.[ch]", "include/mlp/*.h"):
        concept = concept_of(path)
        if concept is None:
            complain(path, 1, f"its floor is not known: name \"{path.stem}\", "
                     "or a beginning of it, in FLOORS of "
                     "tests/support/floors.py")
            continue
        for number, line in lines_of(path):
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if found and not found.group(1).endswith(".pb-c.h"):  # generated
                check_include(path, number, concept, found.group(1), graph)
    check_circles(graph)


def check_circles(graph):
    done = set()

    def visit(concept, trail):
        if concept in trail:
            circle = trail[trail.index(concept):] + [concept]
            where = graph[circle[-2]][concept]
            problems.append(f"{where}: a circle: {' -> '.join(circle)}")
        elif concept not in done:
            for other in graph.get(concept, {}):
                visit(other, trail + [concept])
            done.add(concept)

    for concept in sorted(graph):
        visit(concept, [])


def check_words():
    """What may be said in one place only."""
    for path in sources("src/*.[ch]", "mpi/*.[ch]", "include/mlp/*.h"):
        folder = path.parts[0]
        for number, line in without_comments(path):
            if folder != "mpi" and re.search(r"\bMPI_|<mpi\.h>", line):
                complain(path, number, "MPI outside mpi/")
            if "<hdf5" in line and str(path) != "src/h5file_internal.h":
                complain(path, number, "HDF5 outside src/h5file_internal.h")
            if ('"h5file_internal.h"' in line
                    and not re.match(r"src/h5file\w*\.c$", str(path))):
                complain(path, number, "HDF5 outside src/h5file*.c")
            if (re.search(r"#\s*pragma\s+omp|\b_Pragma\(\"omp", line)
                    and not re.match(r"src/(threads|kernels)", str(path))):
                complain(path, number, "OpenMP outside threads and kernels")
            if (re.search(r"(?<!>)\b(abort|exit|_exit)\s*\(", line)
                    and concept_of(path) not in ("comm", "main",
                                                 "sandbox")):
                complain(path, number, "only main ends the program")


def check_files():
    """Size, headline, and nothing left open."""
    for path in sources("src/*.[ch]", "mpi/*.[ch]", "include/mlp/*.h",
                        "tests/*/*.[ch]"):
        text = (ROOT / path).read_text()
        if "@file" not in text[:200]:
            complain(path, 1, "does not open with @file")
        count = text.count("\n")
        if count > MOST_LINES and path.parts[0] != "tests":
            complain(path, count, f"{count} lines, at most {MOST_LINES}")
    left_open = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    elsewhere = re.compile(r"\.\./sha" r"red\b|/wo" r"rk/|/ho" r"me/")
    for path in sources("src/*", "mpi/*", "include/mlp/*", "tests/**/*",
                        "jobs/*", "data/*", "*.md", "*.txt"):
        if path.suffix in (".gz", ".h5") or (ROOT / path).is_dir():
            continue
        if "mnist" in path.parts or {"__pycache__", "corpus"} & set(path.parts):
            continue
        for number, line in lines_of(path):
            if left_open.search(line):
                complain(path, number, "left open")
            if elsewhere.search(line):
                complain(path, number, "a path of somebody's machine")


check_floors()
check_words()
check_files()
print("\n".join(problems) or f"{len(FLOOR_OF)} names, no problem")
sys.exit(bool(problems))
