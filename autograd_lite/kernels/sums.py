"""Sums over axes, as products with ones where BLAS can: NumPy adds short rows slowly, one number at a time."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]
Axis = int | Shape | None

SMALL = 1 << 8  # elements; for fewer, looking at the layout costs more than it saves
MEDIUM = 1 << 18  # elements, whose products may be written down, as they stay in the cache
LONG = 1 << 12  # of a row to be added up: beyond that NumPy's way, in pairs of pairs, is more exact


def total(a: np.ndarray, axis: Axis = None, keepdims: bool = False) -> Any:
    """``a.sum(axis, keepdims=keepdims)``.

    Examples
    --------
    >>> total(np.ones((2, 3)), 0)
    array([2., 2., 2.])
    """
    plan = _plan_for(a, axis)
    if plan is None:
        last = _last_in_memory(a.shape, a.strides, axis) if a.size >= SMALL and isinstance(axis, tuple) else ()
        return (total(a, last, keepdims=True) if last else a).sum(axis=axis, keepdims=keepdims)
    rows, ones = plan.rows_of(a), plan.ones_of(a)
    return plan.placed(np.dot(ones, rows) if plan.first else np.dot(rows, ones), keepdims)


def mean(a: np.ndarray, axis: Axis = None, keepdims: bool = False) -> Any:
    """``a.mean(axis, keepdims=keepdims)``.

    Examples
    --------
    >>> mean(np.ones((2, 3)), 0)
    array([1., 1., 1.])
    """
    if a.dtype.char not in "fd":
        return a.mean(axis=axis, keepdims=keepdims)
    sums = total(a, axis, keepdims)
    sums /= a.size // sums.size if sums.size else 1
    return sums


def unbroadcast(a: np.ndarray, shape: Shape) -> Any:
    """Sum ``a`` over the axes along which ``shape`` was broadcast to get the shape of ``a``."""
    if a.size == math.prod(shape):
        return a.reshape(shape)
    axes, keepdims = _broadcast_axes(a.shape, shape)
    sums = total(a, axes, keepdims)
    return sums.reshape(shape) if keepdims else sums


def inner(a: np.ndarray, b: Any, shape: Shape) -> Any:
    """``unbroadcast(a * b, shape)``, where ``b``, an array or a number, is broadcast to ``a``.

    If it can be done, no products are written down, or only few.

    Examples
    --------
    >>> inner(np.ones((2, 3)), np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    axes, keepdims = _broadcast_axes(a.shape, shape)
    plan = _plan_for(a, axes) if isinstance(b, np.ndarray) and a.dtype == b.dtype else None
    if plan and (a.shape, a.strides) == (b.shape, b.strides):
        sums = _products(plan.rows_of(a), plan.rows_of(b), plan)
    elif plan and plan.order is None and _runs_along(b.shape, a.shape, axes):
        x, weights = plan.rows_of(a), b.reshape(plan.height)
        sums = np.dot(weights, x) if plan.first else np.dot(x, weights)
    else:
        return unbroadcast(a * b, shape)
    sums = plan.placed(sums, keepdims)
    return sums.reshape(shape) if keepdims else sums


def _products(x: np.ndarray, y: np.ndarray, plan: Plan) -> Any:
    """The sums of ``x * y``, two matrices as the plan wants them."""
    if not plan.first:
        return np.vecdot(x, y)
    return np.dot(plan.ones_of(x), x * y) if x.size <= MEDIUM else np.einsum("ij,ij->j", x, y)


@functools.lru_cache(1024)
def _runs_along(small: Shape, shape: Shape, axes: Shape) -> bool:
    """Whether ``small``, broadcast to ``shape``, is as long as that along the axes, and repeated along all others."""
    longer = (*(1,) * (len(shape) - len(small)), *small)
    return longer == tuple(n if i in axes else 1 for i, n in enumerate(shape))


@functools.lru_cache(1024)
def _broadcast_axes(shape: Shape, small: Shape) -> tuple[Shape, bool]:
    """The axes along which ``small`` is repeated to give ``shape``, and whether some of them are in ``small``."""
    new = len(shape) - len(small)
    axes = tuple(i for i, n in enumerate(shape) if i < new or small[i - new] != n)
    return axes, new < len(axes)


# -- How an array lies in memory --------------------------------------------------------------------------------------


class Plan(NamedTuple):
    """How an array is a matrix in memory whose rows, or columns, are to be added up."""

    order: Shape | None  # the axes as they lie in memory, where that is not their order
    rows: Shape | None  # the shape of the matrix, where it is not that of the array
    height: int  # how many numbers go into each sum
    ones: np.ndarray | None  # so many, unless they are too many to keep
    first: bool  # whether the axes to add up come first
    rest: Shape  # of the sums, as they lie in memory
    back: Shape | None  # the axes of the sums as they should be, where that is not their order
    shape: Shape  # of the sums
    kept: Shape  # of the sums, with the axes added up

    def rows_of(self, a: np.ndarray) -> np.ndarray:
        """``a`` as that matrix."""
        a = a if self.order is None else a.transpose(self.order)
        return a if self.rows is None else a.reshape(self.rows)

    def ones_of(self, a: np.ndarray) -> np.ndarray:
        """What to multiply that matrix with."""
        return np.ones(self.height, a.dtype) if self.ones is None else self.ones

    def placed(self, sums: np.ndarray, keepdims: bool) -> np.ndarray:
        """The sums as the axes of the array want them."""
        if self.back is not None:
            sums = sums.reshape(self.rest).transpose(self.back)
        return sums.reshape(self.kept if keepdims else self.shape)


def _plan_for(a: np.ndarray, axis: Axis) -> Plan | None:
    """The plan for sums of ``a``, or None where memory does not lie so, or NumPy does better."""
    if a.size < SMALL or axis is None or (kind := a.dtype.char) not in "fd":
        return None
    return _plan(a.shape, a.strides, kind, axis)


@functools.lru_cache(1024)
def _plan(shape: Shape, strides: Shape, kind: str, axis: int | Shape) -> Plan | None:
    ndim = len(shape)
    axes = {axis % ndim} if isinstance(axis, int) else {i % ndim for i in axis}
    order = sorted(range(ndim), key=lambda i: (-strides[i], i))
    ahead = np.dtype(kind).itemsize
    for i in reversed(order):
        if shape[i] > 1 and strides[i] != ahead:
            return None
        ahead *= shape[i]
    rest = [i for i in order if i not in axes]
    height, count = math.prod(shape[i] for i in axes), math.prod(shape[i] for i in rest)
    first = axes == set(order[: len(axes)])
    if not axes or not rest or not (first or (axes == set(order[len(rest) :]) and height <= LONG)):
        return None
    rows, straight = (height, count) if first else (count, height), order == sorted(order)
    return Plan(
        order=None if straight else tuple(order),
        rows=None if straight and rows == shape else rows,
        height=height,
        ones=_many_ones(kind)[:height] if height <= LONG else None,
        first=first,
        rest=tuple(shape[i] for i in rest),
        back=None if rest == sorted(rest) else tuple(sorted(range(len(rest)), key=rest.__getitem__)),
        shape=tuple(n for i, n in enumerate(shape) if i not in axes),
        kept=tuple(1 if i in axes else n for i, n in enumerate(shape)),
    )


@functools.lru_cache(1024)
def _last_in_memory(shape: Shape, strides: Shape, axis: Shape) -> Shape:
    """Those of some axes that come last in memory, but not all: summing them first leaves little to do."""
    axes, last = {i % len(shape) for i in axis}, set[int]()
    for i in sorted(range(len(shape)), key=strides.__getitem__):
        if i not in axes:
            return tuple(last) if last < axes else ()
        last.add(i)
    return ()


@functools.cache
def _many_ones(kind: str) -> np.ndarray:
    return np.ones(LONG, kind)
