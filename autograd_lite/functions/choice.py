"""Functions with a kink, where one side or the other is taken. What counts as the slope there is said with each."""

from __future__ import annotations

from typing import overload

import numpy as np

from .._protocol import implements
from ..errors import RuleError
from ..ops import elementwise as e
from ..tensor import Tensor, TensorLike, as_tensor
from ._apply import apply
from .facts import nonzero


@implements(np.absolute)
def abs(x: TensorLike) -> Tensor:
    """Absolute value. Its slope at 0 is 0.

    Examples
    --------
    >>> abs([-1.0, 2.0])
    Tensor([1., 2.])
    """
    return as_tensor(x).abs()


absolute = abs


@implements(np.fabs)
def fabs(x: TensorLike) -> Tensor:
    """Absolute value, floating point also where ``x`` is whole. Its slope at 0 is 0.

    Examples
    --------
    >>> fabs([-1, 2])
    Tensor([1., 2.])
    """
    x = as_tensor(x)
    return x.abs() if x.dtype.kind == "f" else apply(e.Flat(np.fabs), x)


def relu(x: TensorLike) -> Tensor:
    """``x`` where it is positive, else 0. The slope at 0 is 0.

    Examples
    --------
    >>> relu([-1.0, 2.0])
    Tensor([0., 2.])
    """
    return as_tensor(x).relu()


@implements(np.maximum)
def maximum(a: TensorLike, b: TensorLike) -> Tensor:
    """The larger of ``a`` and ``b``. Ties share the gradient, half and half.

    Examples
    --------
    >>> maximum([1.0, 2.0], 1.5)
    Tensor([1.5, 2. ])
    """
    return apply(e.Maximum(), a, b)


@implements(np.minimum)
def minimum(a: TensorLike, b: TensorLike) -> Tensor:
    """The smaller of ``a`` and ``b``. Ties share the gradient, half and half.

    Examples
    --------
    >>> minimum([1.0, 2.0], 1.5)
    Tensor([1. , 1.5])
    """
    return apply(e.Minimum(), a, b)


@implements(np.clip)
def clip(
    x: TensorLike,
    a_min: TensorLike | None = None,
    a_max: TensorLike | None = None,
    *,
    min: TensorLike | None = None,
    max: TensorLike | None = None,
) -> Tensor:
    """``x`` moved into the interval from ``a_min`` to ``a_max``; None leaves a side open.

    At the bounds the gradient passes to ``x``, as it does between them; beyond, it goes to the bound.

    Parameters
    ----------
    min, max
        Other names of ``a_min`` and ``a_max``.

    Examples
    --------
    >>> clip([-1.0, 0.5, 2.0], 0.0, 1.0)
    Tensor([0. , 0.5, 1. ])
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise RuleError("clip: give a bound either as a_min and a_max or as min and max, not both.")
    return as_tensor(x).clip(a_min if min is None else min, a_max if max is None else max)


@overload
def where(condition: TensorLike) -> tuple[Tensor, ...]: ...


@overload
def where(condition: TensorLike, a: TensorLike, b: TensorLike, /) -> Tensor: ...


@implements(np.where)
def where(condition: TensorLike, *branches: TensorLike) -> Tensor | tuple[Tensor, ...]:
    """``a`` where the condition holds, elsewhere ``b``; of a condition alone, :func:`nonzero`.

    No gradient, not even a nan, reaches the branch not taken.

    Parameters
    ----------
    condition : array_like of bool
    a, b : array_like, optional
        Both or neither; they broadcast with the condition.

    Examples
    --------
    >>> where([True, False], 1.0, 2.0)
    Tensor([1., 2.])
    """
    if not branches:
        return nonzero(condition)
    if len(branches) != 2:
        raise RuleError("where takes a condition alone, or a condition and two branches.")
    return apply(e.Where(), condition, *branches)
