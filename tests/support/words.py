"""Lint of words: the field's word in names, comments, messages and documents.

words.txt lists the words that are refused, words_todo.txt the files that still
have some. A file on that list without any must leave it, so that it shrinks;
--todo prints what the list should be.
"""
import glob
import os
import re
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TABLE = "tests/support/words.txt"
UNCLEAN = "tests/support/words_todo.txt"
FOLDERS = ("src", "mpi", "include", "tests", "jobs", "data")
ENDINGS = (".c", ".h", ".sh", ".py", ".md", ".sbatch", ".cmake")
# Old names of options and values, which the command line still accepts.
OLD_NAMES = re.compile(r"\.key = |\.hidden = |hidden_names")


def entries(path):
    """The lines of a list, without comments and empty lines."""
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file
                if line.strip() and not line.startswith("#")]


def bounded(expression):
    return re.compile(f"(?<![A-Za-z])({expression})(?![A-Za-z])", re.I)


def read_table():
    """(word, what to say, beginnings of paths where the word is right)."""
    for line in entries(TABLE):
        word, better, *right = (cell.strip() for cell in line.split(" | "))
        yield word, better, tuple(" ".join(right).split())


TABLE_ENTRIES = [(bounded(word), *rest) for word, *rest in read_table()]
ANY_WORD = bounded("|".join(word for word, *_ in read_table()))


def problems_of(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not ANY_WORD.search(line) or (path.startswith("src/config/") and
                                             OLD_NAMES.search(line)):
                continue
            for word, better, right in TABLE_ENTRIES:
                if not path.startswith(right):
                    for match in word.finditer(line):
                        yield f'{path}:{number}: "{match[1]}": say "{better}"'


paths = [path for folder in FOLDERS
         for path in sorted(glob.glob(f"{folder}/**", recursive=True))
         if path.endswith(ENDINGS) and path != "tests/support/words.py"]
found = {path: list(problems_of(path)) for path in paths}
unclean = sorted(path for path in paths if found[path])
if "--todo" in sys.argv:
    print(*unclean, sep="\n")
    sys.exit()
listed = entries(UNCLEAN)
problems = [problem for path in unclean if path not in listed
            for problem in found[path]]
problems += [f"{UNCLEAN}: {path} has no refused word: take it off the list"
             for path in listed if path not in unclean]
print("\n".join(problems) or
      f"{len(paths)} files, {len(listed)} still listed, no problem")
sys.exit(bool(problems))
