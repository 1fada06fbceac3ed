"""``Tensor``: an array and the node that computed it. Operators, updates in place, NumPy's protocols, ``backward``."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Union

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import engine
from ._protocol import stand_in
from .array_methods import ArrayMethods, plain_index
from .errors import DTypeError, GradError, RuleError, ShapeError
from .function import (
    Function,
    Leaf,
    Node,
    by_products,
    new_leaf,
    new_node,
    note_update,
    recording,
    switches,
    this_thread,
)
from .ops import elementwise as e
from .ops.index import SetItem
from .ops.linalg import MatMul
from .ops.trigonometry import Cos, Sin, Tanh

ndarray = np.ndarray
new = object.__new__
NUMBERS = (float, int, np.number, np.bool_, complex)  # a tuple: asking for a union costs more than the product
LISTS = (list, tuple)
TensorLike = Union["Tensor", ArrayLike]
Hook = Callable[["Tensor"], TensorLike | None]


def no_grad() -> AbstractContextManager[None]:
    """Compute without recording inside the block; usable as a decorator too.

    Examples
    --------
    >>> x = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """
    return recording(False)


def enable_grad() -> AbstractContextManager[None]:
    """Record inside the block, also within :func:`no_grad`."""
    return recording(True)


# -- The hot path: operators are made from rules ----------------------------------------------------------------------


def unary(rule_class: type[Function]) -> Callable[[Any], Tensor]:
    """The method that applies a rule without parameters to one tensor."""
    rule, plan = shared(rule_class), rule_class.plan
    forward, left_keeps = rule.forward, plan.left_keeps

    def method(self: Tensor) -> Tensor:
        a, left = self._data, self.node
        y = forward(a)
        out: Tensor = new(Tensor)
        out._data = y
        if left is None or (switches.exceptions and not this_thread.records):
            out.node = None
            return out
        out.node = node = Node()
        node.rule = rule
        node.plan = plan
        node.left = left
        node.left_kept = (a, y, None)[left_keeps]
        node.right = node.right_kept = None
        node.shape = y.shape
        node.updates = switches.updates
        node.gradient = None
        node.owned = False
        node.pending = 0
        return out

    return method


def binary(rule_class: type[Function]) -> Callable[[Any, Any], Tensor]:
    """The method that applies a rule without parameters to a tensor and a tensor, array or number."""
    rule, plan = shared(rule_class), rule_class.plan
    forward, left_keeps, right_keeps = rule.forward, plan.left_keeps, plan.right_keeps
    left_keeps_right = 1 in plan.positions[0]

    def method(self: Tensor, other: Any) -> Tensor:
        a, left = self._data, self.node
        if isinstance(other, Tensor):
            b, right = other._data, other.node
        else:
            b, right = operand(other), None
            if b is NotImplemented:
                return b  # type: ignore[no-any-return]  # what Python wants of an operator
            if left is not None and left_keeps_right and isinstance(b, ndarray):
                b = b.copy()  # the caller may change theirs
        try:
            y = forward(a, b)
        except ValueError as error:
            raise misfit(rule, error, a, b) from None
        out: Tensor = new(Tensor)
        out._data = y
        if (left is None and right is None) or (switches.exceptions and not this_thread.records):
            out.node = None
            return out
        values = (a, b, y, None)
        out.node = node = Node()
        node.rule = rule
        node.plan = plan
        node.left = left
        node.left_kept = None if left is None else values[left_keeps]
        node.right = right
        node.right_kept = None if right is None else values[right_keeps]
        node.shape = y.shape
        node.updates = switches.updates
        node.gradient = None
        node.owned = False
        node.pending = 0
        return out

    return method


def shared(rule_class: type[Function]) -> Function:
    """The one instance of a rule that has no parameters and asks for no shapes."""
    if rule_class.__slots__ or rule_class.plan.shapes or rule_class.plan.wide:
        raise RuleError(f"{rule_class.__name__} has parameters; define a method that calls it instead.")
    return rule_class()


def reflected(rule_class: type[Function]) -> Callable[[Any, Any], Tensor]:
    """The operator for a tensor on the right of an array or number."""
    rule = shared(rule_class)

    def method(self: Tensor, other: Any) -> Tensor:
        value = operand(other)
        return value if value is NotImplemented else self.apply(rule, (value, self))

    return method


def comparison(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """An operator with no gradient: a tensor of booleans or integers, or what NumPy makes of the values."""

    def method(self: Tensor, other: Any) -> Any:
        value = other._data if isinstance(other, Tensor) else operand(other)
        if value is NotImplemented:
            return value
        try:
            return Tensor.wrap(ufunc(self._data, value))
        except ValueError as error:
            raise misfit(e.Flat(ufunc), error, self._data, value) from None

    return method


def operand(value: Any) -> Any:
    """What a rule may compute with. Python numbers stay Python numbers, so that they do not widen a dtype."""
    if isinstance(value, NUMBERS):
        return value
    if isinstance(value, LISTS):
        value = np.asarray(value)
    if not isinstance(value, ndarray):
        return NotImplemented
    if value.dtype.kind not in "biufc":
        raise DTypeError(f"A tensor computes with numbers; this is an array of dtype {value.dtype}.")
    return value


def misfit(rule: Function, error: ValueError, *operands: Any) -> ValueError:
    """What to raise for ``error``: where shapes do not broadcast, one that names the operation and the shapes."""
    if not rule.broadcasts or not ("broadcast" in str(error) or "mismatch" in str(error)):
        return error
    hint = "; axis by axis from the last, lengths must be equal or 1" if rule.elementwise else ""
    return ShapeError(f"{rule!r} cannot combine shapes {' and '.join(str(np.shape(a)) for a in operands)}{hint}.")


# -- Tensor -----------------------------------------------------------------------------------------------------------


class Tensor(ArrayMethods):
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

    __slots__ = ("__weakref__", "_data", "node")
    __hash__ = object.__hash__

    _data: Any  # an array, or a NumPy scalar: those are many times faster than 0-d arrays
    node: Node | None  # a tensor requires a gradient exactly if it has a node

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
        self._data = array if array.ndim else array[()]
        self.node = None
        if requires_grad:
            self._require_grad(name)

    @staticmethod
    def wrap(data: Any, node: Node | None = None) -> Tensor:
        """The tensor that holds ``data`` itself, computed by ``node``."""
        out: Tensor = new(Tensor)
        out._data, out.node = data, node
        return out

    @staticmethod
    def apply(rule: Function, inputs: tuple[Any, ...]) -> Tensor:
        """Apply any rule to any inputs. ``unary`` and ``binary`` are this, unrolled."""
        arrays: list[Any] = []
        parents: list[Node | None] = []
        for value in inputs:
            traced = isinstance(value, Tensor)
            arrays.append(value._data if traced else None if value is None else operand(value))
            parents.append(value.node if traced else None)
            if arrays[-1] is NotImplemented:
                raise RuleError(f"{rule!r} cannot take a {type(value).__name__} as input.")
        if rule.plan.forward_products:
            arrays += by_products(rule, arrays)
        try:
            y = rule.forward(*arrays)
        except ValueError as error:
            raise misfit(rule, error, *arrays) from None
        if not isinstance(y, ndarray | np.generic):
            raise RuleError(f"{rule!r}.forward returned {type(y).__name__}; it must return an array.")
        out: Tensor = new(Tensor)
        out._data, out.node = y, None
        if not switches.exceptions or this_thread.records:
            out.node = record(rule, inputs, arrays, parents, y)
        return out

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
            facts.append("requires_grad=True" if self.is_leaf else f"computed by {self.node.rule!r}")
        return f"{type(self).__name__}({', '.join(facts)})"

    # -- Operators

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
        return self._matmul(other) if matrices else np.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return np.matmul(other, self)  # type: ignore[no-any-return]

    def __pos__(self) -> Tensor:
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
        return value if value is NotImplemented else Tensor.wrap(np.floor_divide(value, self._data))

    def __invert__(self) -> Tensor:
        return Tensor.wrap(np.invert(self._data))

    # -- Updates in place

    def _update(self, rule_class: type[Function], ufunc: np.ufunc, other: Any) -> Tensor:
        """``self += other`` and the like."""
        if this_thread.records and (self.node is not None or (isinstance(other, Tensor) and other.node is not None)):
            return self._become(rule_class()(self, other))
        value = other._data if isinstance(other, Tensor) else operand(other)
        if value is NotImplemented:
            return value  # type: ignore[no-any-return]
        array = self._writable()
        try:
            ufunc(array, value, out=array, casting="same_kind")
        except ValueError:
            raise ShapeError(
                f"An update in place cannot change the shape: {np.shape(value)} does not broadcast to {self.shape}."
            ) from None
        except TypeError:
            raise DTypeError(f"An update in place cannot change the dtype {self.dtype}; write x = x + ...") from None
        self._written(array)
        return self

    def __iadd__(self, other: Any) -> Tensor:
        return self._update(e.Add, np.add, other)

    def __isub__(self, other: Any) -> Tensor:
        return self._update(e.Sub, np.subtract, other)

    def __imul__(self, other: Any) -> Tensor:
        return self._update(e.Mul, np.multiply, other)

    def __itruediv__(self, other: Any) -> Tensor:
        return self._update(e.Div, np.true_divide, other)

    def __setitem__(self, index: Any, value: Any) -> None:
        index = plain_index(index)
        values = value._data if isinstance(value, Tensor) else operand(value)
        if values is NotImplemented:
            raise DTypeError(f"A tensor holds numbers; a {type(value).__name__} cannot be assigned.")
        try:
            if this_thread.records and (self.node is not None or getattr(value, "node", None) is not None):
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

    def _become(self, result: Tensor) -> Tensor:
        """Take over a recorded result. Views taken before keep the old values."""
        if self.node is not None and self.is_leaf:
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

    # -- Gradients

    @property
    def requires_grad(self) -> bool:
        """Whether ``backward`` has something to do here."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        if not self.is_leaf:
            raise GradError("Only a leaf can be told whether to require a gradient; use detach() to leave the graph.")
        if not on:
            self.node = None
        elif self.node is None:
            self._require_grad(None)

    def _require_grad(self, name: str | None) -> None:
        if self.dtype.kind != "f":
            raise DTypeError(f"Only floating point tensors can require gradients, not {self.dtype}. Convert first.")
        self.node = new_leaf(self.shape, self.dtype.type, name)

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was not computed from anything that requires a gradient."""
        return self.node is None or isinstance(self.node.rule, Leaf)

    @property
    def grad(self) -> Tensor | None:
        """The gradient collected so far, a tensor of the same shape and dtype; None before the first ``backward``.

        Interior tensors have one only after :meth:`retain_grad`.
        """
        if self.node is None:
            return None
        holder, slot = (self.node.rule, "grad") if self.is_leaf else (self.node, "retained")
        value = getattr(holder, slot, None)
        if value is not None and not isinstance(value, Tensor):
            value = Tensor.wrap(value)
            setattr(holder, slot, value)
        return value

    @grad.setter
    def grad(self, value: Any) -> None:
        if self.node is None or not self.is_leaf:
            raise GradError("Only a leaf that requires a gradient has a .grad to set.")
        if value is not None:
            array = np.array(value._data if isinstance(value, Tensor) else value, self.dtype)
            if array.shape != self.shape:
                raise ShapeError(f"A gradient of shape {array.shape} does not fit a tensor of shape {self.shape}.")
            value = value if isinstance(value, Tensor) else Tensor(array, copy=False)
        self.node.rule.grad = value

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Add the gradient of this tensor to ``.grad`` of every leaf it was computed from.

        Parameters
        ----------
        gradient : array_like, optional
            The cotangent, of the shape of this tensor; may be left out for a single number, where it is 1.
        retain_graph : bool, optional
            Keep the graph for another pass; by default it is freed, unless ``create_graph`` is set.
        create_graph : bool
            Record the pass itself, so that the gradients can be differentiated again.

        Raises
        ------
        GradError
            If nothing here requires a gradient, a cotangent is missing, the graph was freed, or a value that a rule
            kept was changed in place.

        Examples
        --------
        >>> x = Tensor(3.0, requires_grad=True)
        >>> (x * x).backward()
        >>> x.grad.item()
        6.0
        """
        start = cotangent(self, gradient)
        retain = create_graph if retain_graph is None else retain_graph
        caller = sys._getframe(1)
        place = (caller.f_code, caller.f_lineno)
        if create_graph:
            with recording(True):
                engine.backward([self.node], [as_tensor(start)], retain, Tensor.wrap, place)  # type: ignore[list-item]
        else:
            engine.backward([self.node], [getattr(start, "_data", start)], retain, None, place)  # type: ignore[list-item]

    def detach(self) -> Tensor:
        """The same values, in the same memory, outside the graph."""
        return Tensor.wrap(self._data)

    def retain_grad(self) -> None:
        """Let this interior tensor have a ``.grad`` after ``backward``, as leaves do."""
        if self.node is None:
            raise GradError("This tensor requires no gradient, so there is none to retain.")
        if not self.is_leaf and engine.retain not in self.node.plan.taps:
            engine.add_tap(self.node, engine.retain)

    def register_hook(self, hook: Hook) -> Callable[[], None]:
        """Call ``hook`` with the whole gradient of this tensor; what it returns, unless None, replaces it.

        Returns
        -------
        callable
            Removes the hook again.
        """
        if self.node is None:
            raise GradError("This tensor requires no gradient, so a hook would never be called.")
        node = self.node

        def tap(_: Node, gradient: Any) -> Any:
            lifted = isinstance(gradient, Tensor)
            result = hook(gradient if lifted else Tensor.wrap(read_only(gradient)))
            if result is None:
                return None
            return as_tensor(result) if lifted else np.asarray(as_tensor(result)._data)[()]

        engine.add_tap(node, tap)
        return lambda: engine.remove_tap(node, tap)

    # -- Copies

    def __reduce__(self) -> Any:
        if not self.is_leaf:
            raise GradError("Only leaves can be copied or pickled whole; detach() this tensor first.")
        return _rebuild, (type(self), np.asarray(self._data), self.requires_grad, self.name)

    @property
    def name(self) -> str | None:
        """What drawings and errors call this leaf."""
        return self.node.rule.name if self.node is not None and self.is_leaf else None

    @name.setter
    def name(self, name: str | None) -> None:
        if self.node is None or not self.is_leaf:
            raise GradError("Only a leaf that requires a gradient can be named.")
        self.node.rule.name = name


