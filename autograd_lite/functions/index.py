"""Functions that pick elements by their places, and put them in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import one_axis
from .._protocol import implements
from ..errors import ShapeError
from ..ops.elementwise import Where
from ..ops.index import Reorder, Scatter
from ..tensor import Tensor, TensorLike, as_tensor
from ._apply import apply, plain


@implements(np.take)
def take(a: TensorLike, indices: Any, axis: int | None = None) -> Tensor:
    """The elements at ``indices`` along ``axis``, or of the flattened tensor.

    Raises
    ------
    IndexError
        If an index is out of range.

    Examples
    --------
    >>> take([1.0, 2.0, 3.0], [2, 0, 2])
    Tensor([3., 1., 3.])
    """
    return as_tensor(a).take(indices, axis)


@implements(np.take_along_axis)
def take_along_axis(arr: TensorLike, indices: Any, axis: int | None = -1) -> Tensor:
    """Along ``axis``, the elements at ``indices``, which differ from row to row; as ``argsort`` gives them.

    Parameters
    ----------
    indices : array_like of int
        With as many axes as ``arr``; both broadcast along all but ``axis``.

    Examples
    --------
    >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], axis=1)
    Tensor([[2.],
            [3.]])
    """
    arr, indices = as_tensor(arr), np.asarray(plain(indices))
    if axis is None:
        return arr.ravel()[indices]
    i = one_axis(axis, arr.ndim)
    if indices.ndim != arr.ndim:
        raise ShapeError(f"take_along_axis: indices of shape {indices.shape} for {arr.ndim} axes {arr.shape}.")
    places: list[Any] = list(np.ix_(*map(np.arange, arr.shape)))
    places[i] = indices
    return arr[tuple(places)]


@implements(np.sort)
def sort(a: TensorLike, axis: int | None = -1) -> Tensor:
    """The elements along ``axis`` in ascending order, a nan last.

    Examples
    --------
    >>> sort([3.0, 1.0, 2.0])
    Tensor([1., 2., 3.])
    """
    a = as_tensor(a)
    if axis is None:
        return sort(a.ravel())
    i = one_axis(axis, a.ndim)
    return apply(Reorder(plain(a.argsort(i)), i), a)


# -- Diagonals and triangles ------------------------------------------------------------------------------------------


@implements(np.diagonal)
def diagonal(a: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The elements whose index along ``axis2`` is that along ``axis1`` plus ``offset``, along a new last axis.

    Examples
    --------
    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    Tensor([1., 4.])
    """
    a = as_tensor(a)
    i, j = one_axis(axis1, a.ndim), one_axis(axis2, a.ndim)
    if i == j:
        raise ShapeError(f"diagonal needs two different axes; {axis1} and {axis2} are the same.")
    places = _diagonal_places(a.shape[i], a.shape[j], offset)
    return a.transpose(*(k for k in range(a.ndim) if k not in (i, j)), i, j)[(..., *places)]


@implements(np.diag)
def diag(v: TensorLike, k: int = 0) -> Tensor:
    """The diagonal ``k`` above the main one of a matrix; of a vector, the matrix that has it as that diagonal.

    Examples
    --------
    >>> diag([1.0, 2.0])
    Tensor([[1., 0.],
            [0., 2.]])
    """
    v = as_tensor(v)
    if v.ndim == 2:
        return diagonal(v, k)
    if v.ndim != 1:
        raise ShapeError(f"diag needs a vector or a matrix, not shape {v.shape}.")
    n = v.size + np.abs(k)
    return apply(Scatter(_diagonal_places(n, n, k), (n, n)), v)


def _diagonal_places(rows: int, columns: int, offset: int) -> tuple[np.ndarray, np.ndarray]:
    start = max(0, -offset)
    along = np.arange(start, max(start, min(rows, columns - offset)))
    return along, along + offset


@implements(np.trace)
def trace(a: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The sum of a diagonal.

    Examples
    --------
    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    Tensor(5.)
    """
    return as_tensor(a).trace(offset, axis1, axis2)


@implements(np.tril)
def tril(m: TensorLike, k: int = 0) -> Tensor:
    """The matrices with zeros above diagonal ``k``.

    Examples
    --------
    >>> tril([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 0.],
            [3., 4.]])
    """
    m = as_tensor(m)
    return apply(Where(), _below(m, k), m, m.dtype.type(0))


@implements(np.triu)
def triu(m: TensorLike, k: int = 0) -> Tensor:
    """The matrices with zeros below diagonal ``k``.

    Examples
    --------
    >>> triu([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 2.],
            [0., 4.]])
    """
    m = as_tensor(m)
    return apply(Where(), _below(m, k - 1), m.dtype.type(0), m)


def _below(m: Tensor, k: int) -> np.ndarray:
    """Which elements of a matrix of this shape stand on diagonal ``k`` or below it."""
    if m.ndim < 2:
        raise ShapeError(f"A matrix or a stack of matrices is needed, not shape {m.shape}.")
    return np.tri(m.shape[-2], m.shape[-1], k, dtype=np.bool_)
