"""Products of matrices, shared among threads of our own; while BLAS has the cores, it shares them out itself."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import reduce

import numpy as np

from . import threads
from .scratch import slices

LEAST = 1 << 22  # multiplications; fewer are done before another thread wakes up
MANY = 1 << 20  # elements to be read, with which the same holds
SMALL = 1 << 14  # numbers in the result, which to write twice costs next to nothing
FREE = 10**6  # multiplications: up to here OpenBLAS takes factors as they lie; else it lays them out anew first
THIN, SHORT = 16, 64  # rows that must come together to be worth a product of their own, or a sum
FEW, DEEP, LARGE = 64, 6, 1536  # rows; summands for each of them; numbers in the result: for fewer BLAS has other ways


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``a @ b``; matrices are cut along the longest of their three axes.

    Examples
    --------
    >>> matmul(np.ones((2, 3)), np.ones((3, 1)))
    array([[3.],
           [3.]])
    """
    if not a.ndim == b.ndim == 2:
        return a @ b  # type: ignore[no-any-return]
    if _turned_is_faster(a, b):
        return np.ascontiguousarray(matmul(b.T, a.T).T)
    count = threads.count()
    if count == 1 or a.dtype != b.dtype or a.dtype.char not in "fd":
        return _whole(a, b)
    (m, k), n = a.shape, b.shape[1]
    if b.shape[0] != k or (m * n * k < LEAST and a.size + b.size < MANY):
        return _whole(a, b)
    if k > max(m, n):
        return reduce(operator.iadd, threads.run(lambda part: a[:, part] @ b[part], slices(k, count)))
    y = np.empty((m, n), a.dtype)
    if m >= n:
        threads.run(lambda part: np.matmul(a[part], b, out=y[part]), slices(m, count))
    else:
        threads.run(lambda part: np.matmul(a, b[:, part], out=y[:, part]), slices(n, count))
    return y


def _whole(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product, at once: ``np.dot`` begins sooner, and has BLAS for a column times a row, but writes zeros first."""
    dot = a.shape[1] == 1 or len(a) * b.shape[1] <= SMALL
    return np.dot(a, b) if dot else a @ b  # type: ignore[no-any-return]


def _turned_is_faster(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether ``(b.T @ a.T).T`` is faster, up to three times, since ``b`` lies in memory the other way round.

    For each product BLAS lays out such a factor anew, which is most of the work if the other one has few rows; then it
    is worth turning the result.
    """
    (m, k), n = a.shape, b.shape[1]
    return m <= FEW and k >= DEEP * m and m * n >= LARGE and a.dtype == b.dtype == np.float32 and b.flags.fnc


def by_rows(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Write ``a @ b`` to ``out``, for stacks of matrices ``a`` with many rows, in products of some rows each.

    If factors are narrow, to lay them out anew takes as long as the product itself.

    Examples
    --------
    >>> y = np.empty((5, 1))
    >>> by_rows(np.ones((5, 2)), np.ones((2, 1)), y)
    >>> y.sum()
    np.float64(10.0)
    """
    for rows, size in _cuts(a.shape[-2], b.shape[-2] * b.shape[-1], THIN):
        np.matmul(_cut(a, rows, size), b[..., None, :, :], out=_cut(out, rows, size))


def over_rows(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``a.T @ b``, for stacks of matrices with many rows, as a sum of such products of some rows each.

    Examples
    --------
    >>> over_rows(np.ones((5, 2)), np.ones((5, 1)))
    array([[5.],
           [5.]])
    """
    parts = []
    for rows, size in _cuts(a.shape[-2], a.shape[-1] * b.shape[-1], SHORT):
        products = np.matmul(_cut(a, rows, size).swapaxes(-1, -2), _cut(b, rows, size))
        parts.append(products.sum(axis=-3) if products.shape[-3] > 1 else products[..., 0, :, :])
    return reduce(operator.iadd, parts)


def _cuts(height: int, width: int, least: int) -> Iterator[tuple[slice, int]]:
    """How to cut so many rows, with so many multiplications each: which are cut alike, and into how many rows each."""
    number = -(-height * width // FREE) if threads.alone() and least * width <= FREE else 1
    if number <= 1:
        yield slice(0, height), height
        return
    size = height // number
    yield slice(0, number * size), size
    if number * size < height:
        yield slice(number * size, height), height - number * size


def _cut(a: np.ndarray, rows: slice, size: int) -> np.ndarray:
    """Those rows of each matrix as a stack of matrices with so many rows each."""
    *stack, _, width = a.shape
    number = (rows.stop - rows.start) // size if size else 1
    return a[..., rows, :].reshape(*stack, number, size, width)
