"""Makes a copy of the sources like a later version: with one more option, one
more scalar of checkpoints and one more column of the history, added as the
documents ask.

    python3 later_version.py SOURCE TARGET

The option is --dummy-word past|future, which is stored as "dummy", old|new. Its
default is future; runs without the option count as past.
"""
import pathlib
import shutil
import sys

INSERTIONS = (
    ("src/config/config.h", "    bool profile;\n",
     "    unsigned dummy;\n"),
    ("src/config/config.c", "#define AT(member)",
     'static const char *const dummies[] = {"old", "new", NULL};\n'
     'static const char *const dummy_words[] = {"past", "future", NULL};\n'),
    ("src/config/config.c", "static const mlp_option fields[] = {\n",
     '    {"dummy-word", MLP_FIELD_ENUM, AT(dummy), dummies, 0, 0, true, "Data",'
     ' "NAME", "does nothing", .absent = "old", .key = "dummy",'
     ' .words = dummy_words},\n'),
    ("src/config/config.c", "static const mlp_config defaults = {\n",
     "    .dummy = 1,\n"),
    ("src/checkpoint/checkpoint.h",
     "    uint64_t arithmetic, arithmetic_since;\n",
     "    uint64_t dummy_count;\n"),
    ("src/checkpoint/scalars.c",
     '    LATER("arithmetic_since", U64, arithmetic_since, 0),\n',
     '    LATER("dummy_count", U64, dummy_count, 7),\n'),
    ("src/base/history.h", "    double wall_seconds;",
     "    double dummy_error;\n"),
    ("src/checkpoint/history.c",
     '    COLUMN("wall_seconds", MLP_H5_F64, wall_seconds),\n',
     '    {"history/dummy_error", MLP_H5_F64,'
     ' offsetof(mlp_epoch_record, dummy_error), true},\n'),
)


def insert(path, anchor, text):
    """After the anchor, a whole line; before it, a part of one."""
    source = path.read_text()
    if source.count(anchor) != 1:
        sys.exit(f"{path}: {source.count(anchor)} times {anchor!r}")
    both = anchor + text if anchor.endswith("\n") else text + anchor
    path.write_text(source.replace(anchor, both))


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    for name in ("src", "include", "mpi", "data", "jobs"):
        shutil.copytree(source / name, target / name,
                        ignore=shutil.ignore_patterns("mnist"))
    for name in ("CMakeLists.txt", "README.md", "LICENSE"):
        shutil.copy(source / name, target / name)
    for path, anchor, text in INSERTIONS:
        insert(target / path, anchor, text)


main()
