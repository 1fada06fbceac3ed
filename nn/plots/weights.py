"""Weights and activations: how they are distributed, and filters as pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError
from ..functional._common import as_array
from ._style import INK, QUIET, as_panels, check_names, colour, dress, entitle, new_grid, scale, strip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def histograms(
    arrays: Mapping[str, Any],
    *,
    title: str = "",
    bins: int = 40,
    xlim: tuple[float, float] | Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """How numbers are distributed, such as the activations or weights of each layer.

    Above each panel stand the mean and the standard deviation of all of its numbers, and which share of them lies
    outside of the axis, if any.

    Parameters
    ----------
    arrays : mapping from names to arrays, or from titles of rows to such mappings
        One panel for each array; those of a row have the same axis of values.
    bins : int
        A bar more than five times as high as the mean of those that are not empty is cut off, so that the others can
        be seen: it has a gap, and the share of the numbers in it beside it.
    xlim : pair of float, or mapping from titles of rows to such, optional
        By default the range of all numbers of the row.

    Examples
    --------
    >>> numbers = np.linspace(0, 1, 100)
    >>> figure = histograms({"small": {"1": numbers, "2": numbers}, "large": {"1": numbers, "2": numbers}})
    >>> len(figure.axes)
    4
    """
    rows = as_panels(arrays)
    if isinstance(xlim, Mapping):
        check_names(xlim, rows, "xlim")
    values = {row: {name: _numbers(a) for name, a in panels.items()} for row, panels in rows.items()}
    columns = max(map(len, values.values()))
    figure, grid = new_grid(len(values), columns, (2.1, 1.75), title, sharex="row")
    for number, (row, panels) in enumerate(values.items()):
        line = grid[number]
        limits = (xlim.get(row) if isinstance(xlim, Mapping) else xlim) or _range(panels.values())
        for axes, (name, numbers) in zip(line, panels.items(), strict=False):
            _bars(axes, numbers, bins, limits, colour(number))
            dress(axes, grid=False)
            entitle(axes, name if number == 0 else "", pad=16)  # above what _bars wrote
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
        line[0].set_ylabel(row, fontsize=9.5, color=INK)
        for axes in line[len(panels) :]:
            axes.set_visible(False)
    return figure


def _numbers(array: Any) -> np.ndarray:
    """All elements in a precision in which they can be added up."""
    numbers = as_array(array).reshape(-1)
    return numbers.astype(np.promote_types(numbers.dtype, np.float64))


def _range(arrays: Iterable[np.ndarray]) -> tuple[float, float]:
    numbers = np.concatenate(list(arrays))
    numbers = numbers[np.isfinite(numbers)]
    low, high = (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 1.0)
    least = 1e-9 * max(abs(low), abs(high))  # that bars can share
    return (low, high) if high - low > least else (low - max(0.5, least), high + max(0.5, least))


def _bars(axes: Axes, numbers: np.ndarray, bins: int, limits: tuple[float, float], shade: str) -> None:
    """One histogram; above it what its numbers are, and in it which bars are cut off."""
    heights, edges = np.histogram(numbers, bins, limits)
    axes.bar(edges[:-1], heights, np.diff(edges), align="edge", color=shade, alpha=0.85)
    note = f"mean {numbers.mean():.2g}, std {numbers.std():.2g}" if numbers.size else "empty"
    if heights.sum() < numbers.size:
        note += f", {100 * (1 - heights.sum() / numbers.size):.2g} % outside"
    axes.text(0, 1.04, note, transform=axes.transAxes, va="bottom", fontsize=7, color=QUIET)

    top = min(heights.max(), 5 * heights[heights > 0].mean()) if heights.any() else 1
    axes.set_ylim(0, 1.08 * top)
    for i in np.flatnonzero(heights > top):
        left, right = edges[i : i + 2]
        axes.plot([left, right], [0.8 * top, 0.88 * top], color="white", linewidth=2, solid_capstyle="butt")
        x, side = (right, "left") if i < bins / 2 else (left, "right")
        share = f" {100 * heights[i] / numbers.size:.0f} % "
        axes.text(x, 0.84 * top, share, ha=side, va="center", fontsize=7, color=INK)


def filters(weights: Any, *, title: str = "", columns: int | None = None, limit: int = 100) -> Figure:
    """The filters of a convolution as a grid of pictures: blue weights are positive, red ones negative, white ones 0.

    Parameters
    ----------
    weights : array_like, shape (O, C, H, W), or mapping from titles to such
        Each channel of a filter is a picture. Of a mapping, one panel each: before and after training, say. A panel has
        its own scale, whose size the colour bar tells, since small weights would be white beside large ones.
    columns : int, optional
        Pictures in a row; by default, filters of several channels have a row each.
    limit : int
        How many pictures to show.

    Examples
    --------
    >>> figure = filters({"before": np.ones((30, 1, 5, 5)), "after": np.ones((30, 1, 5, 5))})
    >>> len(figure.axes)  # with their colour bars
    4
    """
    panels = weights if isinstance(weights, Mapping) else {"": weights}
    given = {name: as_array(w) for name, w in panels.items()}
    for w in given.values():
        if w.ndim != 4 or not w.size:
            raise SettingError(f"Filters have the shape (O, C, H, W), not {w.shape}.")
    sheets = {}
    for name, w in given.items():
        pictures = w.reshape(-1, *w.shape[2:])
        cut = f"the first {limit} of {len(pictures)}" if len(pictures) > limit else ""
        across = columns or (w.shape[1] if 1 < w.shape[1] <= 32 else None)
        sheets[", ".join(filter(None, [name, cut]))] = tile(pictures[:limit], across)
    height, width = next(iter(sheets.values())).shape
    figure, grid = new_grid(1, len(sheets), (4.8, 4.2 * min(height / width, 2.0) + 0.25), title)
    for axes, (name, sheet) in zip(grid.flat, sheets.items(), strict=True):
        top = float(np.nanmax(abs(sheet))) or 1.0
        image = axes.imshow(sheet, cmap="RdBu", vmin=-top, vmax=top, interpolation="nearest")
        entitle(axes, name)
        strip(axes)
        scale(figure, axes, image)
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
    sheet = sheet.reshape(rows * (height + gap), columns * (width + gap))
    return sheet[: len(sheet) - gap, : sheet.shape[1] - gap]
