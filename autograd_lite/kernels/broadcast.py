"""Broadcasting in long runs: NumPy takes two or three times as long where it can go a short way only in one loop.

A row of channels repeated for the images and the places beside it serves a whole batch, and stays in the cache.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

RUN = 1 << 13  # elements, of which the beginning of a loop costs next to nothing
LARGE = 1 << 18  # elements of an array for which the repetition pays
SHARE = 8  # how many times as large it must be at least

Shape = tuple[int, ...]


def along(b: Any, a: Any) -> Any:
    """``b``, or ``b`` repeated along the inner axes of ``a`` if it can be broadcast to ``a`` faster then.

    Anything but arrays stays as it is.

    Examples
    --------
    >>> along(np.ones(16), np.zeros((64, 512, 16))).shape
    (1, 512, 16)
    """
    if not isinstance(a, np.ndarray) or a.size < LARGE or not isinstance(b, np.ndarray) or b.size == a.size:
        return b
    shape = _repeated(a.shape, a.strides, b.shape)
    if shape is None:
        return b
    longer = np.empty_like(a, dtype=b.dtype, shape=shape)
    longer[...] = b
    return longer


@lru_cache(1024)
def _repeated(shape: Shape, strides: Shape, small: Shape) -> Shape | None:
    """The shape that ``small`` should have, to be the same along some outer axes of ``shape`` and run along others."""
    longer = [*(1,) * (len(shape) - len(small)), *small]
    for i in sorted(range(len(shape)), key=strides.__getitem__):
        if math.prod(longer) >= RUN:
            break
        longer[i] = shape[i]
    useful = math.prod(small) < math.prod(longer) <= math.prod(shape) // SHARE
    return tuple(longer) if useful else None
