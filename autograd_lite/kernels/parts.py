"""Large arrays in parts that stay in the cache from one operation to the next, and that threads share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import threads
from .scratch import laid_out, slices


def by_parts(function: Callable[..., object], *arrays: np.ndarray, size: int) -> Any:
    """A function of elements of arrays of one shape; it is given parts of each, and where to write.

    Examples
    --------
    >>> by_parts(lambda a, out: np.add(a, 1, out=out), np.zeros((2, 3)), size=4)
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    y = np.empty_like(arrays[-1])
    lines = [laid_out(a, y).ravel("K") for a in (*arrays, y)]
    threads.run(lambda part: function(*(line[part] for line in lines)), slices(y.size, -(-y.size // size)))
    return y if y.ndim else y[()]
