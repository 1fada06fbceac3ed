"""Products of matrices, shared among threads of our own; while BLAS has the cores, it shares them out itself."""

from __future__ import annotations

import operator
from functools import reduce

import numpy as np

from . import threads
from .scratch import slices

LEAST = 1 << 22  # multiplications; fewer are done before another thread wakes up
MANY = 1 << 20  # elements to be read, with which the same holds
SMALL = 1 << 14  # numbers in the result, which to write twice costs next to nothing
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
