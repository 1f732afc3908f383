"""Architecture lint: allowed includes between rooms, and calls by room.

A room is a folder of src/, and mpi/. src/FLOORS lists them, a line for each
floor, the lowest first: a room includes rooms of lower lines only. Inside a
room a header is "x.h", elsewhere "room/x.h"; internal.h is for its own room.
With --figures it also prints how long functions are.
"""
import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOOR_OF = {room: floor for floor, line in
            enumerate((ROOT / "src/FLOORS").read_text().splitlines())
            for room in line.split()}
LINES_MOST = 600
FUNCTION_LINES_MOST = 50 # from the first line of its head to its last brace
# Expressions that are allowed in some rooms, or files, only.
PLACES = (
    (r"\bMPI_|<mpi\.h>", ("mpi/",), "MPI"),
    (r"<hdf5", ("src/hdf5/",), "HDF5"),
    (r'#\s*pragma\s+omp|\b_Pragma\("omp|<omp\.h>',
     ("src/system/", "src/kernels/"), "OpenMP"),
    (r"(?<!>)\b(abort|exit|_exit)\s*\(",
     ("src/main/", "src/system/sandbox.c", "src/team/", "mpi/"),
     "the end of the program"),
)
problems = []


def complain(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def sources(*patterns):
    return sorted(path.relative_to(ROOT) for pattern in patterns
                  for path in ROOT.glob(pattern))


CODE = sources("src/**/*.[ch]", "mpi/*.[ch]")


def room_of(path):
    parts = pathlib.PurePath(path).parts
    return "/".join(parts[parts[0] == "src":-1])


def lines_of(path):
    return enumerate((ROOT / path).read_text().splitlines(), start=1)


def without_comments(path):
    """Numbered lines of code: comments blanked out, line breaks kept."""
    text = (ROOT / path).read_text()
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    text = re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)
    return enumerate(text.splitlines(), start=1)


def check_include(path, number, target):
    room = room_of(path)
    if "/" not in target:
        if not target.endswith(".pb-c.h") and not (
                ROOT / path.parent / target).exists():
            complain(path, number, f"{target} is not in this room")
        return
    other = target.rsplit("/", 1)[0]
    if other == "mlp":
        return
    if other not in FLOOR_OF:
        complain(path, number, f"{other} is no room of src/FLOORS")
    elif other == room:
        complain(path, number, f"{target} is in this room: \"x.h\" will do")
    elif FLOOR_OF[other] >= FLOOR_OF[room]:
        complain(path, number, f"{room} includes {other}, which is not on a "
                 "lower floor")
    elif target.endswith("/internal.h"):
        complain(path, number, f"{target} is for {other} alone")


def check_floors():
    for path in CODE:
        if room_of(path) not in FLOOR_OF:
            complain(path, 1, "is in no room of src/FLOORS")
            continue
        for number, line in lines_of(path):
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if found:
                check_include(path, number, found.group(1))


def check_places():
    for path in CODE:
        for number, line in without_comments(path):
            for pattern, places, what in PLACES:
                if (re.search(pattern, line)
                        and not str(path).startswith(places)):
                    complain(path, number, f"{what} outside "
                             f"{', '.join(places)}")


def functions_of(path):
    """(lines, line, head) of each: in this style its braces are in column 1."""
    lines = (ROOT / path).read_text().splitlines()
    opening = None
    for number, line in enumerate(lines):
        if line == "{":
            opening = number
        elif line.startswith("}") and opening is not None:
            first = opening - 1
            while first > 0 and not re.search(r"^$|^#|^//|(\*/|[;}])$",
                                              lines[first - 1]):
                first -= 1
            yield number - first + 1, first + 1, lines[first]
            opening = None


def check_functions():
    for path in CODE:
        for length, number, head in functions_of(path):
            if length > FUNCTION_LINES_MOST:
                complain(path, number, f"{head} ...: {length} lines, at most "
                         f"{FUNCTION_LINES_MOST}")


def print_figures():
    functions = sorted((length, f"{path}:{number}") for path in CODE
                       for length, number, _ in functions_of(path))
    lengths = [length for length, _ in functions]
    print(f"{len(lengths)} functions: median {statistics.median(lengths):g} "
          f"lines, 90th percentile {lengths[len(lengths) * 9 // 10]}, longest "
          f"{lengths[-1]} ({functions[-1][1]})")


def check_files():
    """Check sizes, file headers, and unfinished work."""
    for path in sources("src/**/*.[ch]", "mpi/*.[ch]",
                        "tests/**/*.[ch]"):
        text = (ROOT / path).read_text()
        if "@file" not in text[:200]:
            complain(path, 1, "does not open with @file")
        count = text.count("\n")
        if count > LINES_MOST and path.parts[0] != "tests":
            complain(path, count, f"{count} lines, at most {LINES_MOST}")
    left_open = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    elsewhere = re.compile(r"\.\./sha" r"red\b|/wo" r"rk/|/ho" r"me/")
    for path in sources("src/**/*", "mpi/*", "tests/**/*",
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
check_places()
check_functions()
check_files()
if "--figures" in sys.argv[1:]:
    print_figures()
print("\n".join(problems) or f"{len(FLOOR_OF)} rooms, no problem")
sys.exit(bool(problems))
