"""Reduce a compilation database to one entry per file.

    compile_once.py compile_commands.json >OTHER

With MLP_TEST_FULL=1 it has all entries. Options that gcc alone knows are left
out: clang-tidy reads the output.
"""
import json
import os
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    commands = json.load(file)
if os.environ.get("MLP_TEST_FULL") != "1":
    commands = list({c["file"]: c for c in reversed(commands)}.values())
for c in commands:
    c["command"] = c["command"].replace(" -fira-region=all ", " ")
json.dump(commands, sys.stdout, indent=1)
