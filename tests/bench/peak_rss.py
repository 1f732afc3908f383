"""Run a program and append its peak resident set in KiB, as one line, to a
file: python3 peak_rss.py FILE PROGRAM [ARGUMENT...]"""
import os
import sys

child = os.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "a", encoding="ascii") as file:
    file.write(f"{usage.ru_maxrss}\n")
sys.exit(os.waitstatus_to_exitcode(status) & 255)
