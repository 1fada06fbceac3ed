"""The plane: a function with the paths of optimisers, and what classifiers make of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError
from ..functional._common import as_array
from ._style import INK, colour, dress, legend, name_outer_axes, new_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS = "osD^vPX*<>"  # of classes


def contours(
    f: Callable[[Any, Any], Any],
    paths: Mapping[str, Any] | None = None,
    *,
    xlim: tuple[float, float] = (-10, 10),
    ylim: tuple[float, float] = (-10, 10),
    title: str = "",
    xlabel: str = "x",
    ylabel: str = "y",
    levels: Any = 12,
    columns: int = 4,
) -> Figure:
    """A function of two numbers as contours, and on them the paths of optimisers, one panel each.

    Parameters
    ----------
    f : callable
        ``f(x, y)`` of arrays.
    paths : mapping from names to array_like of shape (T, 2), optional
        Where each optimiser was.
    xlim, ylim : pair of float
    title, xlabel, ylabel : str
    levels : int or sequence of float
        Contours, as matplotlib takes them.
    columns : int
        How many panels stand in a row.

    Examples
    --------
    >>> bowl = lambda x, y: x**2 / 20 + y**2
    >>> figure = contours(bowl, {"SGD": [(-7, 2), (-6, -1)], "Adam": [(-7, 2), (-5, 1)]})
    >>> len(figure.axes)
    2
    """
    panels = {"": np.empty((0, 2))} if not paths else {name: as_array(path) for name, path in paths.items()}
    columns = min(columns, len(panels))
    square = xlim[1] - xlim[0] == ylim[1] - ylim[0]
    size = (2.9, 2.9) if square else (3.3, 2.7)
    figure, grid = new_grid(math.ceil(len(panels) / columns), columns, size, title, sharex=True, sharey=True)
    if square:
        figure.set_layout_engine("compressed")
    x, y = np.meshgrid(np.linspace(*xlim, 201), np.linspace(*ylim, 201))
    height = as_array(f(x, y))
    for number, (axes, (name, path)) in enumerate(zip(grid.flat, panels.items(), strict=False)):
        axes.contour(x, y, height, levels=levels, colors="#b8c4cc", linewidths=0.8)
        if len(path):
            axes.plot(*path.T, "-", color=colour(number), linewidth=1.3)
            axes.plot(*path.T, "o", color=colour(number), markersize=2.6)
            axes.plot(*path[0], "o", color=INK, markersize=5)
        axes.plot(*_lowest(x, y, height), "+", color=INK, markersize=8)
        dress(axes, name, grid=False)
        axes.set_xlim(xlim)
        axes.set_ylim(ylim)
        axes.set_aspect("equal" if square else "auto")
    name_outer_axes(grid, len(panels), xlabel, ylabel)
    return figure


def _lowest(x: np.ndarray, y: np.ndarray, height: np.ndarray) -> tuple[float, float]:
    known = np.where(np.isnan(height), np.inf, height)  # it may have no value everywhere
    place = np.unravel_index(np.argmin(known), known.shape)
    return float(x[place]), float(y[place])


def decisions(
    classifiers: Mapping[str, Callable[[np.ndarray], Any]],
    points: Any,
    labels: Mapping[str, Any] | Any,
    *,
    xlim: tuple[float, float] = (-0.5, 1.5),
    ylim: tuple[float, float] = (-0.5, 1.5),
    title: str = "",
    xlabel: str = "x",
    ylabel: str = "y",
    columns: int = 4,
) -> Figure:
    """How classifiers divide the plane, one panel each, and the points that they should tell apart.

    Parameters
    ----------
    classifiers : mapping from names to callables
        From points (N, 2) to class numbers (N,).
    points : array_like, shape (N, 2)
    labels : array_like of int, shape (N,), or mapping from the names to such
    xlim, ylim : pair of float
    title, xlabel, ylabel : str
    columns : int
        How many panels stand in a row.

    Examples
    --------
    >>> corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> figure = decisions({"AND": lambda p: p.sum(axis=1) > 1.5}, corners, [0, 0, 0, 1])
    """
    if not classifiers:
        raise SettingError("There is nothing to draw: no classifiers.")
    places = as_array(points)
    columns = min(columns, len(classifiers))
    figure, grid = new_grid(math.ceil(len(classifiers) / columns), columns, (2.9, 2.9), title, sharex=True, sharey=True)
    x, y = np.meshgrid(np.linspace(*xlim, 301), np.linspace(*ylim, 301))
    for axes, (name, classify) in zip(grid.flat, classifiers.items(), strict=False):
        areas = as_array(classify(np.stack([x.ravel(), y.ravel()], axis=1))).astype(int).reshape(x.shape)
        classes = as_array(labels[name] if isinstance(labels, Mapping) else labels).astype(int)
        edges = np.arange(max(int(areas.max()), int(classes.max())) + 2) - 0.5
        shades = [colour(i) for i in range(len(edges) - 1)]
        axes.contourf(x, y, areas, levels=edges, colors=shades, alpha=0.18)
        for number in np.unique(classes):
            chosen = places[classes == number]
            axes.plot(
                *chosen.T, MARKERS[number % len(MARKERS)], color=colour(number), markersize=7, mec="white", label=number
            )
        dress(axes, name, grid=False)
        axes.locator_params(nbins=5)
    legend(grid[0, 0])
    name_outer_axes(grid, len(classifiers), xlabel, ylabel)
    return figure
