"""Figures of growth, in the look of :mod:`nn.plots`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.growth import Study, best_of_pytorch, ratios
from nn.plots._style import COLOURS, INK, QUIET, dress, legend, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HUES = {"ours": COLOURS[0], "PyTorch": COLOURS[1], "autograd": COLOURS[3]}
TITLES = {
    "chain": "Time per operation against the length of the chain",
    "batch": "Time of a training step against the batch",
    "channels": "Time of a training step against channels",
    "image": "Time of a training step against the size of the images",
    "memory": "Memory of a training step against depth",
}


def draw(name: str, study: Study, caption: str) -> Figure:
    """The figure of one study; below it stands under which circumstances it was measured."""
    figure = {"chain": operations, "memory": memory}.get(name, steps)(TITLES[name], study)
    figure.supxlabel(caption, x=0.012, ha="left", fontsize=7.5, color=QUIET)
    return figure


def operations(title: str, study: Study) -> Figure:
    """Microseconds an operation, forward and backward: flat, if nothing grows with the tape."""
    (panel,) = study.values()
    figure = new_figure(9, 3.9, title)
    grid = figure.subplots(1, 2, sharey=True)
    for axes, phase, name in zip(grid, ("fwd", "bwd"), ("forward, recording", "backward"), strict=True):
        for library, (x, y) in curves_of(panel, phase).items():
            draw_curve(axes, library, x, [1e6 * t / n for t, n in zip(y, x, strict=True)])
        dress(axes, name, panel["axis"], "microseconds an operation" if phase == "fwd" else "")
        axes.set_xscale("log")
        write_numbers(axes, "x")
    grid[0].set_ylim(bottom=0)
    legend(grid[0])
    return figure


def steps(title: str, study: Study) -> Figure:
    """Milliseconds a step above, ours divided by PyTorch's below."""
    compared = all(ratios(panel["curves"], "median") for panel in study.values())
    rows = 1 + compared
    figure = new_figure(max(3.3 * len(study), 8), 3.1 + 2.1 * compared, title)
    heights = (1.6, 1)[:rows]
    grid = figure.subplots(rows, len(study), squeeze=False, sharex="col", sharey="row", height_ratios=heights)
    for number, (name, panel) in enumerate(study.items()):
        axes, first = grid[0, number], number == 0
        for library, (x, y) in curves_of(panel, "median").items():
            draw_curve(axes, library, x, [1e3 * t for t in y])
        dress(axes, name, "" if compared else panel["axis"], "milliseconds a step" if first else "")
        axes.set_xscale("log")
        axes.set_yscale("log")
        write_numbers(axes, "y")
        if compared:
            draw_ratio(grid[1, number], panel, "ours / PyTorch" if first else "")
        grid[-1, number].set_xticks(x, [f"{value:,}" for value in x])
        grid[-1, number].minorticks_off()
    legend(grid[0, 0])
    return figure


def memory(title: str, study: Study) -> Figure:
    """MiB above what the process had before its first step."""
    figure = new_figure(9, 3.9, title)
    grid = figure.subplots(1, len(study), squeeze=False)[0]
    for axes, (name, panel) in zip(grid, study.items(), strict=True):
        for library, (x, y) in curves_of(panel, "above").items():
            draw_curve(axes, library, x, y)
        dress(axes, name, panel["axis"], "MiB above what was there before" if axes is grid[0] else "")
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="x", nbins=5)
        write_numbers(axes, "x")
    legend(grid[0])
    return figure


# -- Parts ------------------------------------------------------------------------------------------------------------


def curves_of(panel: dict[str, Any], figure: str) -> dict[str, tuple[Any, Any]]:
    """x and y by library, of those that have this figure: PyTorch once, with its better row."""
    curves = {title: curve for title, curve in panel["curves"].items() if figure in curve}
    found = {title: (curve["x"], curve[figure]) for title, curve in curves.items()}
    theirs = best_of_pytorch(curves, figure)
    if theirs:
        found["PyTorch"] = (curves["ours"]["x"], theirs)
    return {title: found[title] for title in HUES if title in found}


def draw_curve(axes: Axes, library: str, x: Any, y: Any) -> None:
    width, order = (2.2, 3) if library == "ours" else (1.6, 2)
    axes.plot(x, y, color=HUES[library], lw=width, marker="o", ms=4, label=library, zorder=order)


def draw_ratio(axes: Axes, panel: dict[str, Any], ylabel: str) -> None:
    """Ours divided by PyTorch's; in the shaded part ours is ahead."""
    curves = panel["curves"]
    axes.set_yscale("log", base=2)
    axes.axhspan(2.0**-9, 1, color=HUES["ours"], alpha=0.08, lw=0)
    axes.axhline(1, color=HUES["PyTorch"], lw=1.2)
    axes.plot(curves["ours"]["x"], ratios(curves, "median") or [], color=INK, lw=1.6, marker="o", ms=4)
    axes.set_ylim(*padded(axes))
    dress(axes, "", panel["axis"], ylabel)
    if ylabel:
        axes.text(0.03, 0.06, "ours is ahead", transform=axes.transAxes, fontsize=8, color=HUES["ours"])
    write_numbers(axes, "y")


def padded(axes: Axes) -> tuple[float, float]:
    """Limits around the curves of all panels so far that share this axis, and around what is worth seeing."""
    values = [
        y for other in axes.get_shared_y_axes().get_siblings(axes) for line in other.lines for y in line.get_ydata()
    ]
    return min(*values, 0.6) / 1.25, max(*values, 1.6) * 1.25


def write_numbers(axes: Axes, side: str) -> None:
    """Numbers, not powers, beside an axis."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis = getattr(axes, f"{side}axis")
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.set_minor_formatter(NullFormatter())
