"""Functions of single numbers beyond those of NumPy."""

from __future__ import annotations

from ..ops.special import Erf, Gelu, GeluTanh
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


def gelu(x: TensorLike, approximate: str = "none") -> Tensor:
    """``x`` times the probability that a standard normal number is below ``x`` (Hendrycks and Gimpel 2016).

    Parameters
    ----------
    approximate : {"none", "tanh"}
        ``"tanh"`` is the paper's faster formula, ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))``.

    Raises
    ------
    ValueError
        If ``approximate`` is something else.

    Examples
    --------
    >>> gelu([-1.0, 0.0, 1.0])
    Tensor([-0.15865525,  0.        ,  0.84134475])
    """
    rules = {"none": Gelu, "tanh": GeluTanh}
    if approximate not in rules:
        raise ValueError(f"gelu: approximate is 'none' or 'tanh', not {approximate!r}.")
    return apply(rules[approximate](), x)
