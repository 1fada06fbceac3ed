"""Functions that bring many numbers down to few: sums, extremes, averages; and those that do it as they go along."""

from __future__ import annotations

import numpy as np

from .._arrays import Axis, all_axes, kept_shape, one_axis
from .._protocol import implements
from ..errors import ShapeError
from ..ops import reduce as rules
from ..ops.elementwise import Where
from ..tensor import Tensor, TensorLike, as_tensor
from ._apply import apply
from .index import sort

# -- Sums and products ------------------------------------------------------------------------------------------------


@implements(np.sum)
def sum(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The sum over ``axis``.

    Parameters
    ----------
    a : array_like
    axis : int or sequence of int, optional
        Which axes disappear; all if None.
    keepdims : bool
        Keep them, with length 1.

    Examples
    --------
    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([4., 6.])
    """
    return as_tensor(a).sum(axis, keepdims)


@implements(np.prod)
def prod(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The product over ``axis``; its derivatives are right also where factors are 0.

    Examples
    --------
    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([3., 8.])
    """
    return as_tensor(a).prod(axis, keepdims)


@implements(np.cumsum)
def cumsum(a: TensorLike, axis: int | None = None) -> Tensor:
    """Running sums along ``axis``, or over the flattened tensor.

    Examples
    --------
    >>> cumsum([1.0, 2.0, 3.0])
    Tensor([1., 3., 6.])
    """
    return as_tensor(a).cumsum(axis)


@implements(np.cumprod)
def cumprod(a: TensorLike, axis: int | None = None) -> Tensor:
    """Running products along ``axis``, or over the flattened tensor; right also where factors are 0.

    Examples
    --------
    >>> cumprod([1.0, 2.0, 3.0])
    Tensor([1., 2., 6.])
    """
    return as_tensor(a).cumprod(axis)


# -- Averages ---------------------------------------------------------------------------------------------------------


@implements(np.mean)
def mean(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The mean over ``axis``.

    Examples
    --------
    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([2., 3.])
    """
    return as_tensor(a).mean(axis, keepdims)


@implements(np.average)
def average(a: TensorLike, axis: Axis = None, weights: TensorLike | None = None, *, keepdims: bool = False) -> Tensor:
    """The weighted mean over ``axis``: ``sum(a * weights) / sum(weights)``.

    Parameters
    ----------
    weights : array_like, optional
        Of the shape of ``a``, or one number for each place along the one ``axis``.

    Raises
    ------
    ShapeError
        If the weights have another shape.

    Examples
    --------
    >>> average([1.0, 4.0], weights=[2.0, 1.0])
    Tensor(2.)
    """
    a = as_tensor(a)
    if weights is None:
        return a.mean(axis, keepdims)
    weights = as_tensor(weights)
    if weights.shape != a.shape:
        axes = all_axes(axis, a.ndim)
        if axis is None or len(axes) != 1 or weights.shape != (a.shape[axes[0]],):
            raise ShapeError(
                f"average over axis {axis} of shape {a.shape}: weights of shape {weights.shape} do not fit."
            )
        weights = weights.reshape(tuple(n if i == axes[0] else 1 for i, n in enumerate(a.shape)))
    return (a * weights).sum(axis, keepdims) / weights.sum(axis, keepdims)


@implements(np.median)
def median(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The middle of the sorted elements over ``axis``; of an even number, the mean of the middle two.

    Examples
    --------
    >>> median([3.0, 1.0, 2.0, 10.0])
    Tensor(2.5)
    """
    a = as_tensor(a)
    a._need_elements("median", axis)
    axes = all_axes(axis, a.ndim)
    rows = sort(a._as_rows(axes))
    n = rows.shape[-1]
    middle = rows[..., (n - 1) // 2 : n // 2 + 1].mean(-1)
    last = rows[..., -1]  # where a nan stands, if there is one
    middle = apply(Where(), last != last, last, middle)
    return middle.reshape(kept_shape(a.shape, axes)) if keepdims else middle


@implements(np.var)
def var(a: TensorLike, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
    """The variance over ``axis``: the mean square distance from the mean, with n - ``ddof`` in place of n.

    Examples
    --------
    >>> var([1.0, 2.0, 3.0], ddof=1)
    Tensor(1.)
    """
    return as_tensor(a).var(axis, ddof, keepdims)


@implements(np.std)
def std(a: TensorLike, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
    """The standard deviation over ``axis``, the root of the variance. Its slope where it is 0 counts as 0.

    Examples
    --------
    >>> std([1.0, 2.0, 3.0], ddof=1)
    Tensor(1.)
    """
    return as_tensor(a).std(axis, ddof, keepdims)


# -- Extremes ---------------------------------------------------------------------------------------------------------


@implements(np.max, np.amax)
def max(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The maximum over ``axis``; ties share the gradient equally.

    Raises
    ------
    ShapeError
        If there is nothing to choose from.

    Examples
    --------
    >>> max([[1.0, 2.0], [3.0, 0.0]], axis=0)
    Tensor([3., 2.])
    """
    return as_tensor(a).max(axis, keepdims)


@implements(np.min, np.amin)
def min(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The minimum over ``axis``; ties share the gradient equally.

    Raises
    ------
    ShapeError
        If there is nothing to choose from.

    Examples
    --------
    >>> min([[1.0, 2.0], [3.0, 0.0]], axis=0)
    Tensor([1., 0.])
    """
    return as_tensor(a).min(axis, keepdims)


amax, amin = max, min


@implements(np.ptp)
def ptp(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """From peak to peak: the maximum less the minimum over ``axis``.

    Examples
    --------
    >>> ptp([1.0, 5.0, 2.0])
    Tensor(4.)
    """
    a = as_tensor(a)
    return a.max(axis, keepdims) - a.min(axis, keepdims)


# -- Soft extremes ----------------------------------------------------------------------------------------------------


def logsumexp(a: TensorLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """``log(sum(exp(a)))`` over ``axis``, without overflow.

    Raises
    ------
    ShapeError
        If there is nothing to sum.

    Examples
    --------
    >>> logsumexp([1000.0, 1000.0])
    Tensor(1000.69314718)
    """
    return as_tensor(a)._extreme(rules.Logsumexp, axis, keepdims)


def softmax(a: TensorLike, axis: int = -1) -> Tensor:
    """``exp(a) / sum(exp(a))`` along ``axis``, without overflow.

    Examples
    --------
    >>> softmax([0.0, 0.0])
    Tensor([0.5, 0.5])
    """
    return _along(rules.Softmax, as_tensor(a), axis)


def log_softmax(a: TensorLike, axis: int = -1) -> Tensor:
    """``a - log(sum(exp(a)))`` along ``axis``, without overflow.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0])
    Tensor([-1000.,     0.])
    """
    return _along(rules.LogSoftmax, as_tensor(a), axis)


def _along(rule: type[rules.Softmax | rules.LogSoftmax], a: Tensor, axis: int) -> Tensor:
    i = one_axis(axis, a.ndim)
    a._need_elements(rule.__name__.lower(), i)
    return apply(rule(i), a)
