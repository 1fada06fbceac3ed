"""Figures as tables, and how they changed from one file of figures to another."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.data import ABOUT
from benchmarks.libraries import ROOT, BenchmarkError, Library

# What we want: times as parts of PyTorch's better row, memory in MiB, imports as multiples of NumPy's.
TARGETS = {
    "W1": 0.45, "W2": 0.2, "W3": 0.8, "W4": 0.9, "W4i": 0.3, "W4n": 1.0, "W5": 1.3, "W6": 0.65, "W7": 1.0, "W8": 1.1,
    "W9": 0.6,
}  # fmt: skip
PEAKS = {"W4": 100.0}
MANY = "W4i, 10,000 images, above the input"
MANY_PEAK = 130.0
IMPORTS = {"autograd_lite": 1.3, "nn": 1.5}

Row = Mapping[str, Mapping[str, Any]]


def about(libraries: Sequence[Library], versions: Mapping[str, str], **settings: Any) -> dict[str, Any]:
    """Under which circumstances figures are measured."""
    return {
        "commit": git("describe", "--always", "--dirty") or "unknown",
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "libraries": {library.title: versions[library.title] for library in libraries},
        **settings,
    }


def commit_of(figures: Mapping[str, Any]) -> str:
    return str(figures["about"]["commit"])[:14]


def git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def reference(row: Row, figure: str) -> float | None:
    """The better of PyTorch's rows."""
    return min((values[figure] for title, values in row.items() if title.startswith("PyTorch")), default=None)


def ratio(row: Row) -> float | None:
    """Our time divided by PyTorch's."""
    best = reference(row, "median")
    return row["ours"]["median"] / best if best else None


def shown_ratio(row: Row) -> str:
    value = ratio(row)
    return "-" if value is None else f"{value:.2f}"


# -- Tables -----------------------------------------------------------------------------------------------------------


def time_head(titles: Sequence[str]) -> str:
    return f"{'':6}{'':42}" + "".join(f"{title:>16}" for title in titles) + f"{'to PyTorch':>12}{'target':>8}"


def time_row(workload: str, row: Row, titles: Sequence[str], usual: bool) -> str:
    """Milliseconds a step, ours divided by the better of PyTorch's, and what we want that to be."""
    times = [f"{row[title]['median'] * 1e3:16.3f}" if title in row else f"{'-':>16}" for title in titles]
    title = ABOUT[workload] if usual else ABOUT[workload].partition(",")[0]  # what follows is about the usual sizes
    return f"{workload:6}{title:42}" + "".join(times) + judged(ratio(row), TARGETS[workload] if usual else None, 12, 2)


def memory_row(title: str, row: Row, titles: Sequence[str], target: float | None) -> str:
    """Peaks in MiB."""
    most = [f"{row[name]['peak']:16.0f}" if name in row else f"{'-':>16}" for name in titles]
    return f"{title:48}" + "".join(most) + judged(row["ours"]["peak"], target, 0, 0)


def judged(value: float | None, target: float | None, width: int, digits: int) -> str:
    """A value, unless its width is 0, then its target, and a word if that is missed."""
    shown = "" if not width else f"{'-':>{width}}" if value is None else f"{value:{width}.{digits}f}"
    if target is None:
        return shown
    return f"{shown}{target:8.{digits}f}" + ("  missed" if value is not None and value > target else "")


def peak_target(title: str, row: Row) -> float | None:
    """What we want a peak to be at most, which may be what PyTorch's is."""
    if title == MANY:
        return MANY_PEAK
    return reference(row, "peak") if title == "W7" else PEAKS.get(title)


def import_rows(seconds: Mapping[str, float]) -> Iterable[str]:
    for package, value in seconds.items():
        target = IMPORTS.get(package)
        yield f"{package:48}{value * 1e3:16.1f}" + judged(value / seconds["numpy"], target, 12, 2)


# -- Markdown ---------------------------------------------------------------------------------------------------------


def markdown(path: Path) -> Iterable[str]:
    """The figures of a file as tables of a document."""
    figures = load(path)
    titles = list(figures["about"]["libraries"])
    if times := figures.get("time"):
        yield from cells(["", "workload", *(f"{title}, ms" for title in titles), "ours / PyTorch", "target"])
        yield from cells(["---"] * (len(titles) + 4))
        for name, row in times.items():
            shown = [f"{row[title]['median'] * 1e3:.2f}" if title in row else "-" for title in titles]
            yield from cells([name, ABOUT[name], *shown, shown_ratio(row), f"{TARGETS[name]:.2f}"])
    if weights := figures.get("memory"):
        titles = [title for title in titles if any(title in row for row in weights.values())]
        yield from ["", *cells(["peak of the process, MiB", *titles, "target"]), *cells(["---"] * (len(titles) + 2))]
        for name, row in weights.items():
            shown = [f"{row[title]['peak']:.0f}" if title in row else "-" for title in titles]
            target = peak_target(name, row)
            yield from cells([name, *shown, f"{target:.0f}" if target else ""])
    if seconds := figures.get("imports"):
        yield from ["", *cells(["import", "ms", "to numpy", "target"]), *cells(["---"] * 4)]
        for name, value in seconds.items():
            wanted = f"{IMPORTS[name]:.2f}" if name in IMPORTS else ""
            yield from cells([name, f"{value * 1e3:.0f}", f"{value / seconds['numpy']:.2f}", wanted])


def cells(values: Iterable[str]) -> Iterable[str]:
    return [f"| {' | '.join(values)} |"]


# -- Two commits ------------------------------------------------------------------------------------------------------


def load(path: Path) -> dict[str, Any]:
    try:
        figures = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BenchmarkError(f"{path} cannot be read: {error}") from error
    if not isinstance(figures, dict) or "about" not in figures:
        raise BenchmarkError(f"{path} holds no figures of this benchmark; --json writes such a file.")
    return figures


def compare(before: Path, after: Path) -> Iterable[str]:
    """How our figures changed: the old, the new, their ratio, and the ratios to PyTorch then and now."""
    old, new = load(before), load(after)
    for key in sorted((set(old["about"]) | set(new["about"])) - {"commit"}):
        if old["about"].get(key) != new["about"].get(key):
            yield f"Not alike: {key} is {old['about'].get(key)} before and {new['about'].get(key)} after."
    yield f"{'':36}{commit_of(old):>16}{commit_of(new):>16}{'ratio':>8}   to PyTorch"
    for workload, (a, b) in common(old, new, "time"):
        shown = f"   {shown_ratio(a)} -> {shown_ratio(b)}"
        yield change(f"{workload}, ms", a["ours"]["median"] * 1e3, b["ours"]["median"] * 1e3, 3) + shown
    for title, (a, b) in common(old, new, "memory"):
        yield change(f"{title}, peak MiB", a["ours"]["peak"], b["ours"]["peak"], 0)
    for package, (a, b) in common(old, new, "imports"):
        yield change(f"import {package}, ms", a * 1e3, b * 1e3, 1)


def common(old: Mapping[str, Any], new: Mapping[str, Any], part: str) -> Iterable[tuple[str, tuple[Any, Any]]]:
    a, b = old.get(part, {}), new.get(part, {})
    return [(name, (a[name], b[name])) for name in a if name in b]


def change(title: str, before: float, after: float, digits: int) -> str:
    return f"{title:36}{before:16.{digits}f}{after:16.{digits}f}{after / before:8.2f}"


def say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)
