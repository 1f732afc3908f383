"""Lines of the table: what was asked, what was measured, and whether it is
met."""
import dataclasses
import statistics


@dataclasses.dataclass
class Line:
    """One measure. values holds one ratio for every pair of runs; unit names
    it where it is no ratio."""
    measure: str
    asked: float = None      # None: for information
    at_most: bool = False    # the asked figure is a ceiling, not a floor
    values: list = dataclasses.field(default_factory=list)
    unit: str = ""
    note: str = ""
    missing: str = ""        # why there are no values
    has_verdict: bool = True

    def median(self):
        return statistics.median(self.values)

    def is_met(self):
        """True, False, or None where there is no verdict."""
        if self.asked is None or not self.values or not self.has_verdict:
            return None
        if self.at_most:
            return self.median() <= self.asked
        return self.median() >= self.asked

    def facts(self):
        facts = {"measure": self.measure, "unit": self.unit or "ratio",
                 "asked": self.asked, "at_most": self.at_most,
                 "values": self.values, "met": self.is_met(),
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
    measured = [""] * 3
    if line.values:
        measured = [number(value) for value in
                    (line.median(), min(line.values), max(line.values))]
        measured[0] = f"**{measured[0]}**{' ' + line.unit if line.unit else ''}"
    met = {True: "yes", False: "NO", None: ""}[line.is_met()]
    remark = f"missing: {line.missing}" if line.missing else line.note
    cells = [line.measure, asked, *measured,
             str(len(line.values) or ""), met, remark]
    return "| " + " | ".join(cells) + " |"


HEAD = ("| measure | asked | median | min | max | pairs | met | remark |\n"
        "|---|---|---|---|---|---|---|---|")
