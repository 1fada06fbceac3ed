"""Images with what they show and what they were taken for; confusion matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingError
from ..functional._common import as_array
from ._style import INK, QUIET, RIGHT, WRONG, dress, new_figure, strip

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def contact_sheets(
    images: Any,
    labels: Any = None,
    predicted: Any = None,
    *,
    title: str = "",
    columns: int = 16,
    per_page: int = 160,
) -> list[Figure]:
    """Images with what they are and what they were taken for, as many pages as it takes.

    Below each image stands its label; where the prediction differs, both, in red.

    Parameters
    ----------
    images : array_like, shape (N, 1, H, W) or (N, H, W), or (N, 3, H, W) in colour
    labels, predicted : array_like, shape (N,), optional
    title : str
    columns, per_page : int
        How many images stand in a row and on a page.

    Examples
    --------
    >>> pages = contact_sheets(np.zeros((648, 1, 28, 28)), labels=[3] * 648, predicted=[5] * 648)
    >>> len(pages)
    5
    """
    if columns < 1 or per_page < 1:
        raise SettingError(f"A page needs columns and images, not columns={columns} and per_page={per_page}.")
    pictures = _pictures(images)
    true, seen = (_captions(names, len(pictures)) for names in (labels, predicted))
    if not len(pictures):
        raise SettingError("There is nothing to draw: there are no images.")
    pages = math.ceil(len(pictures) / per_page)
    columns = min(columns, len(pictures))
    figures = []
    for page in range(pages):
        part = slice(page * per_page, (page + 1) * per_page)
        number = f" ({page + 1} of {pages})" if pages > 1 else ""
        figures.append(_sheet(pictures[part], true[part], seen[part], f"{title}{number}", columns))
    return figures


def _sheet(pictures: np.ndarray, true: list[str], seen: list[str], title: str, columns: int) -> Figure:
    """One page, as one large image with captions: hundreds of panels would take matplotlib very long."""
    count, height, width, *colours = pictures.shape
    captions = any(true) or any(seen)
    rows, margin = math.ceil(count / columns), 0.12
    wide, high = round(width * (1 + margin)), round(height * (1.38 if captions else 1 + margin))
    low, top = float(pictures.min()), float(pictures.max())
    shades = (pictures - low) / (top - low if top > low else 1)
    page = np.full((rows * columns, high, wide, *colours), 1.0 if colours else 0.0)
    page[:count, :height, :width] = shades
    page = (
        page.reshape(rows, columns, high, wide, *colours).swapaxes(1, 2).reshape(rows * high, columns * wide, *colours)
    )
    figure = new_figure(0.62 * columns + 0.1, 0.62 * rows * high / wide + (0.5 if title else 0.1), title)
    axes = figure.subplots()
    axes.imshow(page, cmap="gray_r", vmin=0, vmax=1)
    strip(axes)
    for place, (name, answer) in enumerate(zip(true, seen, strict=True)):
        wrong = bool(name and answer) and answer != name
        y, x = (place // columns) * high + 1.03 * height, (place % columns) * wide + width / 2
        words, shade = (f"{name}\u2192{answer}", WRONG) if wrong else (answer or name, INK)
        axes.text(x, y, words, fontsize=7.5, color=shade, ha="center", va="top")
    return figure


def _pictures(images: Any) -> np.ndarray:
    """(N, H, W), or (N, H, W, 3) in colour."""
    array = as_array(images)
    if array.ndim == 4 and array.shape[1] in (1, 3):
        array = array[:, 0] if array.shape[1] == 1 else array.transpose(0, 2, 3, 1)
    elif array.ndim != 3:
        raise SettingError(f"Images have the shape (N, 1, H, W), (N, 3, H, W) or (N, H, W), not {array.shape}.")
    return array


def _captions(names: Any, count: int) -> list[str]:
    if names is None:
        return [""] * count
    found = [str(name) for name in as_array(names).tolist()]
    if len(found) != count:
        raise SettingError(f"{count} images need as many labels and predictions, not {len(found)}.")
    return found


def confusion(counts: Any, classes: Sequence[str] | None = None, *, title: str = "") -> Figure:
    """A confusion matrix: rows are what images show, columns what they were taken for.

    What is right is green. Mistakes are red, the deeper the more there are of them; few that stand in one place are
    easily seen, though nearly all may be right.

    Parameters
    ----------
    counts : array_like of int, shape (C, C)
        From :func:`nn.metrics.confusion_matrix`.
    classes : sequence of str, optional
        Their names; by default their numbers.
    title : str
    """
    matrix = as_array(counts)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise SettingError(f"A confusion matrix is a square, not of shape {matrix.shape}.")
    size = len(matrix)
    names = [str(i) for i in range(size)] if classes is None else list(classes)
    mistakes = np.where(np.eye(size, dtype=bool), 0, matrix)
    side = max(3.6, 0.45 * size + 1)
    figure = new_figure(side, side + (0.4 if title else 0), title)
    axes = figure.subplots()
    axes.imshow(mistakes, cmap="Reds", vmin=0, vmax=max(int(mistakes.max()), 1) * 1.25)
    for row, column in np.ndindex(size, size):
        right, count = row == column, matrix[row, column]
        if right:
            axes.axhspan(row - 0.5, row + 0.5, row / size, (row + 1) / size, facecolor=RIGHT)
        if count:
            deep = right or count > 0.6 * mistakes.max()
            axes.text(column, row, f"{count}", ha="center", va="center", fontsize=8, color="white" if deep else INK)
    axes.set_xticks(range(size), names)
    axes.set_yticks(range(size), names)
    dress(axes, xlabel="taken for", ylabel="is", grid=False)
    total = int(matrix.sum())
    share = f"{100 * np.trace(matrix) / total:.2f} %" if total else "nothing"
    axes.set_title(f"{share} of {total:,} right", loc="left", fontsize=10, color=QUIET)
    return figure
