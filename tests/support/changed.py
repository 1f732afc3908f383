"""Select the tests of a change.

    ctest --show-only=json-v1 | python3 changed.py PATH...

Prints two lines: the targets to build, and a regular expression of the tests to
run: unit tests of changed rooms; quick ones of rooms that include a header of
the change; changed tests, and tests that use changed support files; for rooms
of the transport, one run on two ranks; for documents, the test of documents; and
the fast lints.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Tests of a room outside unit/ROOM.
ELSEWHERE = {
    "mpi": r"mpi\.(comm|exchange)\.np2", "team": r"mpi\.(comm|node_team)\.np2",
    "exchange": r"mpi\.exchange\.np2", "train": r"mpi\.trainer\.np2",
    "main": r"system\.(digits|tool)", "run": r"system\.digits",
    "tool": r"system\.tool", "convert": r"system\.(export|import)",
    "tool/data": r"system\.import", "tool/predict": r"system\.predict",
    "tool/report": r"system\.report", "tool/trace": r"system\.trace",
    "python": r"python\..*", "python/mlp": r"python\..*",
}


def included(path):
    """Included project headers as paths from src/, with those of the own room."""
    room = path.parent.relative_to(ROOT / "src") if (
        path.is_relative_to(ROOT / "src")) else None
    for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"',
                           path.read_text(), flags=re.M):
        yield name if "/" in name or room is None else f"{room}/{name}"


def headers_behind(path):
    """The header of a changed file: its own, else its room's."""
    own = path.with_suffix(".h")
    if own.exists():
        return {str(own.relative_to(ROOT / "src"))}
    if not path.exists():
        return set()
    room = str(path.parent.relative_to(ROOT / "src"))
    return {name for name in included(path) if name.rsplit("/", 1)[0] == room}


def rooms_including(headers):
    return {str(path.parent.relative_to(ROOT / "src"))
            for path in (ROOT / "src").rglob("*.[ch]")
            if headers & set(included(path))}


def files_naming(name, *patterns):
    """Files of tests/ whose text has the name of a file of support/."""
    path = pathlib.Path(name)
    used = re.compile(rf"\b{re.escape(path.name)}\b|"
                      rf"^(from|import) {re.escape(path.stem)}\b", re.M)
    return [found for pattern in patterns
            for found in sorted((ROOT / "tests").glob(pattern))
            if found.name != path.name and used.search(found.read_text())]


def tests_naming(name):
    """Tests that use a file of support/, or one of support/ that uses it."""
    names = [name]
    for used in names:  # which grows
        names += [found.name for found in files_naming(used, "support/*.*")
                  if found.name not in names]
    return {test_of(path.relative_to(ROOT / "tests"))
            for used in names
            for path in files_naming(used, "unit/*/test_*", "mpi/test_*",
                                     "system/*/test_*")}


def test_of(path):
    """The tests of a file of tests/, as a regular expression; or None."""
    name = path.stem.removeprefix("test_")
    if path.parts[0] == "fuzz":
        return rf"unit\.{path.stem}" if path.stem.startswith("fuzz_") else None
    if path.parts[0] == "bench":
        return r"system\.bench"
    if not path.stem.startswith("test_"):
        return None
    return rf"mpi\.{name}\..*" if path.parts[0] == "mpi" else (
        rf"{path.parts[0]}\.{name}")


def classify(names):
    """Changed rooms, rooms that include them, and patterns of more tests."""
    rooms, headers, patterns = set(), set(), {r"lint\.(format|floors|words)"}
    for name in names:
        path = pathlib.PurePath(name)
        if name.endswith((".sh", ".sbatch")):
            patterns.add(r"lint\.shell")
        if name.endswith(".md"):
            patterns.add(r"system\.documents")
        if path.parts[0] == "mpi":
            rooms.add("mpi")
        elif path.parts[0] == "src" and len(path.parts) > 2:
            rooms.add("/".join(path.parts[1:-1]))
            if path.suffix in (".c", ".h"):
                headers |= headers_behind(ROOT / name)
        elif path.parts[:2] == ("tests", "support"):
            # Files that every system test uses: run one of them.
            patterns |= {r"system\.digits"} if path.name == "system.sh" else (
                tests_naming(name))
        elif path.parts[0] == "tests" and len(path.parts) > 2:
            patterns.add(test_of(path.relative_to("tests")))
    return rooms, rooms_including(headers) - rooms, patterns - {None}


def select(tests, names):
    rooms, above, patterns = classify(names)
    patterns |= {ELSEWHERE[room] for room in rooms if room in ELSEWHERE}
    for test in tests:
        labels = {label for item in test.get("properties", ())
                  if item["name"] == "LABELS" for label in item["value"]}
        if ("unit" in labels and rooms & labels
                or "quick" in labels and above & labels
                or any(re.fullmatch(p, test["name"]) for p in patterns)):
            yield test["name"]


def target_of(test):
    kind, name = test.split(".")[:2]
    if kind == "unit":
        return {name if name.startswith("fuzz_") else f"test_{name}"}
    return {"mpi": {f"mpi_test_{name}"},
            "system": {"system_programs"}}.get(kind, set())


chosen = sorted(select(json.load(sys.stdin)["tests"], sys.argv[1:]))
print(" ".join(sorted({"mlp_train", "mlp"}.union(*map(target_of, chosen)))))
print("^(" + "|".join(map(re.escape, chosen)) + ")$")
