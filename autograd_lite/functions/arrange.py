"""Functions that put elements in other places: turned around, moved along, repeated, padded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._arrays import Axis, all_axes, one_axis
from .._protocol import implements
from ..errors import RuleError, ShapeError
from ..ops import shape as rules
from ..ops.index import Scatter
from ..tensor import Tensor, TensorLike, as_tensor
from ._apply import apply, plain
from .shape import Shape, broadcast_to, lengths


@implements(np.flip)
def flip(m: TensorLike, axis: Axis = None) -> Tensor:
    """The order along some axes, or all, reversed.

    Examples
    --------
    >>> flip([1.0, 2.0, 3.0])
    Tensor([3., 2., 1.])
    """
    m = as_tensor(m)
    return apply(rules.Flip(all_axes(axis, m.ndim)), m)


@implements(np.rot90)
def rot90(m: TensorLike, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """``m`` turned ``k`` times by a quarter, from the first of ``axes`` towards the second.

    Examples
    --------
    >>> rot90([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[2., 4.],
            [1., 3.]])
    """
    m = as_tensor(m)
    axes = all_axes(tuple(axes), m.ndim)
    if len(axes) != 2:
        raise ShapeError(f"rot90 turns in the plane of two axes, not of {axes}.")
    if k % 4 == 2:
        return flip(m, axes)
    if k % 4 == 1:
        m = flip(m, axes[1])
    m = m.swapaxes(*axes) if k % 2 else m
    return flip(m, axes[1]) if k % 4 == 3 else m


@implements(np.roll)
def roll(a: TensorLike, shift: Shape, axis: Axis = None) -> Tensor:
    """Elements moved along ``axis``, or along the flattened tensor; what falls off the end comes back at the start.

    Examples
    --------
    >>> roll([1.0, 2.0, 3.0], 1)
    Tensor([3., 1., 2.])
    """
    a = as_tensor(a)
    if axis is None:
        return roll(a.ravel(), shift, 0).reshape(a.shape)
    places = [one_axis(i, a.ndim) for i in np.atleast_1d(axis)]
    shifts, axes = zip(*np.broadcast(np.asarray(shift, np.intp), places), strict=True)
    return apply(rules.Roll(shifts, axes), a)


@implements(np.repeat)
def repeat(a: TensorLike, repeats: Shape, axis: int | None = None) -> Tensor:
    """Each element ``repeats`` times in a row, along ``axis`` or of the flattened tensor.

    Parameters
    ----------
    repeats : int or sequence of int
        One count for all, or one for each place along ``axis``.

    Examples
    --------
    >>> repeat([1.0, 2.0], 2)
    Tensor([1., 1., 2., 2.])
    """
    return as_tensor(a).repeat(repeats, axis)


@implements(np.tile)
def tile(A: TensorLike, reps: Shape) -> Tensor:
    """The whole of ``A`` again and again: ``reps`` times along each of the last axes.

    Examples
    --------
    >>> tile([1.0, 2.0], (2, 2))
    Tensor([[1., 2., 1., 2.],
            [1., 2., 1., 2.]])
    """
    A, times = as_tensor(A), lengths(reps)
    shape = (1,) * (len(times) - A.ndim) + A.shape
    times = (1,) * (len(shape) - len(times)) + times
    with_copies = tuple(n for pair in zip(times, shape, strict=True) for n in pair)
    single = tuple(n for length in shape for n in (1, length))
    copies = broadcast_to(A.reshape(single), with_copies).copy()
    return copies.reshape(tuple(n * length for n, length in zip(times, shape, strict=True)))


@implements(np.pad)
def pad(array: TensorLike, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    """A margin around ``array``.

    Parameters
    ----------
    pad_width : int, pair, or one pair an axis
        How many elements before and after, along all axes or each.
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
        What stands in the margin: ``constant_values``, the last element, the array mirrored at its last element or
        behind it, or the array again.
    constant_values : scalar, pair, or one pair an axis
        In the forms of ``pad_width``. Its gradient is not computed.

    Raises
    ------
    ShapeError
        If the widths do not fit the axes, or there is nothing to mirror or repeat.
    GradError
        If ``constant_values`` requires a gradient: that would be lost.

    Examples
    --------
    >>> pad([1.0, 2.0], (1, 2))
    Tensor([0., 1., 2., 0., 0.])
    >>> pad([1.0, 2.0], 1, mode="edge")
    Tensor([1., 1., 2., 2.])
    """
    array = as_tensor(array)
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise RuleError(f"pad has no mode {mode!r}; choose constant, edge, reflect, symmetric or wrap.")
    if not array.ndim:
        return array.copy()
    try:
        pairs = np.asarray(plain(pad_width))
        widths = np.broadcast_to(pairs, (array.ndim, 2))
    except ValueError:
        raise ShapeError(f"pad: widths {pad_width} do not fit an array of shape {array.shape}.") from None
    if widths.dtype.kind not in "iu":
        raise TypeError(f"pad: widths are whole numbers; got {pad_width}.")
    if (widths < 0).any():
        raise ShapeError(f"pad: widths cannot be negative; got {pad_width}.")
    if not widths.any():
        return array.copy()
    if mode != "constant":
        return _pad_by_index(array, widths, mode)
    shape = tuple(before + n + after for n, (before, after) in zip(array.shape, widths.tolist(), strict=True))
    inside = tuple(slice(before, before + n) for n, before in zip(array.shape, widths[:, 0].tolist(), strict=True))
    y = apply(Scatter(inside, shape), array)
    margin = np.asarray(constant_values)  # refuses to lose a gradient
    if margin.any():
        y = y + np.pad(np.zeros(array.shape, array.dtype), widths, constant_values=margin)
    return y


def _pad_by_index(array: Tensor, widths: np.ndarray, mode: Any) -> Tensor:
    for axis, width in enumerate(widths):
        n = array.shape[axis]
        if not n and width.any():
            raise ShapeError(f"pad: axis {axis} of shape {array.shape} has no elements to {mode}.")
        if width.any():
            array = array.take(np.pad(np.arange(n), width, mode), axis)
    return array
