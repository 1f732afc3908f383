"""Lint of words: the field's word in names, comments, messages and documents.

words.txt lists the words that are refused, what to say instead, and where a
word is right.
"""
import glob
import os
import re
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
TABLE = "tests/support/words.txt"
FOLDERS = ("src", "mpi", "include", "tests", "jobs", "data")
ENDINGS = (".c", ".h", ".sh", ".py", ".md", ".sbatch", ".cmake")
# Old names of options and values, which the command line still accepts.
OLD_NAMES = re.compile(r"\.key = |\.hidden = |hidden_names")


def entries(path):
    """The lines of a table, without comments and empty lines."""
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
problems = [problem for path in paths for problem in problems_of(path)]
print("\n".join(problems) or f"{len(paths)} files, no problem")
sys.exit(bool(problems))
