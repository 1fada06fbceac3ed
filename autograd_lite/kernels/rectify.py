"""The rectifier and its gradient, by parts that fit the cache, which threads share."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from . import compiled, loops
from .parts import by_parts
from .scratch import bits

PART = 1 << 18  # elements
FEW, NOT_MANY = 1 << 10, 1 << 14  # elements, for which a buffer of zeros does not pay; and by parts does not


def relu(x: np.ndarray) -> Any:
    """``max(x, 0)``, where nan stays nan.

    Examples
    --------
    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    if x.size <= FEW or x.dtype.kind != "f" or (x.size <= NOT_MANY and not x.flags.c_contiguous):
        return np.maximum(x, 0)
    zeros = _zeros(x.dtype.char)
    if x.size <= PART and x.flags.c_contiguous:
        return np.maximum(x, zeros[: x.size].reshape(x.shape))
    return by_parts(
        lambda part, y: compiled.run(loops.relu, y, part) or np.maximum(part, zeros[: part.size], out=y),
        x,
        size=PART,
    )


def relu_gradient(g: np.ndarray, y: np.ndarray) -> Any:
    """``g`` where ``y > 0``, else 0, for ``y = relu(x)``; NumPy is slow if it multiplies numbers by booleans.

    Examples
    --------
    >>> relu_gradient(np.array([3.0, 4.0]), np.array([0.0, 2.0]))
    array([0., 4.])
    """
    if g.itemsize > 8:  # no whole numbers are as long
        return np.where(y > 0, g, 0)
    if g.size <= PART or g.dtype != y.dtype:
        slope = (y > 0).astype(f"i{g.itemsize}")
        slope *= bits(g)
        return slope.view(g.dtype)

    def work(part: np.ndarray, y: np.ndarray, dx: np.ndarray) -> None:
        if not compiled.run(loops.relu_gradient, dx, part, y):
            chosen = bits(dx)
            np.greater(y, 0, out=chosen, casting="unsafe")
            chosen *= bits(part)

    return by_parts(work, g, y, size=PART)


@cache
def _zeros(dtype: str) -> np.ndarray:
    """What to compare with, as NumPy is slow with a single number."""
    return np.zeros(PART, dtype)
