"""Memory that kernels use again and again, and the size of the tiles they work in.

A fresh array of many megabytes costs more than the arithmetic on it: the system hands over its pages one by one, and
zeroed. So what a kernel needs only for a moment lies in buffers that each thread keeps, and work is cut into tiles that
stay in the cache. That also bounds the memory of a convolution, however many images it is given.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

TILE = 5 << 20  # bytes; smaller tiles lose to the interpreter, larger ones to the cache

_kept = threading.local()


def scratch(name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array of any content that is valid until this thread asks for the same name again."""
    array: np.ndarray | None = getattr(_kept, name, None)
    if array is not None and array.shape == shape and array.dtype == dtype:
        return array  # as for most tiles
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    buffer = None if array is None else array.base
    if buffer is None or buffer.size < size:
        buffer = np.empty(size, np.uint8)
    array = buffer[:size].view(dtype).reshape(shape)
    setattr(_kept, name, array)
    return array


def laid_out(a: np.ndarray, like: np.ndarray) -> np.ndarray:
    """``a`` in memory as ``like`` lies, if need be a copy: that costs less than loops going across the grain."""
    if a.strides == like.strides:
        return a
    copy = np.empty_like(like, dtype=a.dtype)
    copy[...] = a
    return copy


def working(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What to compute in: half precision would lose too much in sums, and BLAS does not know it."""
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def bits(a: Any) -> Any:
    """``a`` as whole numbers. Times 0 or 1 they are chosen exactly: ``0.0 * inf`` would be nan."""
    return a.view(f"i{a.itemsize}")


def slices(length: int, pieces: int) -> Iterator[slice]:
    """``range(length)`` cut into so many pieces of equal length, or nearly; none is empty.

    Examples
    --------
    >>> [(part.start, part.stop) for part in slices(7, 3)]
    [(0, 2), (2, 4), (4, 7)]
    """
    pieces = min(pieces, length)
    for i in range(pieces):
        yield slice(length * i // pieces, length * (i + 1) // pieces)


def pieces(length: int, size: float, least: float = 0) -> int:
    """Into how many pieces to cut ``length`` things of so many bytes each, so that a piece fits into a tile.

    A tile is given as ``least`` bytes if that is more than usual.
    """
    return max(1, -(-length // max(1, int(max(TILE, least) // max(1, size)))))
