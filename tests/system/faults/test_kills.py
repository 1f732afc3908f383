#!/usr/bin/env python3
"""SIGKILL at random instants of a run that saves after every step.

Each chain of kills and resumes ends with the weights of a run that nobody
disturbed. Alone, and as two ranks of which one is killed. Quick: 50 kills;
full: 1,000; MLP_KILLS says otherwise. The instants are drawn from the whole
life of a run, its start included, with a seed that is printed.
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["MLP_SOURCE"], "tests", "support"))
# pylint: disable=wrong-import-position
from saving import (IS_FULL, PROGRAM, Job, fail,  # noqa: E402
                    living_children)

KILLS = int(os.environ.get("MLP_KILLS", "1000" if IS_FULL else "50"))
TEAM = ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", "2"]


class Chain:
    """Runs of one job, each killed, until one ends."""

    def __init__(self, job, dice):
        self.job, self.dice = job, dice
        self.words = [*job.words, "--epochs", "12", "--every", "1steps",
                      "--keep", "3", "--resume", "auto"]
        self.fresh()
        began = time.monotonic()
        self.digest = self.start([]).communicate()[0].split()[-1]
        self.seconds = time.monotonic() - began
        self.fresh()

    def fresh(self):
        shutil.rmtree(self.job.folder, ignore_errors=True)

    def start(self, launch):
        return subprocess.Popen([*launch, PROGRAM, *self.words], text=True,
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def kill(self, process, is_team):
        """The run, or one of its ranks."""
        victim = process.pid
        if is_team:
            ranks = living_children(process)
            victim = self.dice.choice(ranks) if ranks else victim
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def one(self, is_team):
        """One run and one kill: whether the kill came in time."""
        process = self.start(TEAM if is_team else [])
        time.sleep(self.dice.uniform(0, self.seconds * (2 if is_team else 1)))
        self.kill(process, is_team)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            ranks = living_children(process)
            process.kill()
            process.communicate()
            if is_team and not ranks:
                print("mpirun itself hangs, without ranks: killed, too")
                return True
            return fail("a killed run does not end")
        if process.returncode != 0:
            if process.returncode not in (-9, 137):
                fail(f"exit code {process.returncode} after a kill: {err}")
            return True
        self.expect_end(out)
        return False

    def expect_end(self, out):
        if out.split()[-1] != self.digest:
            fail(f"other weights: {out}")
        left = [n for n in os.listdir(self.job.folder) if ".tmp." in n]
        if left:
            fail(f"a run that ended left {left}")
        self.fresh()


def main():
    seed = int(os.environ.get("MLP_KILLS_SEED", "20250101"))
    print(f"{KILLS} kills, seed {seed}")
    job = Job()
    chain = Chain(job, random.Random(seed))
    killed = ended = number = 0
    while killed < KILLS:
        number += 1
        in_time = chain.one(is_team=number % 5 == 0)
        killed += in_time
        ended += not in_time
    process = chain.start([])
    chain.expect_end(process.communicate()[0])
    job.close()
    print(f"{killed} kills, {ended + 1} chains ended with the same weights")


main()
