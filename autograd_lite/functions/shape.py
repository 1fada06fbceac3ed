"""Functions that give the same numbers another shape or dtype, join arrays, and take them apart."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .._arrays import Axis, all_axes, one_axis
from .._protocol import implements
from ..errors import ShapeError
from ..ops import shape as rules
from ..tensor import Tensor, TensorLike, as_tensor
from ._apply import apply, plain

Shape = int | Sequence[int]

# -- Shapes -----------------------------------------------------------------------------------------------------------


@implements(np.reshape)
def reshape(a: TensorLike, shape: Shape) -> Tensor:
    """The same elements in another shape; one length may be -1.

    Raises
    ------
    ShapeError
        If the number of elements differs.

    Examples
    --------
    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, -1))
    Tensor([[1., 2.],
            [3., 4.]])
    """
    return as_tensor(a).reshape(shape)


@implements(np.ravel)
def ravel(a: TensorLike) -> Tensor:
    """All elements along one axis.

    Examples
    --------
    >>> ravel([[1.0, 2.0], [3.0, 4.0]])
    Tensor([1., 2., 3., 4.])
    """
    return as_tensor(a).ravel()


@implements(np.transpose)
def transpose(a: TensorLike, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in the order ``axes``; reversed if None.

    Examples
    --------
    >>> transpose([[1.0, 2.0]])
    Tensor([[1.],
            [2.]])
    """
    return as_tensor(a).transpose(axes)


@implements(np.matrix_transpose)
def matrix_transpose(x: TensorLike) -> Tensor:
    """The last two axes exchanged.

    Examples
    --------
    >>> matrix_transpose([[1.0, 2.0]])
    Tensor([[1.],
            [2.]])
    """
    return as_tensor(x).mT


