"""The methods that a tensor shares with an array: parts, shapes, reductions. All are rules, or made of rules."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from ._arrays import Axis, all_axes, kept_shape, one_axis
from .errors import ShapeError
from .function import Function
from .ops.elementwise import AsType, Clip, Copy, Sqrt, Where
from .ops.index import GetItem
from .ops.reduce import Cumsum, Max, Mean, Min, Sum
from .ops.shape import Concatenate, Repeat, Reshape, Transpose
from .recording import Recorded

if TYPE_CHECKING:
    from .tensor import Tensor


class ArrayMethods(Recorded):
    """Methods under NumPy's names, with NumPy's meaning. :class:`~autograd_lite.Tensor` supplies the rest."""

    __slots__ = ()

    if TYPE_CHECKING:  # what Tensor supplies

        @property
        def shape(self) -> tuple[int, ...]:
            """The lengths of the axes."""

        @property
        def ndim(self) -> int:
            """The number of axes."""

        @property
        def size(self) -> int:
            """The number of elements."""

        @property
        def dtype(self) -> np.dtype[Any]:
            """The kind of numbers."""

        def __add__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...

    def _apply(self, rule: Function) -> Tensor:
        return self.apply(rule, (self,))

    # -- Parts

    def __getitem__(self, index: Any) -> Tensor:
        """The elements at ``index``, in any of NumPy's forms; always a copy as far as gradients are concerned."""
        return self._apply(GetItem(plain_index(index)))

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        """The elements at ``indices`` along ``axis``, or of the flattened tensor."""
        places = np.asarray(plain_index(indices))
        places = places.astype(np.intp) if places.dtype == bool else places  # 0 and 1, as in NumPy
        if axis is None:
            return self.ravel()[places]
        return self[(slice(None),) * one_axis(axis, self.ndim) + (places,)]

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """The elements whose index along ``axis2`` is that along ``axis1`` plus ``offset``, along a new last axis."""
        return np.diagonal(self, offset, axis1, axis2)  # type: ignore[call-overload,no-any-return]

    # -- Shapes

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape; one length may be -1."""
        wanted = flat(shape)
        try:
            return self._apply(Reshape(wanted))
        except ValueError:
            raise ShapeError(f"A tensor of shape {self.shape} cannot be reshaped to {wanted}.") from None

    def ravel(self) -> Tensor:
        """All elements along one axis."""
        return self.reshape(-1)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """The axes from ``start_dim`` to ``end_dim`` as one; by default all of them."""
        if not self.ndim:
            return self.reshape(1)
        first, last = (i + self.ndim if i < 0 else i for i in (start_dim, end_dim))
        if not 0 <= first <= last < self.ndim:
            raise ShapeError(f"cannot flatten axes {start_dim} to {end_dim} of input {self.shape}.")
        return self.reshape(*self.shape[:first], math.prod(self.shape[first : last + 1]), *self.shape[last + 1 :])

    def unsqueeze(self, dim: int) -> Tensor:
        """The tensor with a new axis of length one before axis ``dim``; PyTorch's name for ``expand_dims``."""
        at = one_axis(dim, self.ndim + 1)
        return self.reshape(*self.shape[:at], 1, *self.shape[at:])

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in the order ``axes``; reversed if none are given."""
        order = flat(axes)
        order = all_axes(order, self.ndim) if order and order != (None,) else tuple(range(self.ndim))[::-1]
        if len(order) != self.ndim:
            raise ShapeError(f"transpose needs {self.ndim} axes for shape {self.shape}, not {order}.")
        return self._apply(Transpose(order))

    view, permute = reshape, transpose  # PyTorch's names

    @property
    def T(self) -> Tensor:
        """The tensor with its axes reversed."""
        return self.transpose()

    @property
    def mT(self) -> Tensor:
        """The stack of transposed matrices."""
        return self.swapaxes(-1, -2)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """The tensor with two axes exchanged."""
        axes = list(range(self.ndim))
        i, j = one_axis(axis1, self.ndim), one_axis(axis2, self.ndim)
        axes[i], axes[j] = axes[j], axes[i]
        return self._apply(Transpose(tuple(axes)))

    def squeeze(self, axis: Axis = None) -> Tensor:
        """The tensor without its axes of length one, all or those named."""
        ones = tuple(i for i, n in enumerate(self.shape) if n == 1)
        axes = ones if axis is None else all_axes(axis, self.ndim)
        if wrong := [i for i in axes if i not in ones]:
            raise ShapeError(
                f"squeeze: axis {wrong[0]} of shape {self.shape} has length {self.shape[wrong[0]]}, not 1."
            )
        return self.reshape(tuple(n for i, n in enumerate(self.shape) if i not in axes))

    def repeat(self, repeats: Any, axis: int | None = None) -> Tensor:
        """Each element ``repeats`` times along ``axis``, or of the flattened tensor."""
        if axis is None:
            return self.ravel().repeat(repeats, 0)
        i, counts = one_axis(axis, self.ndim), np.array(plain_index(repeats))
        if counts.ndim > 1 or counts.size not in (1, self.shape[i]) or (counts < 0).any():
            raise ShapeError(
                f"repeat needs one count, or one for each of {self.shape[i]} elements, none negative; not {repeats}."
            )
        return self._apply(Repeat(counts.item() if counts.size == 1 else counts, i))

    # -- Kinds

    def astype(self, dtype: DTypeLike) -> Tensor:
        """The same numbers as ``dtype``; gradients come back in the dtype of this tensor.

        Rounding to whole numbers is flat: integers have no gradient.
        """
        if np.dtype(dtype).kind not in "fc":
            return self.wrap(self._data.astype(dtype))
        return self._apply(AsType(np.dtype(dtype), self.dtype))

    def copy(self) -> Tensor:
        """The same numbers in memory of their own; recorded."""
        return self._apply(Copy())

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """The numbers moved into the interval from ``min`` to ``max``; the gradient passes at its ends.

        Beyond an end that is a tensor, the gradient is that tensor's.
        """
        if not isinstance(min, ArrayMethods) and not isinstance(max, ArrayMethods):
            return self._apply(Clip(plain_index(min), plain_index(max)))
        y: Any = self
        if min is not None:
            y = self.apply(Where(), (y < min, min, y))
        if max is not None:
            y = self.apply(Where(), (y > max, max, y))
        return y  # type: ignore[no-any-return]

    def round(self, decimals: int = 0) -> Tensor:
        """The nearest whole numbers; flat, so they have no gradient."""
        return self.wrap(np.round(self._data, decimals))

    # -- Reductions

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The sum over ``axis``."""
        return self._apply(Sum(checked(axis, self.ndim), keepdims))

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The mean over ``axis``."""
        return self._apply(Mean(checked(axis, self.ndim), keepdims))

    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The maximum over ``axis``; ties share the gradient equally."""
        return self._extreme(Max, axis, keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The minimum over ``axis``; ties share the gradient equally."""
        return self._extreme(Min, axis, keepdims)

    def _extreme(self, rule: Any, axis: Axis, keepdims: bool) -> Tensor:
        self._need_elements(rule.__name__.lower(), axis)
        return self._apply(rule(checked(axis, self.ndim), keepdims))

    def _need_elements(self, name: str, axis: Axis) -> None:
        if 0 in [self.shape[i] for i in all_axes(axis, self.ndim)]:
            raise ShapeError(f"{name} over axis {axis} of shape {self.shape}: there is nothing there.")

    def var(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        """The variance over ``axis``; the sum of squares is divided by n - ``ddof``."""
        off = self - self.mean(axis, keepdims=True)
        n = int(np.prod([self.shape[i] for i in all_axes(axis, self.ndim)]))
        return (off * off).sum(axis, keepdims) * (1 / max(n - ddof, 0) if n > ddof else np.nan)

    def std(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        """The standard deviation over ``axis``; its slope where it is 0 counts as 0."""
        return self.var(axis, ddof, keepdims)._apply(Sqrt())

    def prod(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """The product over ``axis``, multiplied as a balanced tree, which stays exact where factors are 0."""
        axes = all_axes(axis, self.ndim)
        if self.dtype.kind not in "fc":
            return self.wrap(self._data.prod(axes, keepdims=keepdims))
        y = self._as_rows(axes)
        n, last = y.shape[-1], y.ndim - 1
        if n == 0:
            return self.sum(axis, keepdims) + 1
        y = y.copy() if n == 1 else y  # what is multiplied has memory of its own
        result = kept_shape(self.shape, axes) if keepdims else y.shape[:-1]
        while n > 1:
            pairs = y[..., : n // 2] * y[..., n // 2 : n - n % 2]
            y = self.apply(Concatenate(last), (pairs, y[..., n - 1 :])) if n % 2 else pairs
            n = (n + 1) // 2
        return y.reshape(result)

    def _as_rows(self, axes: tuple[int, ...]) -> Tensor:
        """The tensor with some axes as one, the last."""
        outer = [i for i in range(self.ndim) if i not in axes]
        length = math.prod(self.shape[i] for i in axes)
        return self.transpose((*outer, *axes)).reshape((*(self.shape[i] for i in outer), length))

    def cumsum(self, axis: int | None = None) -> Tensor:
        """Running sums along ``axis``, or over the flattened tensor."""
        if axis is None:
            return self.ravel().cumsum(0)
        return self._apply(Cumsum(one_axis(axis, self.ndim)))

    def cumprod(self, axis: int | None = None) -> Tensor:
        """Running products along ``axis``, or over the flattened tensor; exact where factors are 0.

        By repeated doubling: after step k each place holds the product of up to 2**k factors that end there
        (Hillis and Steele, "Data parallel algorithms", 1986).
        """
        if axis is None:
            return self.ravel().cumprod(0)
        i = one_axis(axis, self.ndim)
        if self.dtype.kind not in "fc":
            return self.wrap(np.cumprod(self._data, i))
        y: Any = self
        before, step = (slice(None),) * i, 1
        while step < self.shape[i]:
            done, rest, shifted = (y[(*before, part)] for part in (slice(step), slice(step, None), slice(-step)))
            y = self.apply(Concatenate(i), (done, rest * shifted))
            step *= 2
        return self.copy() if y is self else y  # type: ignore[no-any-return]

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """The sum of a diagonal."""
        return self.diagonal(offset, axis1, axis2).sum(-1)

    def dot(self, other: Any) -> Tensor:
        """Sum of products over the last axis of this tensor and the second to last of ``other``."""
        return np.dot(self, other)  # type: ignore[call-overload,no-any-return]

    # -- Facts with no gradient

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Tensor:
        """Where the maximum is, the first of ties."""
        self._need_elements("argmax", axis)
        return self.wrap(self._data.argmax(axis, keepdims=keepdims))

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Tensor:
        """Where the minimum is, the first of ties."""
        self._need_elements("argmin", axis)
        return self.wrap(self._data.argmin(axis, keepdims=keepdims))

    def argsort(self, axis: int | None = -1) -> Tensor:
        """The places of the elements in ascending order; ties stay in their order."""
        return self.wrap(np.argsort(self._data, checked(axis, self.ndim), kind="stable"))

    def nonzero(self) -> tuple[Tensor, ...]:
        """The places of all elements that are not 0: one tensor of indices an axis."""
        return tuple(map(self.wrap, np.nonzero(self._data)))

    def any(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Whether any element is not zero."""
        return self.wrap(self._data.any(checked(axis, self.ndim), keepdims=keepdims))

    def all(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Whether all elements are not zero."""
        return self.wrap(self._data.all(checked(axis, self.ndim), keepdims=keepdims))


def plain_index(index: Any) -> Any:
    """An index without tensors, in memory of its own, so that nobody can change it before backward."""
    if isinstance(index, tuple):
        return tuple(map(plain_index, index))
    if isinstance(index, slice):
        return slice(whole(index.start), whole(index.stop), whole(index.step))
    if isinstance(index, ArrayMethods):
        index = index._data
    if isinstance(index, list):
        return np.array(index, None if index else np.intp)
    return index.copy() if isinstance(index, np.ndarray) else index


def whole(bound: Any) -> int | None:
    """A bound of a slice as a number of Python: a tensor or an array may count on."""
    return None if bound is None else operator.index(bound)


def flat(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """``f(2, 3)``, ``f((2, 3))`` and ``f(np.array([2, 3]))`` alike as ``(2, 3)``."""
    if len(args) == 1:
        if isinstance(args[0], tuple | list | range):
            return tuple(args[0])
        if getattr(args[0], "ndim", 0):
            return tuple(args[0].tolist())
    return args


def checked(axis: Axis, ndim: int) -> Any:
    """``axis`` counted from the front, in the form in which it was given."""
    if axis is None:
        return None
    return one_axis(axis, ndim) if isinstance(axis, int | np.integer) else all_axes(axis, ndim)
