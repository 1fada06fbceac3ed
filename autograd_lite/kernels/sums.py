"""Sums over axes, as products with ones where BLAS can: NumPy adds short rows slowly, one number at a time."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

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
    plan = None if _leave_to_numpy(a, axis) else _plan(a.shape, a.strides, a.itemsize, axis)
    if plan is None:
        return a.sum(axis=axis, keepdims=keepdims)
    rows, ones = a.transpose(plan.order).reshape(plan.rows), np.ones(plan.height, a.dtype)
    sums = (ones @ rows if plan.first else rows @ ones).reshape(plan.rest).transpose(plan.back)
    return sums.reshape(plan.kept) if keepdims else sums


def _leave_to_numpy(a: np.ndarray, axis: Any) -> bool:
    return a.size < SMALL or axis is None or a.dtype.char not in "fd"


class Plan(NamedTuple):
    """How an array is a matrix in memory whose rows, or columns, are to be added up."""

    order: Shape  # the axes as they lie in memory
    rows: Shape  # of the matrix
    height: int  # how many numbers go into each sum
    first: bool  # whether the axes to add up come first
    rest: Shape  # of the sums, as they lie in memory
    back: Shape  # the axes of the sums as they should be
    kept: Shape  # of the sums, with the axes added up


@functools.lru_cache(1024)
def _plan(shape: Shape, strides: Shape, itemsize: int, axis: int | Shape) -> Plan | None:
    """The plan, or None where memory does not lie so, or NumPy does better."""
    ndim = len(shape)
    axes = {axis % ndim} if isinstance(axis, int) else {i % ndim for i in axis}
    order = sorted(range(ndim), key=lambda i: (-strides[i], i))
    ahead = itemsize
    for i in reversed(order):
        if shape[i] > 1 and strides[i] != ahead:
            return None
        ahead *= shape[i]
    rest = [i for i in order if i not in axes]
    height, count = math.prod(shape[i] for i in axes), math.prod(shape[i] for i in rest)
    first = axes == set(order[: len(axes)])
    if not axes or not rest or not (first or (axes == set(order[len(rest) :]) and height <= LONG)):
        return None
    return Plan(
        order=tuple(order),
        rows=(height, count) if first else (count, height),
        height=height,
        first=first,
        rest=tuple(shape[i] for i in rest),
        back=tuple(sorted(range(len(rest)), key=rest.__getitem__)),
        kept=tuple(1 if i in axes else n for i, n in enumerate(shape)),
    )


def mean(a: np.ndarray, axis: int | Shape | None = None, keepdims: bool = False) -> Any:
    """``a.mean(axis, keepdims=keepdims)``.

    Examples
    --------
    >>> mean(np.ones((2, 3)), 0)
    array([1., 1., 1.])
    """
    if _leave_to_numpy(a, axis):
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