@implements(np.swapaxes)
def swapaxes(a: TensorLike, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged.

    Examples
    --------
    >>> swapaxes([[1.0, 2.0]], 0, 1).shape
    (2, 1)
    """
    return as_tensor(a).swapaxes(axis1, axis2)


@implements(np.moveaxis)
def moveaxis(a: TensorLike, source: Shape, destination: Shape) -> Tensor:
    """The axes ``source`` moved to the places ``destination``; the others stay in their order.

    Examples
    --------
    >>> moveaxis([[[1.0, 2.0]]], -1, 0).shape
    (2, 1, 1)
    """
    a = as_tensor(a)
    old, new = all_axes(source, a.ndim), all_axes(destination, a.ndim)
    if len(old) != len(new):
        raise ShapeError(f"moveaxis needs as many destinations as sources; got {source} and {destination}.")
    order = [i for i in range(a.ndim) if i not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return a.transpose(order)


@implements(np.squeeze)
def squeeze(a: TensorLike, axis: Axis = None) -> Tensor:
    """The tensor without its axes of length one, all or those named.

    Raises
    ------
    ShapeError
        If a named axis is longer.

    Examples
    --------
    >>> squeeze([[1.0, 2.0]])
    Tensor([1., 2.])
    """
    return as_tensor(a).squeeze(axis)


@implements(np.expand_dims)
def expand_dims(a: TensorLike, axis: Shape) -> Tensor:
    """The tensor with axes of length one inserted, so that they stand at ``axis`` in the result.

    Examples
    --------
    >>> expand_dims([1.0, 2.0], 0)
    Tensor([[1., 2.]])
    """
    a = as_tensor(a)
    new = all_axes(axis, a.ndim + np.size(axis))
    lengths = iter(a.shape)
    return a.reshape(tuple(1 if i in new else next(lengths) for i in range(a.ndim + len(new))))


@implements(np.atleast_1d)
def atleast_1d(a: TensorLike) -> Tensor:
    """A number as a vector of one element; all else unchanged.

    Examples
    --------
    >>> atleast_1d(2.0)
    Tensor([2.])
    """
    a = as_tensor(a)
    return a if a.ndim else a.reshape(1)


@implements(np.atleast_2d)
def atleast_2d(a: TensorLike) -> Tensor:
    """A number or vector as a matrix of one row; all else unchanged.

    Examples
    --------
    >>> atleast_2d([1.0, 2.0])
    Tensor([[1., 2.]])
    """
    a = as_tensor(a)
    return a if a.ndim > 1 else a.reshape(1, -1)


@implements(np.broadcast_to)
def broadcast_to(a: TensorLike, shape: Shape) -> Tensor:
    """``a`` repeated along new and length-one axes up to ``shape``.

    Raises
    ------
    ShapeError
        If ``a`` does not broadcast to ``shape``.

    Examples
    --------
    >>> broadcast_to([1.0, 2.0], (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """
    a, shape = as_tensor(a), lengths(shape)
    try:
        return apply(rules.Broadcast(shape), a)
    except ValueError:
        raise ShapeError(f"A tensor of shape {a.shape} does not broadcast to {shape}.") from None


def lengths(shape: Shape) -> tuple[int, ...]:
    """``shape``, a number or a sequence, as a tuple."""
    return tuple(map(operator.index, np.ravel(np.asarray(shape)).tolist()))  # a fraction is no length


# -- Kinds and fillings -----------------------------------------------------------------------------------------------


@implements(np.astype)
def astype(x: TensorLike, dtype: DTypeLike) -> Tensor:
    """The same numbers as ``dtype``; gradients come back in the dtype of ``x``. Integers have none.

    Examples
    --------
    >>> astype([1.0, 2.0], np.float32)
    Tensor([1., 2.], dtype=float32)
    """
    return as_tensor(x).astype(dtype)


@implements(np.copy)
def copy(a: TensorLike) -> Tensor:
    """The same numbers in memory of their own; recorded.

    Examples
    --------
    >>> copy([1.0, 2.0])
    Tensor([1., 2.])
    """
    return as_tensor(a).copy()


@implements(np.zeros_like)
def zeros_like(a: TensorLike, dtype: DTypeLike | None = None) -> Tensor:
    """Zeros of the shape and dtype of ``a``.

    Examples
    --------
    >>> zeros_like([1.0, 2.0])
    Tensor([0., 0.])
    """
    return Tensor.wrap(np.zeros_like(plain(a), dtype))


@implements(np.ones_like)
def ones_like(a: TensorLike, dtype: DTypeLike | None = None) -> Tensor:
    """Ones of the shape and dtype of ``a``.

    Examples
    --------
    >>> ones_like([1.0, 2.0])
    Tensor([1., 1.])
    """
    return Tensor.wrap(np.ones_like(plain(a), dtype))


@implements(np.full_like)
def full_like(a: TensorLike, fill_value: TensorLike, dtype: DTypeLike | None = None) -> Tensor:
    """``fill_value``, which broadcasts and may have a gradient, in the shape and dtype of ``a``.

    Examples
    --------
    >>> full_like([1.0, 2.0], 7.0)
    Tensor([7., 7.])
    """
    a = as_tensor(a)
    return broadcast_to(as_tensor(fill_value).astype(a.dtype if dtype is None else dtype), a.shape).copy()


# -- Joining ----------------------------------------------------------------------------------------------------------


@implements(np.concatenate)
def concatenate(arrays: Sequence[TensorLike] | Tensor, axis: int | None = 0) -> Tensor:
    """Arrays one after the other along ``axis``; all flattened first if it is None.

    Parameters
    ----------
    arrays : sequence of array_like
        Of the same shape, but for their lengths along ``axis``.

    Raises
    ------
    ShapeError
        If there are none, or their shapes do not fit together.

    Examples
    --------
    >>> concatenate([[1.0, 2.0], [3.0]])
    Tensor([1., 2., 3.])
    """
    parts = _parts(arrays, "concatenate")
    if axis is None:
        return concatenate([part.ravel() for part in parts])
    if not parts[0].ndim:
        raise ShapeError("concatenate needs arrays of at least one axis; stack() joins single numbers.")
    i = one_axis(axis, parts[0].ndim)
    rests = [(*part.shape[:i], *part.shape[i + 1 :]) if part.ndim > i else None for part in parts]
    _alike(rests, parts, f"concatenate along axis {axis}")
    return apply(rules.Concatenate(i), *parts)


@implements(np.stack)
def stack(arrays: Sequence[TensorLike] | Tensor, axis: int = 0) -> Tensor:
    """Arrays of one shape side by side along a new axis.

    Raises
    ------
    ShapeError
        If there are none, or their shapes differ.

    Examples
    --------
    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    Tensor([[1., 3.],
            [2., 4.]])
    """
    parts = _parts(arrays, "stack")
    _alike([part.shape for part in parts], parts, "stack")
    return apply(rules.Stack(one_axis(axis, parts[0].ndim + 1)), *parts)


@implements(np.vstack)
def vstack(arrays: Sequence[TensorLike] | Tensor) -> Tensor:
    """Arrays below each other; vectors are rows.

    Examples
    --------
    >>> vstack([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 2.],
            [3., 4.]])
    """
    return concatenate([atleast_2d(part) for part in _parts(arrays, "vstack")])


@implements(np.hstack)
def hstack(arrays: Sequence[TensorLike] | Tensor) -> Tensor:
    """Arrays beside each other: along the second axis, or the only one.

    Examples
    --------
    >>> hstack([[[1.0], [2.0]], [[3.0], [4.0]]])
    Tensor([[1., 3.],
            [2., 4.]])
    """
    parts = [atleast_1d(part) for part in _parts(arrays, "hstack")]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1)


@implements(np.column_stack)
def column_stack(arrays: Sequence[TensorLike] | Tensor) -> Tensor:
    """Vectors as columns beside each other; matrices as they are.

    Examples
    --------
    >>> column_stack([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 3.],
            [2., 4.]])
    """
    parts = _parts(arrays, "column_stack")
    return concatenate([part if part.ndim > 1 else part.reshape(-1, 1) for part in parts], 1)


def _parts(arrays: Any, name: str) -> list[Tensor]:
    parts = [as_tensor(part) for part in arrays]
    if not parts:
        raise ShapeError(f"{name} needs at least one array.")
    return parts


def _alike(facts: list[Any], parts: list[Tensor], name: str) -> None:
    for i, fact in enumerate(facts):
        if fact != facts[0]:
            raise ShapeError(f"{name}: shape {parts[i].shape} of array {i} does not fit {parts[0].shape} of the first.")


# -- Taking apart -----------------------------------------------------------------------------------------------------


@implements(np.split)
def split(ary: TensorLike, indices_or_sections: Shape, axis: int = 0) -> list[Tensor]:
    """Parts along ``axis``: so many equal ones, or cut before each of some indices.

    Raises
    ------
    ShapeError
        If the length cannot be divided equally.

    Examples
    --------
    >>> split([1.0, 2.0, 3.0, 4.0], 2)
    [Tensor([1., 2.]), Tensor([3., 4.])]
    """
    ary = as_tensor(ary)
    n = ary.shape[one_axis(axis, ary.ndim)]
    if isinstance(indices_or_sections, int | np.integer) and (indices_or_sections < 1 or n % indices_or_sections):
        raise ShapeError(f"split: {n} elements along axis {axis} do not make {indices_or_sections} equal parts.")
    return array_split(ary, indices_or_sections, axis)


@implements(np.array_split)
def array_split(ary: TensorLike, indices_or_sections: Shape, axis: int = 0) -> list[Tensor]:
    """Like :func:`split`, but the first parts may be one element longer than the others.

    Examples
    --------
    >>> array_split([1.0, 2.0, 3.0], 2)
    [Tensor([1., 2.]), Tensor([3.])]
    """
    ary = as_tensor(ary)
    i = one_axis(axis, ary.ndim)
    if isinstance(indices_or_sections, int | np.integer):
        if indices_or_sections < 1:
            raise ShapeError(f"array_split needs at least one part, not {indices_or_sections}.")
        least, more = divmod(ary.shape[i], indices_or_sections)
        cuts = [k * least + min(k, more) for k in range(1, int(indices_or_sections))]
    else:
        cuts = list(indices_or_sections)
    before = (slice(None),) * i
    return [ary[(*before, slice(*ends))] for ends in zip([0, *cuts], [*cuts, None], strict=True)]
