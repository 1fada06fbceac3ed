"""Trigonometric and hyperbolic functions and their inverses, element by element."""

from __future__ import annotations

import numpy as np

from .._protocol import implements
from ..ops import trigonometry as rules
from ..tensor import Tensor, TensorLike, as_tensor
from ._apply import apply


@implements(np.sin)
def sin(x: TensorLike) -> Tensor:
    """Sine of ``x`` in radians.

    Examples
    --------
    >>> sin([0.0, np.pi / 2])
    Tensor([0., 1.])
    """
    return as_tensor(x).sin()


@implements(np.cos)
def cos(x: TensorLike) -> Tensor:
    """Cosine of ``x`` in radians.

    Examples
    --------
    >>> cos([0.0, np.pi])
    Tensor([ 1., -1.])
    """
    return as_tensor(x).cos()


@implements(np.tan)
def tan(x: TensorLike) -> Tensor:
    """Tangent of ``x`` in radians.

    Examples
    --------
    >>> tan([0.0, 1.0])
    Tensor([0.        , 1.55740772])
    """
    return apply(rules.Tan(), x)


@implements(np.arcsin)
def arcsin(x: TensorLike) -> Tensor:
    """The angle in [-pi/2, pi/2] whose sine is ``x``.

    Examples
    --------
    >>> arcsin([0.0, 1.0])
    Tensor([0.        , 1.57079633])
    """
    return apply(rules.Arcsin(), x)


@implements(np.arccos)
def arccos(x: TensorLike) -> Tensor:
    """The angle in [0, pi] whose cosine is ``x``.

    Examples
    --------
    >>> arccos([1.0, 0.0])
    Tensor([0.        , 1.57079633])
    """
    return apply(rules.Arccos(), x)


@implements(np.arctan)
def arctan(x: TensorLike) -> Tensor:
    """The angle in (-pi/2, pi/2) whose tangent is ``x``.

    Examples
    --------
    >>> arctan([0.0, 1.0])
    Tensor([0.        , 0.78539816])
    """
    return apply(rules.Arctan(), x)


@implements(np.arctan2)
def arctan2(a: TensorLike, b: TensorLike) -> Tensor:
    """The angle in [-pi, pi] of the point with abscissa ``b`` and ordinate ``a``. Its slopes at the origin count as 0.

    Examples
    --------
    >>> arctan2([1.0, 1.0], [0.0, -1.0])
    Tensor([1.57079633, 2.35619449])
    """
    return apply(rules.Arctan2(), a, b)


@implements(np.sinh)
def sinh(x: TensorLike) -> Tensor:
    """Hyperbolic sine.

    Examples
    --------
    >>> sinh([0.0, 1.0])
    Tensor([0.        , 1.17520119])
    """
    return apply(rules.Sinh(), x)


@implements(np.cosh)
def cosh(x: TensorLike) -> Tensor:
    """Hyperbolic cosine.

    Examples
    --------
    >>> cosh([0.0, 1.0])
    Tensor([1.        , 1.54308063])
    """
    return apply(rules.Cosh(), x)


@implements(np.tanh)
def tanh(x: TensorLike) -> Tensor:
    """Hyperbolic tangent.

    Examples
    --------
    >>> tanh([0.0, 1.0])
    Tensor([0.        , 0.76159416])
    """
    return as_tensor(x).tanh()


@implements(np.arcsinh)
def arcsinh(x: TensorLike) -> Tensor:
    """The number whose hyperbolic sine is ``x``.

    Examples
    --------
    >>> arcsinh([0.0, 1.0])
    Tensor([0.        , 0.88137359])
    """
    return apply(rules.Arcsinh(), x)


@implements(np.arccosh)
def arccosh(x: TensorLike) -> Tensor:
    """The number, at least 0, whose hyperbolic cosine is ``x``.

    Examples
    --------
    >>> arccosh([1.0, 2.0])
    Tensor([0.        , 1.3169579])
    """
    return apply(rules.Arccosh(), x)


@implements(np.arctanh)
def arctanh(x: TensorLike) -> Tensor:
    """The number whose hyperbolic tangent is ``x``.

    Examples
    --------
    >>> arctanh([0.0, 0.5])
    Tensor([0.        , 0.54930614])
    """
    return apply(rules.Arctanh(), x)
