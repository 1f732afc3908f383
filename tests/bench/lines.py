"""Lines of the table: targets, measured ratios, and whether they meet the
targets."""
import dataclasses
import statistics


@dataclasses.dataclass
class Line:
    """One measure. values has one ratio for each pair of runs, or figures in
    `unit`."""
    measure: str
    asked: float = None      # target of the median; None: no target
    at_most: bool = False    # the target is an upper limit
    asked_worst: float = None  # target of the worst value
    values: list = dataclasses.field(default_factory=list)
    times: list = dataclasses.field(default_factory=list)  # of each pair
    unit: str = ""
    note: str = ""
    missing: str = ""        # reason for no values
    is_checked: bool = True

    def add(self, first, second):
        """Add the times of one pair."""
        self.times.append((first, second))
        self.values.append(first / second)

    def in_turns(self, pairs, first, second):
        """Run A B A B ... and add the ratio of the times of each pair."""
        for _ in range(pairs):
            self.add(first(), second())
        return self

    def median(self):
        return statistics.median(self.values)

    def same_over_same(self):
        """Variation between runs of the same program: the median, over
        consecutive runs, of the larger time over the smaller; the larger
        value of the pair's two sides. None for a single run."""
        sides = zip(*self.times) if self.times else [self.values]
        ratios = [[max(pair) / min(pair) for pair in zip(side, side[1:])]
                  for side in sides if len(side) > 1 and min(side) > 0]
        return max(map(statistics.median, ratios), default=None)

    def is_met(self):
        """True, False, or None if there is nothing to check."""
        if self.asked is None or not self.values or not self.is_checked:
            return None
        if self.at_most:
            return self.median() <= self.asked
        return (self.median() >= self.asked and
                (self.asked_worst is None or
                 min(self.values) >= self.asked_worst))

    def facts(self):
        facts = {"measure": self.measure, "unit": self.unit or "ratio",
                 "asked": self.asked, "at_most": self.at_most,
                 "asked_worst": self.asked_worst,
                 "values": self.values, "times": self.times,
                 "same_over_same": self.same_over_same(),
                 "met": self.is_met(),
                 "note": self.note, "missing": self.missing}
        if self.values:
            facts.update(min=min(self.values), median=self.median(),
                         max=max(self.values))
        return facts


def number(value):
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def row_of(line):
    asked = ""
    if line.asked is not None:
        asked = f"{'<=' if line.at_most else '>='} {line.asked:.2f}"
    if line.asked_worst is not None:
        asked += f"; worst {line.asked_worst:.2f}"
    measured = [""] * 3
    if line.values:
        measured = [number(value) for value in
                    (line.median(), min(line.values), max(line.values))]
        measured[0] = f"**{measured[0]}**{' ' + line.unit if line.unit else ''}"
    same = line.same_over_same()
    met = {True: "yes", False: "NO", None: ""}[line.is_met()]
    remark = f"missing: {line.missing}" if line.missing else line.note
    cells = [line.measure, asked, *measured,
             str(len(line.values) or ""),
             "" if same is None else number(same), met, remark]
    return "| " + " | ".join(cells) + " |"


HEAD = ("| measure | asked | median | min | max | pairs | A/A | met | "
        "remark |\n|---|---|---|---|---|---|---|---|---|")
