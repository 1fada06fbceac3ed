"""What was checked how: noted by generated checks as they run, told as a table at the end of a test run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .verdict import FAIL, PASS, UNDECIDED, Status, Verdict

Row = tuple[str, str, int, int, int, float, str]  # name, how, passed, undecided, failed, worst error, why undecided


@dataclass
class Tally:
    """What became of all inputs of one check."""

    how: str = ""
    counts: Counter[Status] = field(default_factory=Counter)
    worst: float = 0.0
    why: Counter[str] = field(default_factory=Counter)

    def note(self, verdict: Verdict) -> Verdict:
        """Count a verdict, and give it back."""
        self.counts[verdict.status] += 1
        if verdict:
            self.worst = max(self.worst, verdict.relative_error)
        elif verdict.status is UNDECIDED:
            self.why[verdict.reason] += 1
        return verdict

    @property
    def reason(self) -> str:
        """Why most of what stayed undecided did."""
        return max(self.why, key=lambda reason: self.why[reason], default="")

    @property
    def undecided(self) -> str:
        """How many inputs could not be judged, and why, in words."""
        n, total = self.counts[UNDECIDED], self.counts.total()
        return f"{n} of {total} inputs could not be judged, mostly because: {self.reason}"

    @property
    def tried(self) -> dict[str, int]:
        """How many inputs passed, failed or stayed undecided."""
        return {str(status): self.counts[status] for status in Status}

    @property
    def judged(self) -> int:
        """How many inputs were judged; if none, nothing could have been found wrong."""
        return self.counts[PASS] + self.counts[FAIL]

    def row(self, name: str) -> Row:
        """The same as plain data, which travels between processes."""
        passed, undecided, failed = (self.counts[status] for status in (PASS, UNDECIDED, FAIL))
        return name, self.how, passed, undecided, failed, self.worst, self.reason


_tallies: dict[str, Tally] = {}


def note(name: str, verdict: Verdict, how: str) -> None:
    """Remember a verdict under a name."""
    _tallies.setdefault(name, Tally(how)).note(verdict)


def take() -> list[Row]:
    """What was noted since the last call."""
    rows = [tally.row(name) for name, tally in _tallies.items()]
    _tallies.clear()
    return rows


def table(rows: Iterable[Row]) -> list[str]:
    """The lines of a table, with the most frequent reason for what stayed undecided."""
    lines = [f"passed  undecided  failed  worst relative  {'order':16}  gradient"]
    for name, how, passed, undecided, failed, worst, why in rows:
        lines.append(f"{passed:6}  {undecided:9}  {failed:6}  {worst:14.1e}  {how:16}  {name}")
        if why:
            lines.append(f"        undecided: {why}")
    return lines
