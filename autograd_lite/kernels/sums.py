"""Sums over axes, as products with ones where BLAS can: NumPy adds short rows slowly, one number at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Shape = tuple[int, ...]

SMALL = 1 << 13  # elements; for fewer, looking at the layout costs more than it saves
LONG = 1 << 12  # of a row to be added up: beyond that NumPy's way, in pairs of pairs, is more exact


def total(a: np.ndarray, axis: int | Shape | None = None, keepdims: bool = False) -> Any:
    """``a.sum(axis, keepdims=keepdims)``.

    Examples
    --------
    >>> total(np.ones((2, 3)), 0)
    array([2., 2., 2.])
    """
    if a.size < SMALL or axis is None or a.dtype.char not in "fd":
        return a.sum(axis=axis, keepdims=keepdims)
    ndim = a.ndim
    axes = {axis % ndim} if isinstance(axis, int) else {i % ndim for i in axis}
    order = range(ndim) if a.flags.c_contiguous else sorted(range(ndim), key=a.strides.__getitem__, reverse=True)
    rest = [i for i in order if i not in axes]
    flat = a.transpose(order)
    height = math.prod(a.shape[i] for i in axes)
    if not axes or not rest or not flat.flags.c_contiguous:
        return a.sum(axis=axis, keepdims=keepdims)
    if axes.isdisjoint(order[len(axes) :]):
        sums = np.ones(height, a.dtype) @ flat.reshape(height, -1)
    elif axes.isdisjoint(order[: len(rest)]) and height <= LONG:
        sums = flat.reshape(-1, height) @ np.ones(height, a.dtype)
    else:
        return a.sum(axis=axis, keepdims=keepdims)
    if len(rest) > 1:
        sums = sums.reshape([a.shape[i] for i in rest])
        if rest != sorted(rest):
            sums = sums.transpose(np.argsort(rest))
    return sums.reshape([1 if i in axes else n for i, n in enumerate(a.shape)]) if keepdims else sums


def mean(a: np.ndarray, axis: int | Shape | None = None, keepdims: bool = False) -> Any:
    """``a.mean(axis, keepdims=keepdims)``.

    Examples
    --------
    >>> mean(np.ones((2, 3)), 0)
    array([1., 1., 1.])
    """
    if a.size < SMALL or axis is None or a.dtype.char not in "fd":
        return a.mean(axis=axis, keepdims=keepdims)
    sums = total(a, axis, keepdims)
    sums /= a.size // sums.size
    return sums


def unbroadcast(a: np.ndarray, shape: Shape) -> Any:
    """Sum ``a`` over the axes along which ``shape`` was broadcast to get the shape of ``a``."""
    if shape == ():
        return a.sum()
    new = a.ndim - len(shape)
    axes = tuple(i for i in range(a.ndim) if i < new or shape[i - new] != a.shape[i])
    if new == len(axes):
        return total(a, axes)
    return total(a, axes, keepdims=True).reshape(shape)
