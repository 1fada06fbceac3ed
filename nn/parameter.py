"""The tensors that belong to a module: what it learns, and what it only remembers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import Tensor


class Owned(Tensor):
    """A tensor that keeps its identity while its values, shape or dtype are exchanged.

    Its memory is contiguous, with the last axis innermost or, if ``data`` was given so, the first.
    """

    __slots__ = ()

    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: DTypeLike | None = None, name: str | None = None
    ) -> None:
        array = np.array(data.data if isinstance(data, Tensor) else data, dtype, order="A")
        super().__init__(array, requires_grad, name=name, copy=False)

    def become(self, data: Any, dtype: DTypeLike | None = None) -> None:
        """Hold other values from now on, perhaps of another shape or dtype; the gradient so far is dropped."""
        made = Owned(data, self.requires_grad, dtype, self.name)  # refuses what cannot be, before anything changes
        self._data, self.node = made._data, made.node

    def hold(self, array: Any) -> None:
        """Hold ``array``, of the same shape and dtype, which is nobody else's.

        Cheaper than a change in place: graphs that kept the values so far go on holding those.
        """
        self._data = array

    def memory(self) -> np.ndarray:
        """The values as a flat, writable array that shares the memory, for optimisers; not for single numbers.

        Who writes there says so with :func:`autograd_lite.note_update`, for graphs that kept the values.
        """
        return self._data.ravel(self.order)  # type: ignore[no-any-return]

    @property
    def order(self) -> Literal["C", "F"]:
        """How the values lie in memory: NumPy's name for the last axis innermost, or the first."""
        return "F" if self._data.flags.fnc else "C"

    @property
    def wanted(self) -> tuple[int | None, ...]:
        """The shape that values must have, with None for lengths that will only be known at the first use."""
        return self.shape

    @property
    def awaits_shape(self) -> bool:
        """Whether the shape will only be known at the first use."""
        return None in self.wanted

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether values of ``shape`` can be taken over from a saved state."""
        wanted = self.wanted
        return len(shape) == len(wanted) and all(
            n == m or (m is None and n) for n, m in zip(shape, wanted, strict=True)
        )


class Parameter(Owned):
    """A tensor that a module learns. Assigned to an attribute, it is found by ``parameters()`` and ``state_dict()``.

    Parameters
    ----------
    data : array_like
        The first values; they are copied.
    requires_grad : bool
        False freezes the parameter: it is saved and loaded, but not trained.
    dtype : dtype, optional
        By default that of ``data`` if it is an array or tensor; float32, as for all layers, if it is made of Python
        numbers.
    name : str, optional
        What drawings and errors call it; by default the first attribute that it is assigned to.

    Examples
    --------
    >>> scale = Parameter([1.0, 2.0])
    >>> (scale * 3.0).sum().backward()
    >>> scale.grad
    Tensor([3., 3.], dtype=float32)
    """

    __slots__ = ()

    def __init__(
        self, data: Any, requires_grad: bool = True, dtype: DTypeLike | None = None, name: str | None = None
    ) -> None:
        if dtype is None and not isinstance(data, Tensor | np.ndarray | np.generic):
            dtype = np.float32
        super().__init__(data, requires_grad, dtype, name)


class LazyParameter(Parameter):
    """A parameter whose shape depends on the first input; until then it is empty, and is saved so.

    Parameters
    ----------
    pattern : tuple of int or None
        Its shape, with None for the lengths that the input will tell.
    """

    __slots__ = ("pattern",)

    def __init__(self, pattern: tuple[int | None, ...], dtype: DTypeLike = np.float32) -> None:
        super().__init__(np.empty(0, dtype))
        self.pattern = pattern

    @property
    def wanted(self) -> tuple[int | None, ...]:
        """The shape that values must have, with None for lengths that are not known yet."""
        return self.pattern if self.shape == (0,) else self.shape

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether values of ``shape`` can be taken over; empty ones are the state before the first use."""
        return shape == (0,) or super().fits(shape)

    def __reduce__(self) -> Any:
        return *super().__reduce__(), (None, {"pattern": self.pattern})


class Buffer(Owned):
    """A tensor that a module remembers but does not learn, such as a running mean; saved unless not ``persistent``."""

    __slots__ = ("persistent",)

    def __init__(self, data: Any, dtype: DTypeLike | None = None, persistent: bool = True) -> None:
        super().__init__(data, dtype=dtype)
        self.persistent = persistent

    def __reduce__(self) -> Any:
        return Buffer, (np.asarray(self._data), self.dtype, self.persistent)
