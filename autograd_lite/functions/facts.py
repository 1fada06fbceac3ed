"""Functions that move in steps or answer yes or no. Their results are tensors of values, outside every graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._arrays import Axis
from .._protocol import implements
from ..ops.elementwise import Flat
from ..tensor import Tensor, TensorLike, as_tensor
from ._apply import apply, plain


def _flat(ufunc: np.ufunc, summary: str, example: str) -> Callable[..., Tensor]:
    """The function that applies ``ufunc`` to as many operands as it takes, and is documented like all others."""

    def function(*operands: TensorLike) -> Tensor:
        return apply(Flat(ufunc), *operands)

    function.__name__ = function.__qualname__ = ufunc.__name__
    function.__doc__ = f"{summary}\n\n    Examples\n    --------\n    >>> {ufunc.__name__}{example}\n    "
    return implements(ufunc)(function)


# -- Whole numbers ----------------------------------------------------------------------------------------------------

floor = _flat(np.floor, "The largest whole number that is not above ``x``.", "([-1.5, 1.5])\n    Tensor([-2.,  1.])")
ceil = _flat(np.ceil, "The smallest whole number that is not below ``x``.", "([-1.5, 1.5])\n    Tensor([-1.,  2.])")
trunc = _flat(np.trunc, "The whole part of ``x``.", "([-1.5, 1.5])\n    Tensor([-1.,  1.])")
rint = _flat(np.rint, "The nearest whole number; halves go to the even one.", "([0.5, 1.6])\n    Tensor([0., 2.])")
sign = _flat(np.sign, "-1, 0 or 1, as ``x`` is.", "([-3.0, 0.0])\n    Tensor([-1.,  0.])")
floor_divide = _flat(np.floor_divide, "``floor(a / b)``.", "([5.0, -5.0], 3.0)\n    Tensor([ 1., -2.])")


@implements(np.round, np.around)
def round(a: TensorLike, decimals: int = 0) -> Tensor:
    """``a`` rounded to a number of decimals; halves go to the even neighbour.

    Examples
    --------
    >>> round([1.234, 5.678], 1)
    Tensor([1.2, 5.7])
    """
    return as_tensor(a).round(decimals)


# -- Yes or no --------------------------------------------------------------------------------------------------------

isnan = _flat(np.isnan, "Whether ``x`` is not a number.", "([0.0, np.nan])\n    Tensor([False,  True])")
isinf = _flat(np.isinf, "Whether ``x`` is infinite.", "([0.0, -np.inf])\n    Tensor([False,  True])")
isfinite = _flat(np.isfinite, "Whether ``x`` is a finite number.", "([0.0, np.inf])\n    Tensor([ True, False])")
signbit = _flat(np.signbit, "Whether ``x`` has a minus sign.", "([1.0, -0.0])\n    Tensor([False,  True])")
equal = _flat(np.equal, "Whether ``a == b``.", "([1, 2], 2)\n    Tensor([False,  True])")
not_equal = _flat(np.not_equal, "Whether ``a != b``.", "([1, 2], 2)\n    Tensor([ True, False])")
less = _flat(np.less, "Whether ``a < b``.", "([1, 2], 2)\n    Tensor([ True, False])")
less_equal = _flat(np.less_equal, "Whether ``a <= b``.", "([1, 2], 1)\n    Tensor([ True, False])")
greater = _flat(np.greater, "Whether ``a > b``.", "([1, 2], 1)\n    Tensor([False,  True])")
greater_equal = _flat(np.greater_equal, "Whether ``a >= b``.", "([1, 2], 2)\n    Tensor([False,  True])")
logical_and = _flat(np.logical_and, "Whether neither is 0.", "([0, 1], 1)\n    Tensor([False,  True])")
logical_or = _flat(np.logical_or, "Whether one is not 0.", "([0, 1], 0)\n    Tensor([False,  True])")
logical_xor = _flat(np.logical_xor, "Whether one is 0 and the other not.", "([0, 1], 1)\n    Tensor([ True, False])")
logical_not = _flat(np.logical_not, "Whether ``x`` is 0.", "([0, 1])\n    Tensor([ True, False])")
bitwise_and = _flat(np.bitwise_and, "``a & b``, bit by bit.", "([5, 6], 3)\n    Tensor([1, 2])")
bitwise_or = _flat(np.bitwise_or, "``a | b``, bit by bit.", "([5, 6], 3)\n    Tensor([7, 7])")
bitwise_xor = _flat(np.bitwise_xor, "``a ^ b``, bit by bit.", "([5, 6], 3)\n    Tensor([6, 5])")
invert = _flat(np.invert, "``~x``, bit by bit.", "([True, False])\n    Tensor([False,  True])")


@implements(np.isclose)
def isclose(a: TensorLike, b: TensorLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether ``abs(a - b) <= atol + rtol * abs(b)``, element by element.

    Examples
    --------
    >>> isclose([1.0, 2.0], [1.0, 2.1])
    Tensor([ True, False])
    """
    return Tensor.wrap(np.isclose(plain(a), plain(b), rtol, atol, equal_nan))


