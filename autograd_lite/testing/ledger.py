"""What was checked how in this process, for the summary at the end of a test run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .verdict import Verdict


@dataclass
class Entry:
    """All checks of one name."""

    how: str
    counts: Counter[str] = field(default_factory=Counter)
    worst: float = 0.0


entries: dict[str, Entry] = {}


def note(name: str, verdict: Verdict, how: str) -> None:
    """Remember a verdict under a name."""
    entry = entries.setdefault(name, Entry(how))
    entry.counts[str(verdict.status)] += 1
    if verdict:
        entry.worst = max(entry.worst, verdict.relative_error)


def table() -> list[str]:
    """The lines of a table; none if nothing was checked."""
    if not entries:
        return []
    width = max(len("gradient"), *map(len, entries))
    lines = [f"{'gradient':{width}}  {'order':16}  passed  undecided  failed  worst relative"]
    for name, entry in entries.items():
        passed, open_, failed = (entry.counts[s] for s in ("PASS", "UNDECIDED", "FAIL"))
        lines.append(f"{name:{width}}  {entry.how:16}  {passed:6}  {open_:9}  {failed:6}  {entry.worst:14.1e}")
    return lines