def _rebuild(kind: type[Tensor], array: np.ndarray, requires_grad: bool, name: str | None) -> Tensor:
    out: Tensor = new(kind)
    Tensor.__init__(out, array, requires_grad, name=name)
    return out


def as_tensor(value: Any) -> Tensor:
    """``value`` itself if it is a tensor, else a tensor of its values (a copy)."""
    return value if isinstance(value, Tensor) else Tensor(value)


def read_only(values: Any) -> Any:
    """A view that cannot be written through; a NumPy scalar as it is."""
    if isinstance(values, ndarray):
        values = values.view()
        values.flags.writeable = False
    return values


def cotangent(tensor: Tensor, gradient: Any) -> Any:
    """The checked start of a backward pass from ``tensor``: an array, or the tensor that was given."""
    if tensor.node is None:
        raise GradError(
            f"This tensor of shape {tensor.shape} was computed from nothing that requires a gradient. "
            "Create its inputs with requires_grad=True, and compute it outside no_grad()."
        )
    if gradient is None:
        if tensor.size != 1:
            raise GradError(
                f"backward() of a tensor of shape {tensor.shape} needs a gradient of that shape; "
                "or reduce it to one number first, with sum() or mean()."
            )
        return np.ones(tensor.shape, tensor.dtype) if tensor.shape else tensor.dtype.type(1)
    shape = np.shape(gradient._data if isinstance(gradient, Tensor) else gradient)
    if shape != tensor.shape:
        raise ShapeError(f"The gradient has shape {shape}, the tensor {tensor.shape}.")
    if isinstance(gradient, Tensor):
        return gradient
    array = np.array(gradient, tensor.dtype)
    return array if array.ndim else array[()]


