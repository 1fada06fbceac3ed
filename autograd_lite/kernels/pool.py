"""Maxima and means of windows, and their gradients, by one strided slice of the image per place in the window."""

from __future__ import annotations

from collections.abc import Iterator
from operator import mul
from typing import Any

import numpy as np

from ..errors import ShapeError
from . import compiled, loops, threads
from .scratch import bits, laid_out, pieces, slices, working
from .windows import Pair, Shape, output_sizes, places

Part = tuple[slice, slice]  # of the images, and of the rows of their windows


def max_pool2d(
    x: np.ndarray,
    kernel: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    ceil_mode: bool = False,
    dilation: Pair = (1, 1),
) -> np.ndarray:
    """The maximum of each window; padding never wins, nan always does.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    kernel, stride, padding, dilation : pair of int
    ceil_mode : bool
        As in :func:`~autograd_lite.kernels.windows.output_size`.

    Returns
    -------
    ndarray, shape (N, C, OH, OW)

    Raises
    ------
    ShapeError
        If the window does not fit, or one would lie in the padding alone.

    Examples
    --------
    >>> max_pool2d(np.arange(8.0).reshape(1, 1, 2, 4), (2, 2), (2, 2))
    array([[[[5., 7.]]]])
    """
    out = output_sizes(x.shape[2:], kernel, stride, padding, dilation, ceil_mode)
    if any(k > 1 and d > n for k, d, n in zip(kernel, dilation, x.shape[2:], strict=True)):
        raise ShapeError(f"With dilation {dilation}, windows of images {x.shape} would lie in the padding alone.")
    y = np.empty_like(x, shape=(*x.shape[:2], *out))

    def work(part: Part) -> None:
        image, tile = x[part[0]], y[part[0], :, part[1]]
        spots = _spots(image, tile, part[1], kernel, stride, padding, dilation)
        which, where = next(spots)
        if tile[which].shape != tile.shape:  # only without padding are the first places of all windows in the image
            tile[...] = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        tile[which] = image[where]
        for which, where in spots:
            np.maximum(tile[which], image[where], out=tile[which])

    threads.run(work, _parts(y.shape, x.nbytes))
    return y


def max_pool2d_scatter(
    g: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    kernel: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    ceil_mode: bool = False,
    dilation: Pair = (1, 1),
) -> np.ndarray:
    """``g`` of each window at the place of its first maximum; where windows share a place they add up.

    Parameters
    ----------
    g : ndarray, shape (N, C, OH, OW)
    x : ndarray, shape (N, C, H, W)
    y : ndarray, shape (N, C, OH, OW)
        The maxima of ``x``, as :func:`max_pool2d` gives them.
    """
    covered = (
        padding == (0, 0)
        and dilation == (1, 1)
        and kernel == stride
        and x.shape[2:] == tuple(map(mul, y.shape[2:], kernel))
    )
    dx = np.empty_like(x, dtype=g.dtype) if covered else np.zeros_like(x, dtype=g.dtype)
    apart = _apart(kernel, stride, dilation)
    geometry = np.array([kernel, stride, padding, dilation])

    def work(part: Part) -> None:
        image, tile, spread = x[part[0]], y[part[0], :, part[1]], dx[part[0]]
        share = laid_out(g[part[0], :, part[1]], tile)
        arrays = map(compiled.rows, (dx, share, x, y))
        if compiled.run(loops.max_pool_scatter, *arrays, apart, geometry, part[1].start, part[0].start * x.shape[1]):
            return
        share_bits, spread_bits = bits(share), bits(spread)
        for which, where, first in _first_maxima(image, tile, part[1], kernel, stride, padding, dilation):
            if apart:
                np.multiply(share_bits[which], first, out=spread_bits[where])
            else:
                spread[where] += (share_bits[which] * first).view(g.dtype)

    threads.run(work, _parts(y.shape, x.nbytes, apart))
    return dx


def max_pool2d_gather(
    v: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    kernel: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    ceil_mode: bool = False,
    dilation: Pair = (1, 1),
) -> np.ndarray:
    """The element of ``v`` (N, C, H, W) at the place of each window's first maximum; adjoint of the scatter in g."""
    u = np.zeros_like(y, dtype=v.dtype)

    def work(part: Part) -> None:
        image, tile = x[part[0]], y[part[0], :, part[1]]
        v_bits, u_bits = bits(v[part[0]]), bits(u[part[0], :, part[1]])
        for which, where, first in _first_maxima(image, tile, part[1], kernel, stride, padding, dilation):
            u_bits[which] |= v_bits[where] * first

    threads.run(work, _parts(y.shape, x.nbytes))
    return u


