"""Windows that slide over images: how many there are, where they lie, and all of them as rows of a matrix."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import ShapeError

Pair = tuple[int, int]
Shape = tuple[int, ...]


def output_size(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    strict: bool = False,
) -> int:
    """How many windows fit along one axis: ``(size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1``.

    Parameters
    ----------
    size, kernel, stride, padding, dilation : int
        Lengths of the image and the window, the step between windows, the zeros at either end, and the step inside a
        window.
    ceil_mode : bool
        Round up: a last window may hang over the edge, if it starts inside the image or the padding before it.
    strict : bool
        Refuse a stride that leaves some of the padded image out.

    Raises
    ------
    ShapeError
        If a number makes no sense, the window does not fit, or ``strict`` and the stride does not divide.

    Examples
    --------
    >>> output_size(28, kernel=5), output_size(28, kernel=5, stride=2, padding=1)
    (24, 13)
    >>> output_size(28, kernel=5, stride=2, padding=1, ceil_mode=True)
    14
    """
    if kernel < 1 or stride < 1 or dilation < 1 or padding < 0:
        raise ShapeError(
            f"A window needs kernel, stride and dilation of at least 1 and padding of at least 0; got kernel={kernel}, "
            f"stride={stride}, dilation={dilation}, padding={padding}."
        )
    span = dilation * (kernel - 1) + 1
    rest = size + 2 * padding - span  # how far the first window can slide
    if strict and rest % stride:
        raise ShapeError(
            f"A stride of {stride} leaves the last {rest % stride} of {size} + 2 * {padding} out, for windows of "
            f"{span}. Change stride or padding, or do without strict=True."
        )
    count = rest // stride + 1
    if ceil_mode and rest % stride and count * stride < size + padding:
        count += 1
    if count < 1:
        wide = f"{kernel}" if dilation == 1 else f"{kernel} with dilation {dilation}, that is {span},"
        raise ShapeError(f"A window of {wide} does not fit into {size} + 2 * {padding} = {size + 2 * padding}.")
    return count


def output_sizes(
    size: Shape, kernel: Shape, stride: Pair, padding: Pair, dilation: Pair = (1, 1), ceil_mode: bool = False
) -> Pair:
    """:func:`output_size` of height and width."""
    height, width = map(output_size, size, kernel, stride, padding, dilation, (ceil_mode, ceil_mode))
    return height, width


def places(
    size: Shape, out: Shape, kernel: Shape, stride: Pair, padding: Pair, dilation: Pair = (1, 1)
) -> Iterator[tuple[int, int, tuple[Any, ...], tuple[Any, ...]]]:
    """For each place (i, j) in a window: which windows have it inside the image, and where there.

    Yields
    ------
    i, j : int
        The place in the window.
    which, where : tuple
        Indices of equal shape, the first into an array (..., OH, OW), the second into an image (..., H, W). Padding is
        never met, so nothing need be known of what it holds.
    """
    rows, columns = (
        [(i, *_along(n, m, s, p - d * i)) for i in range(k)]
        for n, m, k, s, p, d in zip(size, out, kernel, stride, padding, dilation, strict=True)
    )
    for (i, *row), (j, *column) in itertools.product(rows, columns):
        yield i, j, (..., row[0], column[0]), (..., row[1], column[1])


def _along(size: int, out: int, stride: int, shift: int) -> tuple[slice, slice]:
    """Those w of range(out) for which w * stride - shift is in range(size), and that image of them."""
    start = max(0, -(-shift // stride))
    stop = max(start, min(out, -(-(size + shift) // stride)))
    first = start * stride - shift
    return slice(start, stop), slice(first, max(first, first + (stop - start - 1) * stride + 1), stride)


def by_place(images: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) as (H, W, N, C), in which order they best lie in memory: what a place holds side by side."""
    return images.transpose(2, 3, 0, 1)


def fill(canvas: np.ndarray, image: np.ndarray, stride: Pair, shift: Pair) -> None:
    """``canvas[a, b] = image[a * stride - shift, b * stride - shift]``, or 0 where that is outside of the image."""
    (down, rows), (along, columns) = map(_along, image.shape[:2], canvas.shape[:2], stride, shift)
    if (down.start, along.start, down.stop, along.stop) != (0, 0, *canvas.shape[:2]):
        canvas[: down.start] = 0
        canvas[down.stop :] = 0
        canvas[down, : along.start] = 0
        canvas[down, along.stop :] = 0
    canvas[down, along] = image[rows, columns]


def im2col(
    x: np.ndarray, kernel: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0), dilation: Pair = (1, 1)
) -> np.ndarray:
    """Each window of an image as a row (Deep Learning from Scratch, section 7.4.2): convolution is then ``cols @ w``.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    kernel, stride, padding, dilation : pair of int

    Returns
    -------
    ndarray, shape (N * OH * OW, C * KH * KW)

    Examples
    --------
    >>> im2col(np.arange(6.0).reshape(1, 1, 2, 3), kernel=(2, 2))
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.]])
    """
    n, c, height, width = x.shape
    out = output_sizes((height, width), kernel, stride, padding, dilation)
    columns = np.zeros((n, *out, c, *kernel), x.dtype)
    images = columns.transpose(4, 5, 0, 3, 1, 2)  # (KH, KW, N, C, OH, OW)
    for i, j, which, where in places((height, width), out, kernel, stride, padding, dilation):
        images[i, j][which] = x[where]
    return columns.reshape(n * out[0] * out[1], c * kernel[0] * kernel[1])


def col2im(
    columns: np.ndarray,
    shape: Shape,
    kernel: Pair,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
) -> np.ndarray:
    """Rows added back to where :func:`im2col` takes them from, in an image of ``shape``; the adjoint of ``im2col``.

    Examples
    --------
    >>> col2im(np.ones((2, 4)), (1, 1, 2, 3), kernel=(2, 2))
    array([[[[1., 2., 1.],
             [1., 2., 1.]]]])
    """
    n, c, *size = shape
    out = output_sizes((size[0], size[1]), kernel, stride, padding, dilation)
    rows, length = n * out[0] * out[1], c * kernel[0] * kernel[1]
    if columns.shape != (rows, length):
        raise ShapeError(f"col2im: images {shape} have windows {(rows, length)}, not {columns.shape}.")
    x = np.zeros(shape, columns.dtype)
    images = columns.reshape(n, *out, c, *kernel).transpose(4, 5, 0, 3, 1, 2)
    for i, j, which, where in places((size[0], size[1]), out, kernel, stride, padding, dilation):
        x[where] += images[i, j][which]
    return x