def record(
    rule: Function, inputs: tuple[Any, ...], arrays: list[Any], parents: list[Node | None], y: Any
) -> Node | None:
    """The node of one use of ``rule``, or None if there is nothing to differentiate."""
    plan = rule.plan
    gradients = plan.gradients * len(parents) if plan.variadic else plan.gradients
    edges = [
        (i, parent)
        for i, (parent, gradient) in enumerate(zip(parents, gradients, strict=True))
        if parent is not None and gradient is not None
    ]
    if not edges:
        return None
    needs = frozenset[int]().union(*[plan.needs[0 if plan.variadic else i] for i, _ in edges])

    def kept(i: int) -> Any:
        # A caller may change an array of theirs before backward; ours are only changed with notice.
        return arrays[i].copy() if isinstance(inputs[i], ndarray) else arrays[i]

    values: list[Any]
    if plan.variadic:
        everything = range(len(arrays))
        values = [tuple(map(kept, everything)) if 0 in needs else None, y, tuple(np.shape(a) for a in arrays)]
    else:
        own = [kept(i) if i in needs else None for i in range(len(inputs))]
        values = [*own, *arrays[len(inputs) :], y]
        if plan.shapes or plan.wide:
            values += map(np.shape, arrays[: len(inputs)])
    node = new_node(rule, y.shape)
    if plan.wide:
        node.edges = edges
        node.values = [value if k in needs else None for k, value in enumerate(values)]
        return node
    for i, parent in edges:
        picked = [values[k] for k in plan.positions[i]]
        slot = picked[0] if len(picked) == 1 else tuple(picked)
        if i == 0:
            node.left, node.left_kept = parent, slot
        else:
            node.right, node.right_kept = parent, slot
    return node