def avg_pool2d(
    x: np.ndarray,
    kernel: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> np.ndarray:
    """The mean of each window.

    With ``count_include_pad`` padding counts as zeros, else not at all; what hangs over the edge because of
    ``ceil_mode`` never counts.

    Examples
    --------
    >>> avg_pool2d(np.arange(8.0).reshape(1, 1, 2, 4), (2, 2), (2, 2))
    array([[[[2.5, 4.5]]]])
    """
    out = output_sizes(x.shape[2:], kernel, stride, padding, (1, 1), ceil_mode)
    dtype = np.result_type(x, np.float16)
    y = np.zeros_like(x, shape=(*x.shape[:2], *out), dtype=working(dtype))
    counts = _counts(x.shape[2:], out, kernel, stride, padding, count_include_pad).astype(y.dtype)

    def work(part: Part) -> None:
        image, tile = x[part[0]], y[part[0], :, part[1]]
        for which, where in _spots(image, tile, part[1], kernel, stride, padding):
            tile[which] += image[where]
        tile /= counts[part[1]]

    threads.run(work, _parts(y.shape, x.nbytes))
    return y.astype(dtype, copy=False)


def avg_pool2d_gradient(
    g: np.ndarray,
    shape: Shape,
    kernel: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> np.ndarray:
    """``g`` (N, C, OH, OW) of each window spread evenly over it, in images of ``shape``; the adjoint of the mean.

    Examples
    --------
    >>> avg_pool2d_gradient(np.ones((1, 1, 1, 1)), (1, 1, 2, 3), (2, 2), (2, 2))
    array([[[[0.25, 0.25, 0.  ],
             [0.25, 0.25, 0.  ]]]])
    """
    counts = _counts(shape[2:], g.shape[2:], kernel, stride, padding, count_include_pad)
    dx = np.zeros_like(g, shape=shape, dtype=working(g.dtype))
    counts = counts.astype(dx.dtype)

    def work(part: Part) -> None:
        spread, share = dx[part[0]], g[part[0], :, part[1]] / counts[part[1]]
        for which, where in _spots(spread, share, part[1], kernel, stride, padding):
            spread[where] += share[which]

    threads.run(work, _parts(g.shape, dx.nbytes, _apart(kernel, stride)))
    return dx.astype(g.dtype, copy=False)


def _counts(size: Shape, out: Shape, kernel: Pair, stride: Pair, padding: Pair, count_include_pad: bool) -> np.ndarray:
    """The number of elements that count in each window, (OH, OW)."""
    rows, columns = (
        [_count(n, k, w * s - p, p if count_include_pad else 0) for w in range(m)]
        for n, m, k, s, p in zip(size, out, kernel, stride, padding, strict=True)
    )
    return np.outer(rows, columns)


def _count(size: int, kernel: int, start: int, margin: int) -> int:
    """How many of a window's elements lie in an image with a margin around it; at least 1, to divide by."""
    return max(1, min(start + kernel, size + margin) - max(start, -margin))


def _parts(out: Shape, size: int, apart: bool = True) -> list[Part]:
    """How to share the windows ``out`` (N, C, OH, OW) of images of ``size`` bytes: by rows, if those do not overlap."""
    n, _, height, _ = out
    if not apart:
        return [(batch, slice(0, height)) for batch in slices(n, threads.parts(size))]
    return [(slice(0, n), rows) for rows in slices(height, max(threads.parts(size), pieces(height, size / height)))]


def _apart(kernel: Pair, stride: Pair, dilation: Pair = (1, 1)) -> bool:
    """Whether no two windows have a place in common."""
    return all(d * (k - 1) < s for k, s, d in zip(kernel, stride, dilation, strict=True))


def _spots(
    image: np.ndarray, tile: np.ndarray, rows: slice, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1)
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """For each place in a window: in which of a tile's windows it is inside of the image, and where there."""
    shift = (padding[0] - rows.start * stride[0], padding[1])
    for _, _, which, where in places(image.shape[2:], tile.shape[2:], kernel, stride, shift, dilation):
        yield which, where


def _first_maxima(
    image: np.ndarray, tile: np.ndarray, rows: slice, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...], np.ndarray]]:
    """As :func:`_spots`, and in which of these windows the place holds the first maximum."""
    free = np.ones_like(tile, bool)
    nan = tile.dtype.kind == "f" and np.isnan(tile).any()
    for which, where in _spots(image, tile, rows, kernel, stride, padding, dilation):
        first = np.equal(image[where], tile[which])
        if nan:
            first |= np.isnan(image[where]) & np.isnan(tile[which])
        first &= free[which]
        free[which] ^= first
        yield which, where, first