@implements(np.allclose)
def allclose(a: TensorLike, b: TensorLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether ``abs(a - b) <= atol + rtol * abs(b)`` everywhere.

    Examples
    --------
    >>> allclose([1.0, 2.0], [1.0, 2.1])
    False
    """
    return bool(np.allclose(plain(a), plain(b), rtol, atol, equal_nan))


@implements(np.array_equal)
def array_equal(a1: TensorLike, a2: TensorLike, equal_nan: bool = False) -> bool:
    """Whether both have the same shape and the same elements.

    Examples
    --------
    >>> array_equal([1.0, 2.0], [1.0, 2.0])
    True
    """
    return bool(np.array_equal(plain(a1), plain(a2), equal_nan))


@implements(np.all)
def all(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Whether no element along ``axis`` is 0.

    Examples
    --------
    >>> all([[True, False], [True, True]], axis=1)
    Tensor([False,  True])
    """
    return as_tensor(a).all(axis, keepdims)


@implements(np.any)
def any(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Whether some element along ``axis`` is not 0.

    Examples
    --------
    >>> any([[False, False], [True, False]], axis=1)
    Tensor([False,  True])
    """
    return as_tensor(a).any(axis, keepdims)


# -- Places and counts ------------------------------------------------------------------------------------------------


@implements(np.argmax)
def argmax(a: TensorLike, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """Where the maximum along ``axis`` is, the first of ties; without an axis, in the flattened tensor.

    Examples
    --------
    >>> argmax([[1.0, 3.0], [2.0, 0.0]], axis=1)
    Tensor([1, 0])
    """
    return as_tensor(a).argmax(axis, keepdims)


@implements(np.argmin)
def argmin(a: TensorLike, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """Where the minimum along ``axis`` is, the first of ties; without an axis, in the flattened tensor.

    Examples
    --------
    >>> argmin([[1.0, 3.0], [2.0, 0.0]], axis=1)
    Tensor([0, 1])
    """
    return as_tensor(a).argmin(axis, keepdims)


@implements(np.argsort)
def argsort(a: TensorLike, axis: int | None = -1) -> Tensor:
    """The places of the elements along ``axis`` in ascending order; ties stay in their order.

    Examples
    --------
    >>> argsort([3.0, 1.0, 2.0])
    Tensor([1, 2, 0])
    """
    return as_tensor(a).argsort(axis)


@implements(np.nonzero)
def nonzero(a: TensorLike) -> tuple[Tensor, ...]:
    """The places of all elements that are not 0: one tensor of indices an axis.

    Examples
    --------
    >>> nonzero([0.0, 2.0, 3.0])
    (Tensor([1, 2]),)
    """
    return as_tensor(a).nonzero()


@implements(np.count_nonzero)
def count_nonzero(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """How many elements along ``axis`` are not 0.

    Examples
    --------
    >>> count_nonzero([[0.0, 2.0], [3.0, 4.0]], axis=1)
    Tensor([1, 2])
    """
    return apply(Flat(np.not_equal), a, 0).sum(axis, keepdims)


@implements(np.shape)
def shape(a: TensorLike) -> tuple[int, ...]:
    """The lengths of the axes.

    Examples
    --------
    >>> shape([[1.0, 2.0]])
    (1, 2)
    """
    return np.shape(plain(a))


@implements(np.ndim)
def ndim(a: TensorLike) -> int:
    """The number of axes.

    Examples
    --------
    >>> ndim([[1.0, 2.0]])
    2
    """
    return np.ndim(plain(a))


@implements(np.size)
def size(a: TensorLike, axis: int | None = None) -> int:
    """The number of elements, in all or along one axis.

    Examples
    --------
    >>> size([[1.0, 2.0]])
    2
    """
    return np.size(plain(a), axis)


@implements(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """The dtype that arithmetic with all of these gives.

    Examples
    --------
    >>> result_type(Tensor([1.0], dtype=np.float32), 2.0)
    dtype('float32')
    """
    return np.result_type(*map(plain, arrays_and_dtypes))
