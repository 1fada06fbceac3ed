"""Convolution and its two gradients, by matrix products over tiles of windows.

Images are (N, C, H, W) outside and lie in memory as (H, W, N, C): rows of windows are then long runs, and the product
comes out in the right order. Windows are copied a few megabytes at a time and never kept.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .windows import NONE, ONE, Pair, inner, output_shape, padded, sliding, tap

TILE = 4 << 20  # bytes of windows at a time: they stay in the cache between the copy and the product


def conv2d(
    x: np.ndarray,
    w: np.ndarray,
    bias: np.ndarray | None = None,
    stride: Pair = ONE,
    padding: Pair = NONE,
    dilation: Pair = ONE,
    groups: int = 1,
) -> np.ndarray:
    """Filters (O, C / groups, KH, KW) over images (N, C, H, W), giving (N, O, OH, OW)."""
    size = output_shape(x.shape, w.shape[2:], stride, padding, dilation)
    y = np.empty((*size, x.shape[0], w.shape[0]), np.result_type(x, w))
    xp = padded(x, padding)
    for channels, filters in in_groups(xp.shape[3], w.shape[0], groups):
        matrix = w[filters].transpose(2, 3, 1, 0).reshape(-1, filters.stop - filters.start)
        part = xp[..., channels]
        for rows, columns in tiles(part, w.shape[2:], stride, dilation, size):
            out = y[rows].reshape(len(columns), -1)[:, filters]
            np.matmul(columns, matrix, out=out)
            if bias is not None:
                out += bias[filters]  # now, while the tile is in the cache
    return y.transpose(2, 3, 0, 1)


def conv2d_weight_gradient(
    g: np.ndarray,
    x: np.ndarray,
    shape: tuple[int, ...],
    stride: Pair = ONE,
    padding: Pair = NONE,
    dilation: Pair = ONE,
    groups: int = 1,
) -> np.ndarray:
    """What filters of ``shape`` get of the cotangent ``g`` of :func:`conv2d`."""
    kernel = shape[2:]
    size = (g.shape[2], g.shape[3])
    g = g.transpose(2, 3, 0, 1)
    xp = padded(x, padding)
    dw = np.zeros(shape, np.result_type(g, x))
    for channels, filters in in_groups(xp.shape[3], shape[0], groups):
        total = np.zeros((shape[1] * kernel[0] * kernel[1], filters.stop - filters.start), dw.dtype)
        for rows, columns in tiles(xp[..., channels], kernel, stride, dilation, size):
            total += columns.T @ g[rows][..., filters].reshape(len(columns), -1)
        dw[filters] = total.reshape(*kernel, shape[1], -1).transpose(3, 2, 0, 1)
    return dw


def conv2d_input_gradient(
    g: np.ndarray,
    w: np.ndarray,
    shape: tuple[int, ...],
    stride: Pair = ONE,
    padding: Pair = NONE,
    dilation: Pair = ONE,
    groups: int = 1,
) -> np.ndarray:
    """What images of ``shape`` get of the cotangent ``g`` of :func:`conv2d`: one product for each filter element."""
    kernel = w.shape[2:]
    size = (g.shape[2], g.shape[3])
    rows = np.ascontiguousarray(g.transpose(2, 3, 0, 1))
    dx = np.zeros((shape[2] + 2 * padding[0], shape[3] + 2 * padding[1], shape[0], shape[1]), np.result_type(g, w))
    for channels, filters in in_groups(shape[1], w.shape[0], groups):
        part = rows[..., filters].reshape(-1, filters.stop - filters.start)
        for i, j in np.ndindex(*kernel):
            add = (part @ w[filters, :, i, j]).reshape(*size, shape[0], -1)
            tap(dx[..., channels], i, j, stride, dilation, size)[...] += add
    return inner(dx, padding, shape).transpose(2, 3, 0, 1)


def in_groups(channels: int, filters: int, groups: int) -> list[tuple[slice, slice]]:
    """The channels that each group reads, and its filters."""
    c, o = channels // groups, filters // groups
    return [(slice(i * c, (i + 1) * c), slice(i * o, (i + 1) * o)) for i in range(groups)]


def tiles(
    x: np.ndarray, kernel: tuple[int, ...], stride: Pair, dilation: Pair, size: Pair
) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows of outputs, and the windows they see as a matrix (rows * OW * N, KH * KW * C)."""
    windows = sliding(x, (kernel[0], kernel[1]), stride, dilation, size)
    n = size[1] * x.shape[2]
    k = kernel[0] * kernel[1] * x.shape[3]
    step = max(1, TILE // max(1, n * k * x.itemsize))
    for start in range(0, size[0], step):
        rows = slice(start, min(start + step, size[0]))
        if x.shape[3] == 1:  # element by element of the filter: whole rows of images are then one run to copy
            yield rows, windows[rows].transpose(3, 4, 5, 0, 1, 2).reshape(k, -1).T
        else:
            yield rows, windows[rows].reshape(-1, k)
