"""Curves: training, and anything else by x."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError
from ..functional._common import as_array
from ._style import as_panels, check_names, colour, dress, legend, name_outer_axes, new_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def lines(
    series: Mapping[str, Any],
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    logx: bool = False,
    logy: bool = False,
    ylim: tuple[float, float] | None = None,
    columns: int = 3,
    sharex: bool = True,
    points: bool = False,
    styles: Mapping[str, Mapping[str, Any]] | None = None,
) -> Figure:
    """Named curves in one panel, or in several side by side with the same axes.

    Parameters
    ----------
    series : mapping from names to curves, or from titles of panels to such mappings
        A curve is its values, or a pair (x, values). The same name has the same colour in all panels; if all
        panels have the same names, the first one explains them.
    title, xlabel, ylabel : str
    logx, logy : bool
        Logarithmic axes.
    ylim : pair of float, optional
    columns : int
        How many panels stand in a row.
    sharex : bool
        False gives each panel its own range of x.
    points : bool
        Draw points that no line connects.
    styles : mapping from names of curves to mappings, optional
        What else matplotlib's ``plot`` is told, such as ``{"linewidth": 4}`` for a curve that another one covers.

    Examples
    --------
    >>> figure = lines({"square": [0, 1, 4, 9], "root": ([0, 1, 4, 9], [0, 1, 2, 3])}, xlabel="x")
    >>> len(figure.axes)
    1
    """
    panels = as_panels(series)
    names = list(dict.fromkeys(name for panel in panels.values() for name in panel))
    styles = styles or {}
    check_names(styles, names, "styles")
    first = next(iter(panels.values()))
    columns = min(columns, len(panels))
    rows = math.ceil(len(panels) / columns)
    size = (6.4, 3.9) if len(panels) == 1 else (4.1, 3.1)
    figure, grid = new_grid(rows, columns, size, title, sharex=sharex, sharey=True)
    for number, (axes, (panel, curves)) in enumerate(zip(grid.flat, panels.items(), strict=False)):
        for name, curve in curves.items():
            x, y = _curve(curve)
            style = {"color": colour(names.index(name)), "linewidth": 1.7, "marker": dots(x), "markersize": 3.2}
            style |= {"linestyle": "", "marker": "o", "markersize": 4, "alpha": 0.8} if points else {}
            axes.plot(x, y, label=name, **{**style, **styles.get(name, {})})
        dress(axes, panel)
        if logx:
            axes.set_xscale("log")
        if logy:
            axes.set_yscale("log")
        if ylim is not None:
            axes.set_ylim(ylim)
        if not logx and all(np.issubdtype(line.get_xdata().dtype, np.integer) for line in axes.lines):
            axes.xaxis.get_major_locator().set_params(integer=True)
        if len(curves) > 1 and (number == 0 or set(curves) != set(first)):
            legend(axes)
    name_outer_axes(grid, len(panels), xlabel, ylabel)
    return figure


def training_curves(
    runs: Any, *, title: str = "", quantities: Sequence[str] = ("loss", "accuracy"), logy: bool = False
) -> Figure:
    """Loss and accuracy by epoch, of one training run or of several in one figure.

    Parameters
    ----------
    runs : Run, list of dicts, or mapping from names to such
        What :func:`nn.fit` returns, or its ``history``.
    quantities : sequence of str
        One panel each, with all columns of the history whose names end so. Several of them in one run are told apart
        by the line: dashed for the first, full for the last. A single one gives the panel its name.
    logy : bool
        Logarithmic axis for the loss.

    Examples
    --------
    >>> history = [{"epoch": 1, "loss": 0.7, "test accuracy": 0.8}, {"epoch": 2, "loss": 0.4, "test accuracy": 0.9}]
    >>> len(training_curves({"Adam": history, "SGD": history}).axes)
    2
    """
    named = runs if isinstance(runs, Mapping) else {"": runs}
    histories = {name: list(getattr(run, "history", run)) for name, run in named.items()}
    if not any(histories.values()):
        raise SettingError("There is nothing to draw: no run has finished an epoch.")
    figure, grid = new_grid(1, len(quantities), (4.9, 3.7), title)
    for axes, quantity in zip(grid.flat, quantities, strict=True):
        columns = {
            name: [column for column in (history[0] if history else {}) if column.endswith(quantity)]
            for name, history in histories.items()
        }
        for number, (name, history) in enumerate(histories.items()):
            x = [row.get("epoch", i) for i, row in enumerate(history, 1)]
            found = columns[name]
            for i, column in enumerate(found):
                alone = not name  # then curves differ by colour, not by the kind of line
                kind = "-" if alone or i == len(found) - 1 else ("--", ":", "-.")[i % 3]
                label = ", ".join(filter(None, [name, column if alone or len(found) > 1 else ""]))
                y = [row[column] for row in history]
                hue = colour(i if alone else number)
                axes.plot(x, y, kind, color=hue, linewidth=1.7, marker=dots(x), markersize=3.2, label=label)
        shown = {column for found in columns.values() for column in found}
        dress(axes, shown.pop() if len(shown) == 1 else quantity, "epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        if logy and "loss" in quantity:
            axes.set_yscale("log")
        if len(axes.lines) > 1:
            legend(axes)
    return figure


def _curve(curve: Any) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(curve, tuple) and len(curve) == 2 and np.ndim(curve[0]) == 1:
        return as_array(curve[0]), as_array(curve[1])
    y = as_array(curve)
    return np.arange(1, len(y) + 1), y


def dots(x: Any) -> str:
    """A marker where there are few points."""
    return "o" if len(x) <= 25 else ""
