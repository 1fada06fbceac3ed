"""Functions of single numbers, applied to each element; operands broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._protocol import implements
from ..ops import elementwise as e
from ..tensor import Tensor, as_tensor


@implements(np.exp)
def exp(x: Any) -> Tensor:
    """e to the power ``x``.

    Examples
    --------
    >>> exp([0.0, 1.0])
    Tensor([1.        , 2.71828183])
    """
    return as_tensor(x).exp()


@implements(np.add)
def add(a: Any, b: Any) -> Tensor:
    """``a + b``.

    Examples
    --------
    >>> add([1.0, 2.0], 3.0)
    Tensor([4., 5.])
    """
    return as_tensor(a) + b


@implements(np.where)
def where(condition: Any, a: Any, b: Any) -> Tensor:
    """``a`` where the condition holds, elsewhere ``b``; no gradient, not even a nan, reaches the branch not taken.

    Examples
    --------
    >>> where([True, False], 1.0, 2.0)
    Tensor([1., 2.])
    """
    a = a if isinstance(b, Tensor) else as_tensor(a)
    return e.Where()(np.asarray(getattr(condition, "_data", condition)), a, b)  # type: ignore[no-any-return]
