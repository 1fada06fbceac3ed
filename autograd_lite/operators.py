"""Operators of tensors, and updates in place."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .array_methods import ArrayMethods, plain_index
from .errors import DTypeError, GradError, ShapeError
from .function import Leaf
from .ops import elementwise as e
from .ops.index import SetItem
from .ops.linalg import MatMul
from .ops.trigonometry import Cos, Sin, Tanh
from .recording import Recorded, binary, comparison, operand, reflected, unary
from .switches import note_update, this_thread

if TYPE_CHECKING:
    from .tensor import Tensor


class Operators(ArrayMethods):
    """What Python writes with signs: ``+``, ``@``, ``<``, ``+=``, ``x[i] = v``. Comparisons have no gradient."""

    __slots__ = ()

    __add__ = __radd__ = binary(e.Add)
    __sub__ = binary(e.Sub)
    __mul__ = __rmul__ = binary(e.Mul)
    __truediv__ = binary(e.Div)
    __rsub__ = reflected(e.Sub)
    __rtruediv__ = reflected(e.Div)
    __mod__ = binary(e.Mod)
    __rmod__ = reflected(e.Mod)
    __neg__ = unary(e.Neg)
    __abs__ = abs = unary(e.Abs)
    exp, log, sqrt, square = unary(e.Exp), unary(e.Log), unary(e.Sqrt), unary(e.Square)
    sin, cos, tanh, sigmoid, relu = unary(Sin), unary(Cos), unary(Tanh), unary(e.Sigmoid), unary(e.Relu)
    _matmul = binary(MatMul)

    def __matmul__(self, other: Any) -> Tensor:
        matrices = self.ndim > 1 and getattr(other, "ndim", 0) > 1
        return self._matmul(other) if matrices else np.matmul(self, other)  # type: ignore[call-overload]

    def __rmatmul__(self, other: Any) -> Tensor:
        return np.matmul(other, self)  # type: ignore[call-overload,no-any-return]

    def __pos__(self) -> Self:
        return self

    def __pow__(self, exponent: Any) -> Tensor:
        if type(exponent) in (int, float, bool):
            return self.apply(e.Power(exponent), (self,))
        return self.apply(e.Pow(), (self, exponent))

    def __rpow__(self, base: Any) -> Tensor:
        return self.apply(e.Pow(), (base, self))

    __lt__, __le__ = comparison(np.less), comparison(np.less_equal)
    __gt__, __ge__ = comparison(np.greater), comparison(np.greater_equal)
    __eq__, __ne__ = comparison(np.equal), comparison(np.not_equal)
    __and__ = __rand__ = comparison(np.bitwise_and)
    __or__ = __ror__ = comparison(np.bitwise_or)
    __xor__ = __rxor__ = comparison(np.bitwise_xor)
    __floordiv__ = comparison(np.floor_divide)

    def __rfloordiv__(self, other: Any) -> Any:
        value = operand(other)
        return value if value is NotImplemented else self.wrap(np.floor_divide(value, self._data))

    def __invert__(self) -> Tensor:
        return self.wrap(np.invert(self._data))

    # -- Updates in place

    def _update(self, sign: Callable[[Any, Any], Any], ufunc: np.ufunc, other: Any) -> Any:
        """``self += other`` and the like."""
        if this_thread.records and (self.node is not None or (isinstance(other, Recorded) and other.node is not None)):
            return self._become(sign(self, other))
        value = other._data if isinstance(other, Recorded) else operand(other)
        if value is NotImplemented:
            return value
        array = self._writable()
        try:
            ufunc(array, value, out=array, casting="same_kind")
        except ValueError as error:
            if "broadcast" not in str(error):
                raise
            raise ShapeError(
                f"An update in place cannot change the shape: {np.shape(value)} does not broadcast to {self.shape}."
            ) from None
        except TypeError as error:
            if "Cannot cast" not in str(error):
                raise
            raise DTypeError(f"An update in place cannot change the dtype {self.dtype}; write x = x + ...") from None
        self._written(array)
        return self

    def __iadd__(self, other: Any) -> Any:
        return self._update(operator.add, np.add, other)

    def __isub__(self, other: Any) -> Any:
        return self._update(operator.sub, np.subtract, other)

    def __imul__(self, other: Any) -> Any:
        return self._update(operator.mul, np.multiply, other)

    def __itruediv__(self, other: Any) -> Any:
        return self._update(operator.truediv, np.true_divide, other)

    def __ifloordiv__(self, other: Any) -> Any:
        return self._update(operator.floordiv, np.floor_divide, other)

    def __imod__(self, other: Any) -> Any:
        return self._update(operator.mod, np.remainder, other)

    def __ipow__(self, other: Any) -> Any:
        return self._update(operator.pow, np.power, other)

    def __iand__(self, other: Any) -> Any:
        return self._update(operator.and_, np.bitwise_and, other)

    def __ior__(self, other: Any) -> Any:
        return self._update(operator.or_, np.bitwise_or, other)

    def __ixor__(self, other: Any) -> Any:
        return self._update(operator.xor, np.bitwise_xor, other)

    def __setitem__(self, index: Any, value: Any) -> None:
        index = plain_index(index)
        values = value._data if isinstance(value, Recorded) else operand(value)
        if values is NotImplemented:
            raise DTypeError(f"A tensor holds numbers; a {type(value).__name__} cannot be assigned.")
        try:
            if this_thread.records and (self.node is not None or getattr(value, "node", None) is not None):
                if getattr(value, "node", None) is not None and value.dtype != self.dtype:
                    value = value.astype(self.dtype)
                self._become(SetItem(index)(self, value))
                return
            array = self._writable()
            array[index] = values
        except ValueError:
            raise ShapeError(
                f"Values of shape {np.shape(values)} do not fit the {self._data[index].shape} that the index selects."
            ) from None
        self._written(array)

    def _writable(self) -> np.ndarray:
        """The values, to be changed in place and then handed to :meth:`_written`."""
        array = np.array(self._data) if isinstance(self._data, np.generic) else self._data
        if not array.flags.writeable:
            raise GradError("The memory of this tensor is not its own to change, as after broadcast_to(); copy() it.")
        return array

    def _written(self, array: np.ndarray) -> None:
        if array is self._data:
            note_update(array)
        else:
            self._data = array[()]

    def _become(self, result: Tensor) -> Self:
        """Take over a recorded result. Views taken before keep the old values."""
        if self.node is not None and isinstance(self.node.rule, Leaf):
            raise GradError(
                "A tensor that requires a gradient can only be updated in place under no_grad(). "
                "Elsewhere write y = x + ..., or update a copy()."
            )
        if result.shape != self.shape:
            raise ShapeError(f"An update in place cannot change the shape from {self.shape} to {result.shape}.")
        if self.dtype.kind != "f":
            raise DTypeError(f"A tensor of {self.dtype} cannot take on values that require gradients.")
        if result.dtype != self.dtype:
            result = result.astype(self.dtype)
        self._data, self.node = result._data, result.node
        return self
