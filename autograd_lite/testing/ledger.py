"""What was checked how: noted by generated checks as they run, told as a table at the end of a test run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .verdict import FAIL, PASS, UNDECIDED, Verdict

Row = tuple[str, str, int, int, int, float, str]  # name, how, passed, undecided, failed, worst error, why undecided


@dataclass
class Entry:
    """All checks of one name."""

    how: str
    counts: Counter[str] = field(default_factory=Counter)
    worst: float = 0.0
    why: Counter[str] = field(default_factory=Counter)

    def row(self, name: str) -> Row:
        """The same as plain data, which travels between processes."""
        passed, undecided, failed = (self.counts[str(status)] for status in (PASS, UNDECIDED, FAIL))
        why = max(self.why, key=lambda reason: self.why[reason], default="")
        return name, self.how, passed, undecided, failed, self.worst, why


_entries: dict[str, Entry] = {}


def note(name: str, verdict: Verdict, how: str) -> None:
    """Remember a verdict under a name."""
    entry = _entries.setdefault(name, Entry(how))
    entry.counts[str(verdict.status)] += 1
    if verdict:
        entry.worst = max(entry.worst, verdict.relative_error)
    elif verdict.status is UNDECIDED:
        entry.why[verdict.reason] += 1


def take() -> list[Row]:
    """What was noted since the last call."""
    rows = [entry.row(name) for name, entry in _entries.items()]
    _entries.clear()
    return rows


def table(rows: Iterable[Row]) -> list[str]:
    """The lines of a table, with the most frequent reason for what stayed undecided."""
    lines = [f"passed  undecided  failed  worst relative  {'order':16}  gradient"]
    for name, how, passed, undecided, failed, worst, why in rows:
        lines.append(f"{passed:6}  {undecided:9}  {failed:6}  {worst:14.1e}  {how:16}  {name}")
        if why:
            lines.append(f"        undecided: {why}")
    return lines
