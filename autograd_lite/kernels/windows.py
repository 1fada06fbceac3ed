"""Windows that slide over images: how many there are, and each as a row of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..errors import ShapeError

Pair = tuple[int, int]
ONE, NONE = (1, 1), (0, 0)


def output_size(
    size: int,
    kernel: int,
    stride: int,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    strict: bool = False,
) -> int:
    """How many windows of ``kernel`` fit into ``size``: ``(size + 2 * padding - extent) // stride + 1``.

    With ``ceil_mode`` a last window may hang over the end, if it starts inside the image or the padding before it;
    with ``strict`` a stride that leaves a rest is an error.
    """
    extent = dilation * (kernel - 1) + 1
    room = size + 2 * padding - extent
    if room < 0:
        raise ShapeError(
            f"A window of {extent} is larger than the input of {size} with padding {padding} on each side."
        )
    if strict and room % stride:
        raise ShapeError(f"Stride {stride} does not divide {room}: {size} + 2 * {padding} - {extent} leaves a rest.")
    n = room // stride + 1
    if ceil_mode and room % stride and n * stride < size + padding:
        n += 1
    return n


def output_shape(
    shape: tuple[int, ...], kernel: Pair, stride: Pair, padding: Pair, dilation: Pair = ONE, ceil_mode: bool = False
) -> Pair:
    """:func:`output_size` for height and width of images (N, C, H, W)."""
    height, width = (
        output_size(n, k, s, p, d, ceil_mode)
        for n, k, s, p, d in zip(shape[2:], kernel, stride, padding, dilation, strict=True)
    )
    return height, width


def sliding(x: np.ndarray, kernel: Pair, stride: Pair, dilation: Pair, size: Pair) -> np.ndarray:
    """A view of images (H, W, N, C) as windows (OH, OW, N, KH, KW, C)."""
    h, w, n, c = x.strides
    strides = (h * stride[0], w * stride[1], n, h * dilation[0], w * dilation[1], c)
    return as_strided(x, (*size, x.shape[2], *kernel, x.shape[3]), strides, writeable=False)


def inner(x: np.ndarray, padding: Pair, shape: tuple[int, ...]) -> np.ndarray:
    """The part of images (H, W, N, C) with padding that is not padding; ``shape`` is (N, C, H, W)."""
    return x[padding[0] : padding[0] + shape[2], padding[1] : padding[1] + shape[3]]


def padded(x: np.ndarray, padding: Pair, extra: Pair = NONE, fill: float = 0) -> np.ndarray:
    """Images (N, C, H, W) as (H, W, N, C), with ``padding`` on all sides and ``extra`` at the ends."""
    x = x.transpose(2, 3, 0, 1)
    if padding == NONE and extra == NONE:
        return x
    height, width = (x.shape[i] + 2 * padding[i] + extra[i] for i in (0, 1))
    y = np.full((height, width, *x.shape[2:]), fill, x.dtype)
    y[padding[0] : padding[0] + x.shape[0], padding[1] : padding[1] + x.shape[1]] = x
    return y


def im2col(x: np.ndarray, kernel: Pair, stride: Pair = ONE, padding: Pair = NONE, dilation: Pair = ONE) -> np.ndarray:
    """Each window of images (N, C, H, W) as a row: (N * OH * OW, C * KH * KW)."""
    size = output_shape(x.shape, kernel, stride, padding, dilation)
    windows = sliding(padded(x, padding), kernel, stride, dilation, size)
    return windows.transpose(2, 0, 1, 5, 3, 4).reshape(x.shape[0] * size[0] * size[1], -1)


def col2im(
    columns: np.ndarray,
    shape: tuple[int, ...],
    kernel: Pair,
    stride: Pair = ONE,
    padding: Pair = NONE,
    dilation: Pair = ONE,
) -> np.ndarray:
    """The adjoint of :func:`im2col`: rows put back into images of ``shape``; where windows overlap they add up."""
    n, c = shape[:2]
    size = output_shape(shape, kernel, stride, padding, dilation)
    if columns.shape != (n * size[0] * size[1], c * kernel[0] * kernel[1]):
        raise ShapeError(
            f"col2im to images {shape} needs a matrix of {(n * size[0] * size[1], c * kernel[0] * kernel[1])}, "
            f"not {columns.shape}."
        )
    columns = columns.reshape(n, *size, c, *kernel).transpose(1, 2, 0, 4, 5, 3)
    y = np.zeros((shape[2] + 2 * padding[0], shape[3] + 2 * padding[1], n, c), columns.dtype)
    for i, j in np.ndindex(*kernel):
        tap(y, i, j, stride, dilation, size)[...] += columns[:, :, :, i, j]
    return inner(y, padding, shape).transpose(2, 3, 0, 1)


def tap(x: np.ndarray, i: int, j: int, stride: Pair, dilation: Pair, size: Pair) -> Any:
    """What element (i, j) of each window sees, of images (H, W, N, C): a view (OH, OW, N, C)."""
    top, left = i * dilation[0], j * dilation[1]
    return x[
        top : top + stride[0] * (size[0] - 1) + 1 : stride[0], left : left + stride[1] * (size[1] - 1) + 1 : stride[1]
    ]
