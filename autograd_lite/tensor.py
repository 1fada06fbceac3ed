"""``Tensor``: an array that remembers how it was computed. What it holds, how it shows itself, NumPy's protocols."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, Union

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ._arrays import read_only, unboxed
from ._protocol import stand_in
from .errors import DTypeError, GradError, RuleError, ShapeError
from .gradients import Gradients, no_grad
from .operators import Operators
from .recording import new, result_of_operations
from .switches import this_thread

TensorLike = Union["Tensor", ArrayLike]


@result_of_operations
class Tensor(Operators, Gradients):
    """An array that remembers how it was computed.

    Parameters
    ----------
    data : array_like
        The values. They are copied, so that no rule is surprised by a change from outside.
    requires_grad : bool
        Whether ``backward`` collects a gradient here. Only floating point data can.
    dtype : dtype, optional
        As for ``np.array``.
    copy : bool
        False shares the memory of ``data`` where possible; then do not change it while a graph needs it.
    name : str, optional
        What drawings and errors call this tensor.

    Raises
    ------
    DTypeError
        For data that are no numbers, or integers that should require gradients.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    Tensor([2., 4.])
    """

    __slots__ = ()
    __hash__ = object.__hash__

    def __init__(
        self,
        data: Any,
        requires_grad: bool = False,
        dtype: DTypeLike | None = None,
        copy: bool = True,
        name: str | None = None,
    ) -> None:
        array = np.array(data._data if isinstance(data, Tensor) else data, dtype, copy=copy or None)
        if array.dtype.kind not in "biufc":
            raise DTypeError(f"A tensor holds numbers; this is data of dtype {array.dtype}.")
        self._data = unboxed(array)
        self.node = None
        if requires_grad:
            self._require_grad(name)

    # -- Facts

    @property
    def data(self) -> np.ndarray:
        """The values, as a read-only array that shares the memory."""
        view: np.ndarray = read_only(np.asarray(self._data))
        return view

    @data.setter
    def data(self, value: Any) -> None:
        with no_grad():
            self[...] = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._data.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._data.size  # type: ignore[no-any-return]

    @property
    def nbytes(self) -> int:
        """The bytes that the values take."""
        return self._data.nbytes  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The kind of numbers."""
        return self._data.dtype  # type: ignore[no-any-return]

    def numpy(self) -> np.ndarray:
        """The values, as a read-only array that shares the memory; ``.copy()`` it to change it."""
        return self.data

    def item(self) -> Any:
        """The one element, as a Python number."""
        if self.size != 1:
            raise ShapeError(f"item() needs a tensor of one element; this one has shape {self.shape}.")
        return self._data.item()

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return self._data.tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return operator.index(self._data)

    def __bool__(self) -> bool:
        return bool(self._data)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __round__(self, decimals: int = 0) -> Tensor:
        return self.round(decimals)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("A 0-d tensor has no length.")
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        found = self == value
        return isinstance(found, Tensor) and bool(found.any())

    def __repr__(self) -> str:
        text = np.array2string(np.asarray(self._data), separator=", ", prefix=f"{type(self).__name__}(")
        facts = [text]
        if self.dtype not in (np.float64, np.int64, np.bool_):
            facts.append(f"dtype={self.dtype}")
        if self.node is not None:
            facts.append(self._origin())
        return f"{type(self).__name__}({', '.join(facts)})"

    # -- NumPy's protocols

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        if self.node is not None and this_thread.records:
            raise GradError(
                "np.asarray(tensor) would lose its gradient unseen. Write tensor.numpy() if that is meant; "
                "to join tensors, stack() them."
            )
        return np.array(self.data, dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            raise RuleError(
                f"np.{ufunc.__name__}.{method} has no rule for tensors; see sum, prod, max, min, outer, ..."
            )
        if "out" in kwargs:
            raise RuleError(f"np.{ufunc.__name__} cannot write a tensor into out; write y = ... instead.")
        return stand_in(ufunc, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return stand_in(function, args, kwargs)

    # -- Copies

    def __reduce__(self) -> Any:
        if not self.is_leaf:
            raise GradError("Only leaves can be copied or pickled whole; detach() this tensor first.")
        return _rebuild, (type(self), np.asarray(self._data), self.requires_grad, self.name)


def _rebuild(kind: type[Tensor], array: np.ndarray, requires_grad: bool, name: str | None) -> Tensor:
    out: Tensor = new(kind)
    Tensor.__init__(out, array, requires_grad, name=name)
    return out


def as_tensor(value: Any) -> Tensor:
    """``value`` itself if it is a tensor, else a tensor of its values (a copy)."""
    return value if isinstance(value, Tensor) else Tensor(value)
