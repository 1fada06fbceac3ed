"""The look that all figures share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import SettingError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0b6e99", "#d1495b", "#2a9d5c", "#e08e0b", "#7b5ea7", "#8c5a3c", "#4d4d4d", "#d16ba5", "#5aa9c4", "#9aa63a")
INK, QUIET, GRID = "#222222", "#666666", "#e6e6e6"
RIGHT, WRONG = COLOURS[2], COLOURS[1]


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """An empty figure of so many inches. Everything that is drawn begins here, and only here is matplotlib loaded."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("nn.plots draws with matplotlib: pip install 'autograd_lite[plots]'") from error
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained", facecolor="white")
    if title:
        figure.suptitle(title, x=0.012, ha="left", fontsize=13, fontweight="bold", color=INK)
    return figure


def new_grid(rows: int, columns: int, size: tuple[float, float], title: str, **shared: Any) -> tuple[Figure, Any]:
    """A figure of ``rows`` x ``columns`` panels, each of about ``size`` inches."""
    figure = new_figure(columns * size[0] + 0.4, rows * size[1] + (0.5 if title else 0.15), title)
    return figure, figure.subplots(rows, columns, squeeze=False, **shared)


def dress(axes: Axes, title: str = "", xlabel: str = "", ylabel: str = "", grid: bool = True) -> None:
    """Give a panel its titles, and the look of all panels."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#aaaaaa")
    axes.tick_params(which="both", colors=QUIET, labelsize=8.5, length=3)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(color=GRID, linewidth=0.8)
    entitle(axes, title)
    name_axes(axes, xlabel, ylabel)


def name_axes(axes: Axes, xlabel: str = "", ylabel: str = "") -> None:
    """Write beside an axis what it shows."""
    if xlabel:
        axes.set_xlabel(xlabel, fontsize=9, color=QUIET)
    if ylabel:
        axes.set_ylabel(ylabel, fontsize=9, color=QUIET)


def legend(axes: Axes) -> None:
    """Name the curves, where there is most room."""
    axes.legend(fontsize=8.5, framealpha=0.85, edgecolor="none", labelcolor=INK)


def entitle(axes: Axes, title: str, pad: float | None = None) -> None:
    """Write ``title`` above a panel, so many points above."""
    axes.set_title(title, loc="left", fontsize=10.5, color=INK, pad=pad)


def strip(axes: Axes) -> None:
    """Take frame and ticks off a panel that shows a picture."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def scale(figure: Figure, axes: Axes, image: Any) -> None:
    """Say beside a picture which numbers its colours are; that also keeps it apart from the next one."""
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=QUIET, labelsize=7.5, length=2)
    bar.ax.locator_params(nbins=5)


def as_panels(series: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """``series`` as panels: it is one panel itself, without a title, unless its values are mappings."""
    if not series:
        raise SettingError("There is nothing to draw: the mapping is empty.")
    return series if isinstance(next(iter(series.values())), Mapping) else {"": series}


def check_names(given: Iterable[str], known: Collection[str], what: str) -> None:
    """Refuse a setting for something that is not drawn."""
    unknown = [name for name in given if name not in known]
    if unknown:
        raise SettingError(f"{what} has settings for {unknown}, but what is drawn is {list(known)}.")


def colour(number: int) -> str:
    """The colour of curve, row or class ``number``; after the last it begins anew."""
    return COLOURS[number % len(COLOURS)]


def name_outer_axes(grid: Any, used: int, xlabel: str, ylabel: str) -> None:
    """Leave out the panels that were not needed; of the others, name the axes at the left and below."""
    columns = grid.shape[1]
    for number, axes in enumerate(grid.flat):
        axes.set_visible(number < used)
        if number + columns >= used:
            axes.tick_params(labelbottom=True)
            name_axes(axes, xlabel=xlabel)
        if number % columns == 0:
            name_axes(axes, ylabel=ylabel)
