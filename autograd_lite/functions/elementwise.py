"""Arithmetic, powers, exponentials and logarithms: functions of single numbers. Operands broadcast."""

from __future__ import annotations

import numpy as np

from .._protocol import implements
from ..ops import elementwise as e
from ..tensor import Tensor, TensorLike, as_tensor
from ._apply import apply

# -- Arithmetic -------------------------------------------------------------------------------------------------------


@implements(np.add)
def add(a: TensorLike, b: TensorLike) -> Tensor:
    """``a + b``.

    Examples
    --------
    >>> add([1.0, 2.0], 3.0)
    Tensor([4., 5.])
    """
    return apply(e.Add(), a, b)


@implements(np.subtract)
def subtract(a: TensorLike, b: TensorLike) -> Tensor:
    """``a - b``.

    Examples
    --------
    >>> subtract([1.0, 2.0], 3.0)
    Tensor([-2., -1.])
    """
    return apply(e.Sub(), a, b)


@implements(np.multiply)
def multiply(a: TensorLike, b: TensorLike) -> Tensor:
    """``a * b``, element by element.

    Examples
    --------
    >>> multiply([1.0, 2.0], 3.0)
    Tensor([3., 6.])
    """
    return apply(e.Mul(), a, b)


@implements(np.divide)
def divide(a: TensorLike, b: TensorLike) -> Tensor:
    """``a / b``.

    Examples
    --------
    >>> divide([1.0, 2.0], 4.0)
    Tensor([0.25, 0.5 ])
    """
    return apply(e.Div(), a, b)


@implements(np.remainder)
def remainder(a: TensorLike, b: TensorLike) -> Tensor:
    """``a % b``: what is left of ``a`` after whole steps of ``b``, with the sign of ``b``.

    Between its jumps the slope is 1 along ``a`` and ``-floor(a / b)`` along ``b``.

    Examples
    --------
    >>> remainder([5.0, -5.0], 3.0)
    Tensor([2., 1.])
    """
    return apply(e.Mod(), a, b)


@implements(np.negative)
def negative(x: TensorLike) -> Tensor:
    """``-x``.

    Examples
    --------
    >>> negative([1.0, -2.0])
    Tensor([-1.,  2.])
    """
    return apply(e.Neg(), x)


@implements(np.positive)
def positive(x: TensorLike) -> Tensor:
    """``+x``, a tensor with the same values.

    Examples
    --------
    >>> positive([1.0, -2.0])
    Tensor([ 1., -2.])
    """
    return as_tensor(x)


@implements(np.power)
def power(a: TensorLike, b: TensorLike) -> Tensor:
    """``a ** b``. At ``a = 0`` the slope along ``b`` counts as 0.

    Examples
    --------
    >>> power([1.0, 2.0], 3)
    Tensor([1., 8.])
    """
    return as_tensor(a) ** b if type(b) in (int, float, bool) else apply(e.Pow(), a, b)


@implements(np.square)
def square(x: TensorLike) -> Tensor:
    """``x * x``.

    Examples
    --------
    >>> square([1.0, 2.0])
    Tensor([1., 4.])
    """
    return as_tensor(x).square()


@implements(np.sqrt)
def sqrt(x: TensorLike) -> Tensor:
    """Square root. Its slope at 0 counts as 0.

    Examples
    --------
    >>> sqrt([4.0, 9.0])
    Tensor([2., 3.])
    """
    return as_tensor(x).sqrt()


@implements(np.cbrt)
def cbrt(x: TensorLike) -> Tensor:
    """Cube root, also of negative numbers. Its slope at 0 counts as 0.

    Examples
    --------
    >>> cbrt([-8.0, 27.0])
    Tensor([-2.,  3.])
    """
    return apply(e.Cbrt(), x)


@implements(np.reciprocal)
def reciprocal(x: TensorLike) -> Tensor:
    """``1 / x``; of integers the whole part, as in NumPy.

    Examples
    --------
    >>> reciprocal([2.0, 4.0])
    Tensor([0.5 , 0.25])
    """
    return apply(e.Reciprocal(), x)


@implements(np.hypot)
def hypot(a: TensorLike, b: TensorLike) -> Tensor:
    """``sqrt(a * a + b * b)``, without overflow. Its slopes where both are 0 count as 0.

    Examples
    --------
    >>> hypot(3.0, [4.0])
    Tensor([5.])
    """
    return apply(e.Hypot(), a, b)


# -- Exponentials and logarithms --------------------------------------------------------------------------------------


@implements(np.exp)
def exp(x: TensorLike) -> Tensor:
    """e to the power ``x``.

    Examples
    --------
    >>> exp([0.0, 1.0])
    Tensor([1.        , 2.71828183])
    """
    return as_tensor(x).exp()


@implements(np.exp2)
def exp2(x: TensorLike) -> Tensor:
    """2 to the power ``x``.

    Examples
    --------
    >>> exp2([0.0, 3.0])
    Tensor([1., 8.])
    """
    return apply(e.Exp2(), x)


@implements(np.expm1)
def expm1(x: TensorLike) -> Tensor:
    """``exp(x) - 1``, exact for small ``x``.

    Examples
    --------
    >>> expm1([0.0, 1e-20])
    Tensor([0.e+00, 1.e-20])
    """
    return apply(e.Expm1(), x)


@implements(np.log)
def log(x: TensorLike) -> Tensor:
    """Natural logarithm.

    Examples
    --------
    >>> log([1.0, 2.0])
    Tensor([0.        , 0.69314718])
    """
    return as_tensor(x).log()


@implements(np.log2)
def log2(x: TensorLike) -> Tensor:
    """Logarithm to the base 2.

    Examples
    --------
    >>> log2([1.0, 8.0])
    Tensor([0., 3.])
    """
    return apply(e.Log2(), x)


@implements(np.log10)
def log10(x: TensorLike) -> Tensor:
    """Logarithm to the base 10.

    Examples
    --------
    >>> log10([1.0, 1000.0])
    Tensor([0., 3.])
    """
    return apply(e.Log10(), x)


@implements(np.log1p)
def log1p(x: TensorLike) -> Tensor:
    """``log(1 + x)``, exact for small ``x``.

    Examples
    --------
    >>> log1p([0.0, 1e-20])
    Tensor([0.e+00, 1.e-20])
    """
    return apply(e.Log1p(), x)


@implements(np.logaddexp)
def logaddexp(a: TensorLike, b: TensorLike) -> Tensor:
    """``log(exp(a) + exp(b))``, without overflow.

    Examples
    --------
    >>> logaddexp([1000.0], 1000.0)
    Tensor([1000.69314718])
    """
    return apply(e.Logaddexp(), a, b)


def sigmoid(x: TensorLike) -> Tensor:
    """``1 / (1 + exp(-x))``, exact for every ``x``.

    Examples
    --------
    >>> sigmoid([0.0, -1000.0])
    Tensor([0.5, 0. ])
    """
    return as_tensor(x).sigmoid()
