"""Weights and activations: how they are distributed, and filters as pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError
from ..functional._common import as_array
from ._style import INK, QUIET, as_panels, colour, dress, entitle, new_grid, strip

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def histograms(
    arrays: Mapping[str, Any], *, title: str = "", bins: int = 40, xlim: tuple[float, float] | None = None
) -> Figure:
    """How numbers are distributed, such as the activations or weights of each layer.

    Parameters
    ----------
    arrays : mapping from names to arrays, or from titles of rows to such mappings
        One panel for each array; all have the same axis of values.
    bins : int
        A bin with more than five times its share is cut off at the top, so that the others can be seen.
    xlim : pair of float, optional
        By default the range of all numbers; what lies outside is not drawn.

    Examples
    --------
    >>> numbers = np.linspace(0, 1, 100)
    >>> figure = histograms({"small": {"1": numbers, "2": numbers}, "large": {"1": numbers, "2": numbers}})
    >>> len(figure.axes)
    4
    """
    rows = as_panels(arrays)
    values = {row: {name: as_array(a).reshape(-1) for name, a in panels.items()} for row, panels in rows.items()}
    if xlim is None:
        flat = [a[np.isfinite(a)] for panels in values.values() for a in panels.values()]
        xlim = min(a.min(initial=np.inf) for a in flat), max(a.max(initial=-np.inf) for a in flat)
        xlim = xlim if xlim[0] < xlim[1] else (float(xlim[0]) - 0.5, float(xlim[0]) + 0.5)
    columns = max(map(len, values.values()))
    figure, grid = new_grid(len(values), columns, (2.1, 1.55), title, sharex=True)
    for number, (row, panels) in enumerate(values.items()):
        line = grid[number]
        for axes, (name, numbers) in zip(line, panels.items(), strict=False):
            heights, *_ = axes.hist(numbers, bins=bins, range=xlim, color=colour(number), alpha=0.85)
            axes.set_ylim(0, 1.3 * max(min(heights.max(), 5 * heights.mean()), 1))
            dress(axes, name if number == 0 else "", grid=False)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            note = f"mean {numbers.mean():.2g}\nstd {numbers.std():.2g}" if numbers.size else "empty"
            axes.text(
                0.98,
                0.95,
                note,
                transform=axes.transAxes,
                ha="right",
                va="top",
                fontsize=7,
                color=QUIET,
                bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1},
            )
        line[0].set_ylabel(row, fontsize=9.5, color=INK)
        for axes in line[len(panels) :]:
            axes.set_visible(False)
    return figure


def filters(weights: Any, *, title: str = "", columns: int | None = None, limit: int = 100) -> Figure:
    """The filters of a convolution as a grid of pictures: blue weights are positive, red ones negative, white ones 0.

    Parameters
    ----------
    weights : array_like, shape (O, C, H, W), or mapping from titles to such
        Each channel of a filter is a picture. Of a mapping, one panel each, all with the same colours: before and
        after training, say.
    columns : int, optional
        Pictures in a row; by default, filters of several channels have a row each.
    limit : int
        How many pictures to show.

    Examples
    --------
    >>> figure = filters({"before": np.ones((30, 1, 5, 5)), "after": np.ones((30, 1, 5, 5))})
    >>> len(figure.axes)
    2
    """
    panels = weights if isinstance(weights, Mapping) else {"": weights}
    given = {name: as_array(w) for name, w in panels.items()}
    for w in given.values():
        if w.ndim != 4 or not w.size:
            raise SettingError(f"Filters have the shape (O, C, H, W), not {w.shape}.")
    top = max(float(abs(w).max()) for w in given.values()) or 1.0
    sheets = {}
    for name, w in given.items():
        pictures = w.reshape(-1, *w.shape[2:])
        cut = f"the first {limit} of {len(pictures)}" if len(pictures) > limit else ""
        across = columns or (w.shape[1] if 1 < w.shape[1] <= 32 else None)
        sheets[", ".join(filter(None, [name, cut]))] = tile(pictures[:limit], across)
    height, width = next(iter(sheets.values())).shape
    figure, grid = new_grid(1, len(sheets), (4.2, 4.2 * min(height / width, 2.0) + 0.25), title)
    for axes, (name, sheet) in zip(grid.flat, sheets.items(), strict=True):
        axes.imshow(sheet, cmap="RdBu", vmin=-top, vmax=top, interpolation="nearest")
        entitle(axes, name)
        strip(axes)
    return figure


def tile(pictures: Any, columns: int | None = None, gap: int = 1) -> np.ndarray:
    """Pictures (N, H, W) as one large picture, row by row, with a gap of nan between them.

    Examples
    --------
    >>> tile(np.ones((6, 5, 5)), columns=3).shape
    (11, 17)
    """
    pictures = as_array(pictures)
    count, height, width = pictures.shape
    columns = columns or math.ceil(math.sqrt(count * height / width))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * columns, height + gap, width + gap), np.nan)
    sheet[:count, :height, :width] = pictures
    sheet = sheet.reshape(rows, columns, height + gap, width + gap).transpose(0, 2, 1, 3)
    return sheet.reshape(rows * (height + gap), columns * (width + gap))[:-gap, :-gap]
