"""Maxima and means of windows, and their gradients, by one strided slice of the image per place in the window."""

from __future__ import annotations

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
    y = np.empty_like(x, shape=(*x.shape[:2], *out))
    y[...] = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    for _, _, which, where in places(x.shape[2:], out, kernel, stride, padding, dilation):
        np.maximum(y[which], x[where], out=y[which])
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
    dx = np.zeros_like(x, dtype=g.dtype)
    done = np.zeros(y.shape, bool)
    for _, _, which, where in places(x.shape[2:], y.shape[2:], kernel, stride, padding, dilation):
        first = _same(x[where], y[which]) & ~done[which]
        done[which] |= first
        dx[where] += np.where(first, g[which], 0)
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
    done = np.zeros(y.shape, bool)
    for _, _, which, where in places(x.shape[2:], y.shape[2:], kernel, stride, padding, dilation):
        first = _same(x[where], y[which]) & ~done[which]
        done[which] |= first
        u[which] += np.where(first, v[where], 0)
    return u


def _same(a: np.ndarray, b: np.ndarray) -> Any:
    return (a == b) | ((a != a) & (b != b))


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
    y *= _weights(x.shape[2:], out, kernel, stride, padding, count_include_pad, y.dtype)
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
    g = g * _weights(shape[2:], g.shape[2:], kernel, stride, padding, count_include_pad, g.dtype)
    dx = np.zeros_like(g, shape=shape)
    for _, _, which, where in places(shape[2:], g.shape[2:], kernel, stride, padding):
        dx[where] += g[which]
    return dx


def _weights(
    size: Shape, out: Shape, kernel: Pair, stride: Pair, padding: Pair, count_include_pad: bool, dtype: Any
) -> np.ndarray:
    """One over the number of elements that count in each window, (OH, OW)."""
    rows, columns = (
        [_count(n, k, w * s - p, p if count_include_pad else 0) for w in range(m)]
        for n, m, k, s, p in zip(size, out, kernel, stride, padding, strict=True)
    )
    return (1 / np.outer(rows, columns)).astype(dtype)


def _count(size: int, kernel: int, start: int, margin: int) -> int:
    """How many of a window's elements lie in an image with a margin around it; at least 1, to divide by."""
    return max(1, min(start + kernel, size + margin) - max(start, -margin))
