"""Helpers for plain arrays: memory, axes, indices. They know nothing of tensors or rules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import NoneType
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from .errors import ShapeError

Axis = int | Sequence[int] | None
Shape = tuple[int, ...]


def unboxed(array: np.ndarray) -> Any:
    """``array``, or the NumPy scalar in it if it has no axes: those cost a seventh of the time."""
    return array if array.ndim else array[()]


def read_only(values: Any) -> Any:
    """A view that cannot be written through; a NumPy scalar as it is."""
    if isinstance(values, np.ndarray):
        values = values.view()
        values.flags.writeable = False
    return values


def one_axis(axis: int, ndim: int) -> int:
    """``axis`` counted from the front; an error that names both numbers when it is out of range."""
    try:
        return normalize_axis_index(axis, ndim)
    except np.exceptions.AxisError:
        raise ShapeError(f"axis {axis} is out of range for {ndim} dimensions.") from None


def all_axes(axis: Axis, ndim: int) -> Shape:
    """``axis`` in any of its forms, None meaning all, as a tuple counted from the front."""
    return _all_axes(axis if isinstance(axis, (int, tuple, NoneType, np.integer)) else tuple(axis), ndim)


@cache
def _all_axes(axis: int | Shape | None, ndim: int) -> Shape:
    if axis is None:
        return tuple(range(ndim))
    try:
        return normalize_axis_tuple(axis, ndim)
    except np.exceptions.AxisError:
        raise ShapeError(f"axis {axis} is out of range for {ndim} dimensions.") from None
    except ValueError:
        raise ShapeError(f"axis {axis} names an axis twice.") from None


def kept_shape(shape: Shape, axis: int | Shape | None, n: int = 1) -> Shape:
    """``shape`` after a reduction over ``axis`` to length ``n``, with the reduced axes kept."""
    if axis is None:
        return (n,) * len(shape)
    reduced = {axis % len(shape)} if isinstance(axis, int) else {i % len(shape) for i in axis}
    return tuple(n if i in reduced else m for i, m in enumerate(shape))


def power(a: np.ndarray, n: Any) -> Any:
    """``a ** n``; cubes by multiplication, for which NumPy's general power takes a hundred times as long."""
    if n == 3 and a.dtype.kind in "fc":
        return a * a * a
    return a**n


def into(ufunc: np.ufunc, a: Any, b: Any) -> Any:
    """``ufunc(a, b)``, in the memory of ``a``, which nobody else needs, unless that has another dtype."""
    return ufunc(a, b, out=a if getattr(b, "dtype", a.dtype) == a.dtype and a.ndim else None)


def is_basic(index: Any) -> bool:
    """Whether ``index`` selects every element at most once, by slices, integers, None and ``...`` only."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, slice | int | np.integer) for part in parts)


class Piece:
    """Zeros of ``shape`` with ``values`` added at ``index``, not made yet.

    The gradient of a part of an array. A hundred of them add up in one array, instead of each in an array of zeros.
    """

    __slots__ = ("index", "shape", "values")

    def __init__(self, shape: Shape, index: Any, values: Any) -> None:
        self.shape, self.index, self.values = shape, index, values

    def array(self) -> np.ndarray:
        """The array in full."""
        y = np.zeros(self.shape, self.values.dtype)
        if self._distinct():
            y[self.index] = self.values
        else:
            np.add.at(y, self.index, self.values)
        return y

    def add_to(self, total: np.ndarray) -> None:
        """Change ``total``, of the same shape, in place."""
        if self._distinct():
            total[self.index] += self.values
        else:
            np.add.at(total, self.index, self.values)

    def _distinct(self) -> bool:
        """Whether no place is named twice: NumPy's general way costs much more."""
        return is_basic(self.index) or (isinstance(self.index, np.ndarray) and self.index.dtype == bool)


def last_assigned(index: Any, shape: Shape) -> Any:
    """Which elements of ``v`` are still there after ``y[index] = v``, for ``y`` of ``shape``: the last of each."""
    if is_basic(index):
        return True
    places = np.zeros(shape, np.intp)
    numbers = np.arange(places[index].size).reshape(places[index].shape)
    places[index] = numbers
    return np.equal(places[index], numbers)
