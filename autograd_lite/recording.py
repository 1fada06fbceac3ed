"""Recording: how a rule is applied to tensors, and what is remembered of it.

``unary`` and ``binary`` make operators out of rules; they are :meth:`Recorded.apply`, unrolled, because most of the
time of small graphs is spent in them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .errors import DTypeError, RuleError, ShapeError
from .function import Function, Node, Traced, by_products, new_node
from .ops.elementwise import Flat
from .switches import switches, this_thread

if TYPE_CHECKING:
    from .tensor import Tensor

ndarray = np.ndarray
new = object.__new__
NUMBERS = (float, int, np.number, np.bool_, complex)  # a tuple: asking for a union costs more than the product
LISTS = (list, tuple)
ARRAYS = (ndarray, np.generic)

result: Any = None  # the class of what operations give: Tensor, which says so itself
C = TypeVar("C", bound=type)


def result_of_operations(kind: C) -> C:
    """Class decorator: operations on recorded arrays give instances of this class."""
    global result
    result = kind
    return kind


# -- Any rule ---------------------------------------------------------------------------------------------------------


class Recorded(Traced):
    """An array and the node that computed it, and nothing else."""

    __slots__ = ("__weakref__", "_data", "node")

    _data: Any  # an array, or a NumPy scalar: those are many times faster than 0-d arrays
    node: Node | None  # a tensor requires a gradient exactly if it has a node

    @staticmethod
    def wrap(data: Any, node: Node | None = None) -> Tensor:
        """The tensor that holds ``data`` itself, computed by ``node``."""
        out: Tensor = new(result)
        out._data, out.node = data, node
        return out

    @staticmethod
    def apply(rule: Function, inputs: tuple[Any, ...]) -> Tensor:
        """Apply any rule to any inputs. ``unary`` and ``binary`` are this, unrolled."""
        arrays: list[Any] = []
        parents: list[tuple[int, Node]] = []
        for i, value in enumerate(inputs):
            if isinstance(value, Recorded):
                arrays.append(value._data)
                if value.node is not None:
                    parents.append((i, value.node))
            else:
                arrays.append(given(rule, value))
        if rule.plan.forward_products:
            if len(parents) < len(inputs):  # a by-product may be a view of an array that its owner changes later
                pairs = zip(arrays, inputs, strict=True)
                arrays = [a.copy() if isinstance(value, ndarray) else a for a, value in pairs]
            arrays += by_products(rule, arrays)
        try:
            y = rule.forward(*arrays)
        except ValueError as error:
            raise misfit(rule, error, *arrays) from None
        if not isinstance(y, ARRAYS):
            raise RuleError(f"{rule!r}.forward returned {type(y).__name__}; it must return an array.")
        out: Tensor = new(result)
        out._data, out.node = y, None
        if parents and (not switches.exceptions or this_thread.records):
            out.node = record(rule, inputs, parents, arrays, y)
        return out


def record(
    rule: Function, inputs: tuple[Any, ...], parents: list[tuple[int, Node]], arrays: list[Any], y: Any
) -> Node | None:
    """The node of one use of ``rule``, or None if there is nothing to differentiate."""
    plan = rule.plan
    edges = [edge for edge in parents if plan.gradients[0 if plan.variadic else edge[0]] is not None]
    if not edges:
        return None
    needs, keep = plan.needs_of(edges)
    if len(parents) < len(inputs):
        for i, value in enumerate(inputs):
            # A caller may change an array of theirs before backward; ours are only changed with notice.
            if isinstance(value, ndarray) and (0 if plan.variadic else i) in needs:
                arrays[i] = arrays[i].copy()
    shapes = [getattr(a, "shape", ()) for a in arrays[: len(inputs)]] if plan.shapes else [None] * plan.arity
    values = (tuple(arrays), y, tuple(shapes), None) if plan.variadic else (*arrays, y, *shapes, None)
    node = new_node(rule, y.shape)
    if plan.wide:
        node.edges = edges
        node.values = keep(values)
        return node
    for i, parent in edges:
        places = plan.positions[i]
        kept = values[places[0]] if len(places) == 1 else tuple([values[k] for k in places])
        if i == 0:
            node.left, node.left_kept = parent, kept
        else:
            node.right, node.right_kept = parent, kept
    return node


def given(rule: Function, value: Any) -> Any:
    """What ``rule`` computes with where it is given ``value``, which is no tensor."""
    array = None if value is None else operand(value)
    if array is NotImplemented:
        raise RuleError(f"{rule!r} cannot take a {type(value).__name__} as input.")
    return array


def operand(value: Any) -> Any:
    """What a rule may compute with. Python numbers stay Python numbers, so that they do not widen a dtype."""
    if isinstance(value, NUMBERS):
        return value
    if isinstance(value, LISTS):
        value = np.asarray(value)
    if not isinstance(value, ndarray):
        return NotImplemented
    if value.__class__ is not ndarray:
        return np.asarray(value)  # a matrix would multiply in its own way
    if value.dtype.kind not in "biufc":
        raise DTypeError(f"A tensor computes with numbers; this is an array of dtype {value.dtype}.")
    return value


def misfit(rule: Function, error: ValueError, *operands: Any) -> ValueError:
    """What to raise for ``error``: where shapes do not broadcast, one that names the operation and the shapes."""
    if not rule.broadcasts or not any(word in str(error) for word in ("broadcast", "mismatch", "aligned")):
        return error
    hint = "; axis by axis from the last, lengths must be equal or 1" if rule.elementwise else ""
    return ShapeError(f"{rule!r} cannot combine shapes {' and '.join(str(np.shape(a)) for a in operands)}{hint}.")


# -- The hot path: operators are made from rules ----------------------------------------------------------------------


def unary(rule_class: type[Function]) -> Callable[[Any], Tensor]:
    """The method that applies a rule without parameters to one tensor."""
    rule, plan = shared(rule_class), rule_class.plan
    forward, left_keeps = rule.forward, plan.left_keeps

    def method(self: Any) -> Tensor:
        a, left = self._data, self.node
        y = forward(a)
        out: Tensor = new(result)
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

    def method(self: Any, other: Any) -> Tensor:
        a, left = self._data, self.node
        if isinstance(other, Recorded):
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
        out: Tensor = new(result)
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

    def method(self: Any, other: Any) -> Tensor:
        value = operand(other)
        return value if value is NotImplemented else self.apply(rule, (value, self))

    return method


def comparison(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """An operator with no gradient: a tensor of booleans or integers, or what NumPy makes of the values."""

    def method(self: Any, other: Any) -> Any:
        value = other._data if isinstance(other, Recorded) else operand(other)
        if value is NotImplemented:
            return value
        try:
            return Recorded.wrap(ufunc(self._data, value))
        except ValueError as error:
            raise misfit(Flat(ufunc), error, self._data, value) from None

    return method
