"""Functions of single numbers beyond those of NumPy."""

from __future__ import annotations

from ..ops.special import Erf
from ..tensor import Tensor, TensorLike
from ._apply import apply


def erf(x: TensorLike) -> Tensor:
    """The error function: ``2 / sqrt(pi)`` times the integral of ``exp(-t * t)`` from 0 to ``x``.

    A normal number of mean 0 and variance 1 is below ``x`` with probability ``(1 + erf(x / sqrt(2))) / 2``.

    Examples
    --------
    >>> erf([0.0, 1.0])
    Tensor([0.        , 0.84270079])
    """
    return apply(Erf(), x)
