"""How time and memory grow, ours beside the peers': with the length of a chain, the batch, channels, images, depth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import timing
from benchmarks.libraries import Case, Library
from benchmarks.memory import peaks

Study = dict[str, dict[str, Any]]  # by the title of a panel: its "axis", and its "curves" by library, each "x" and more


@dataclass(frozen=True)
class Panel:
    """One workload at several values of one of its sizes; on the axis stands so many times the value."""

    title: str
    axis: str
    workload: str
    size: str
    values: Sequence[int]
    others: dict[str, int] = field(default_factory=dict)
    times: int = 1

    def cases(self, dtype: str) -> list[Case]:
        return [Case(self.workload, dtype, {**self.others, self.size: value}) for value in self.values]


LENGTHS = (5, 15, 50, 150, 500, 1500, 5000, 15000, 50000)
TIMES = {
    "chain": [Panel("chain on four numbers", "operations in the chain", "W1", "n", LENGTHS, times=2)],
    "batch": [
        Panel("two-layer net", "batch", "W3", "batch", (1, 4, 16, 64, 256, 1024)),
        Panel("SimpleConvNet", "batch", "W4", "batch", (1, 4, 16, 64, 256)),
        Panel("DeepConvNet", "batch", "W5", "batch", (1, 4, 16, 64, 256)),
        Panel("transformer block", "batch", "W8", "batch", (1, 2, 4, 8, 16, 32)),
    ],
    "channels": [
        Panel("SimpleConvNet", "filters of its convolution", "W4", "channels", (4, 8, 15, 30, 60, 120)),
        Panel("DeepConvNet", "filters of the first of six convolutions", "W5", "channels", (2, 4, 8, 16, 32, 48)),
    ],
    "image": [
        Panel("SimpleConvNet", "pixels a side", "W4", "image", (12, 20, 28, 40, 56, 80)),
        Panel("DeepConvNet", "pixels a side", "W5", "image", (8, 12, 20, 28, 40, 56)),
    ],
}
DEPTHS = (1, 4, 8, 16, 32, 64)
PEAKS = {
    "memory": [
        Panel("MLP with batch norm, batch 1024", "hidden layers of 100", "W6", "depth", DEPTHS, {"batch": 1024}),
        Panel("chain on four numbers", "operations in the chain", "W1", "n", (500, 2500, 5000, 10000, 20000), times=2),
    ]
}  # fmt: skip
WORKLOADS = ("W1", "W3", "W4", "W5", "W6", "W8")


def measure(
    libraries: Sequence[Library], dtype: str, rounds: int, seconds: float, threads: int
) -> Iterator[tuple[str, Study]]:
    """Name and figures of each study, as soon as they are known."""
    for name, panels in TIMES.items():
        measured = (timing.measure(libraries, panel.cases(dtype), rounds, seconds, threads) for panel in panels)
        rows = ([row for _, row in pairs] for pairs in measured)
        yield name, {panel.title: by_library(panel, given) for panel, given in zip(panels, rows, strict=True)}
    for name, panels in PEAKS.items():
        weighed = (list(peaks(libraries, panel.cases(dtype), threads)) for panel in panels)
        yield name, {panel.title: by_library(panel, given) for panel, given in zip(panels, weighed, strict=True)}


def by_library(panel: Panel, rows: Sequence[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """One curve a library from one row a value, with a list for each figure of the rows, phases among them."""
    curves: dict[str, Any] = {title: {"x": [panel.times * value for value in panel.values]} for title in rows[0]}
    for title, curve in curves.items():
        flat = [{**row[title], **row[title].get("phases", {})} for row in rows]
        curve |= {name: [figures[name] for figures in flat] for name in flat[0] if name != "phases"}
    return {"axis": panel.axis, "curves": curves}


def best_of_pytorch(curves: dict[str, Any], figure: str) -> list[float] | None:
    """The better of PyTorch's rows at each value."""
    rows = [curve[figure] for title, curve in curves.items() if title.startswith("PyTorch")]
    return [min(values) for values in zip(*rows, strict=True)] if rows else None


def ratios(curves: dict[str, Any], figure: str) -> list[float] | None:
    """Ours divided by the better of PyTorch's."""
    theirs = best_of_pytorch(curves, figure)
    return [a / b for a, b in zip(curves["ours"][figure], theirs, strict=True)] if theirs else None


def notes(name: str, study: Study) -> Iterator[str]:
    """In words, beside the picture: ours divided by PyTorch's at each value."""
    for title, panel in study.items():
        curves = panel["curves"]
        found = ratios(curves, "above" if name in PEAKS else "median")
        if found:
            shown = ", ".join(f"{x:,}: {r:.2f}" for x, r in zip(curves["ours"]["x"], found, strict=True))
            yield f"{title}, ours / PyTorch by {panel['axis']}: {shown}"


def run(libraries: Sequence[Library], settings: dict[str, Any], folder: Path, caption: str) -> dict[str, Any]:
    """Measure everything and draw it into ``folder``. The figures."""
    from benchmarks.pictures import draw  # which knows this module

    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    for name, study in measure(libraries, **settings):
        found[name] = study
        path = folder / f"growth_{name}.png"
        draw(name, study, caption).savefig(path)
        print(*notes(name, study), f"drawn: {path}", sep="\n", flush=True)
    return found
