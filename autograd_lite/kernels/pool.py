"""Maxima and means of windows, and their gradients, by one strided slice of the image per place in the window."""

from __future__ import annotations

from collections.abc import Iterator
from operator import mul
from typing import Any

import numpy as np

from .windows import Pair, Shape, output_sizes, places


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

    Examples
    --------
    >>> max_pool2d(np.arange(8.0).reshape(1, 1, 2, 4), (2, 2), (2, 2))
    array([[[[5., 7.]]]])
    """
    out = output_sizes(x.shape[2:], kernel, stride, padding, dilation, ceil_mode)
    parts = [(which, x[where]) for _, _, which, where in places(x.shape[2:], out, kernel, stride, padding, dilation)]
    if parts[0][1].shape[2:] == out:  # without padding the first place is in all windows
        y: np.ndarray = parts.pop(0)[1].copy("K")
    else:
        y = np.full_like(x, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min, shape=(*x.shape[:2], *out))
    for which, part in parts:
        np.maximum(y[which], part, out=y[which])
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
    size, out = x.shape[2:], y.shape[2:]
    covered = padding == (0, 0) and dilation == (1, 1) and kernel == stride and size == tuple(map(mul, out, kernel))
    g = _laid_out(g, y)
    dx = np.empty_like(x, dtype=g.dtype) if covered else np.zeros_like(x, dtype=g.dtype)
    bits, dx_bits = _bits(g), _bits(dx)
    apart = all(d * (k - 1) < s for k, s, d in zip(kernel, stride, dilation, strict=True))
    for which, where, first in _first_maxima(x, y, kernel, stride, padding, dilation):
        if apart:
            np.multiply(bits[which], first, out=dx_bits[where])
        else:
            dx[where] += (bits[which] * first).view(g.dtype)
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
    bits, u_bits = _bits(v), _bits(u)
    for which, where, first in _first_maxima(x, y, kernel, stride, padding, dilation):
        u_bits[which] |= bits[where] * first
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
    y = np.zeros_like(x, shape=(*x.shape[:2], *out), dtype=np.result_type(x, np.float16))
    for _, _, which, where in places(x.shape[2:], out, kernel, stride, padding):
        y[which] += x[where]
    y /= _counts(x.shape[2:], out, kernel, stride, padding, count_include_pad).astype(y.dtype)
    return y


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
    g = g / _counts(shape[2:], g.shape[2:], kernel, stride, padding, count_include_pad).astype(g.dtype)
    dx = np.zeros_like(g, shape=shape)
    for _, _, which, where in places(shape[2:], g.shape[2:], kernel, stride, padding):
        dx[where] += g[which]
    return dx


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


def _first_maxima(
    x: np.ndarray, y: np.ndarray, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...], np.ndarray]]:
    """For each place in a window: as :func:`places`, and in which of these windows it holds the first maximum."""
    free = np.ones_like(y, bool)
    nan = y.dtype.kind == "f" and np.isnan(y).any()
    for _, _, which, where in places(x.shape[2:], y.shape[2:], kernel, stride, padding, dilation):
        first = np.equal(x[where], y[which])
        if nan:
            first |= np.isnan(x[where]) & np.isnan(y[which])
        first &= free[which]
        free[which] ^= first
        yield which, where, first


def _laid_out(g: np.ndarray, y: np.ndarray) -> np.ndarray:
    """``g`` in memory as ``y`` lies: one copy costs less than every loop below going across the grain."""
    if g.strides == y.strides:
        return g
    copy = np.empty_like(y, dtype=g.dtype)
    copy[...] = g
    return copy


def _bits(a: np.ndarray) -> np.ndarray:
    """``a`` as whole numbers. Times 0 or 1 they are chosen exactly: 0.0 * nan would be nan."""
    return a.view(f"i{a.itemsize}")
