"""What a recorded operation is made of: rules and nodes.

A *rule* is a subclass of :class:`Function`. It says how one operation is computed and, input by input, how it is
differentiated. Rules see arrays, never tensors, unless somebody differentiates the gradient itself; then the same
text runs on tensors.

A *node* is one recorded use of a rule: which nodes its inputs came from, and which values the rule asked to keep.
Nodes point upstream only, so a graph holds no reference cycles; and they hold no tensor, so an interior array that no
rule kept dies with the tensor that carried it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import CO_VARARGS, CO_VARKEYWORDS, Parameter, signature
from operator import itemgetter
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from ._watch import watch
from .errors import RuleError
from .switches import switches

# -- Rules ------------------------------------------------------------------------------------------------------------


class Traced:
    """Marks the class whose instances are recorded (:class:`~autograd_lite.Tensor`), so that rules need not know it."""

    __slots__ = ()

    _data: Any

    @staticmethod
    def apply(rule: Function, inputs: tuple[Any, ...]) -> Any:
        """Compute ``rule`` and record it."""
        raise TypeError("Only a subclass can record.")


class Function:
    """One differentiable operation: ``forward`` and, for each of its inputs, one ``grad_<input>``.

    The signatures are the contract. ``grad_a(self, g, b, y)`` reads: to get the gradient of input ``a`` from ``g``,
    the gradient of the output, keep input ``b`` and the output ``y``; ``shape_a`` asks for the shape of ``a`` without
    keeping ``a``. Nothing else is kept, and only for inputs that need a gradient. An input without a ``grad_`` method
    is not differentiable.

    Gradient methods use only what arrays and tensors share (operators, ``reshape``, ``transpose``, ``sum``) or other
    rules, and they never write into ``g``. They return ``g``, a view of it, or a new array. Where ``broadcasts`` is
    true they may ignore broadcasting: the engine sums the gradient down to the shape of the input. Where
    ``elementwise`` is true as well, the engine turns ``0 * inf`` into 0: a zero cotangent stays zero. ``masks`` says
    that a rule makes cotangents zero to shield a branch, so that nans made there in forward are looked for.

    Parameters of an operation (``axis``, ``shape``) are attributes, set in ``__init__`` only, so that a rule can be
    applied any number of times.

    Two more forms, for rules that need them:

    * A *by-product* is a value that ``forward`` computes on its way and gradients read, such as softmax's
      probabilities within a loss. ``by_p(self, x)`` computes it, from inputs and earlier by-products, with what
      arrays and tensors share; ``forward`` and gradients then name ``p`` like an input. A by-product that names ``g``
      is work that several gradients share: it is computed once per backward. Both are differentiated like everything
      else when the gradient itself is.
    * A *variadic* rule has ``forward(self, *parts)`` and one ``grad_parts(self, g, i, ...)`` for input number ``i``;
      ``parts`` and ``shape_parts`` are tuples.

    Values are named in the order inputs, by-products, output (``y``), shapes, by-products of ``g``.

    Examples
    --------
    >>> from autograd_lite import Function, Tensor
    >>> class Cube(Function):
    ...     def forward(self, a): return a * a * a
    ...     def grad_a(self, g, a): return g * 3 * a * a
    >>> x = Tensor(2.0, requires_grad=True)
    >>> Cube()(x).backward()
    >>> x.grad.item()
    12.0
    """

    __slots__: tuple[str, ...] = ()
    broadcasts: ClassVar[bool] = False
    elementwise: ClassVar[bool] = False
    masks: ClassVar[bool] = False
    plan: ClassVar[Plan]
    forward: ClassVar[Callable[..., Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "backward"):
            raise RuleError(f"{cls.__name__}.backward would never be called; write one grad_<input>(self, g, ...) for "
                            "each input of forward instead.")  # fmt: skip
        if hasattr(cls, "forward"):
            watch(cls)
            cls.plan = Plan(cls)

    def __call__(self, *inputs: Any) -> Any:
        """Apply the rule: recorded when an input is a tensor, plain NumPy when none is."""
        for value in inputs:
            if isinstance(value, Traced):
                return value.apply(self, inputs)
        plan = self.plan
        if plan.forward_products:
            inputs = (*inputs, *by_products(self, inputs))
        return self.forward(*inputs)

    def __repr__(self) -> str:
        return type(self).__name__


Places = tuple[int, ...]
Reader = Callable[[Sequence[Any]], tuple[Any, ...]]
Needs = tuple[frozenset[int], Reader]


class Plan:
    """What the engine needs to know of a rule class, read once from its method signatures.

    ``names`` lists everything a gradient can ask for: inputs, by-products, ``y``, shapes, by-products of ``g``; values
    are found by their place in it. Rules of one or two inputs without by-products are *narrow*: their facts lie
    flat in slots, because every operation of the hot path reads them: ``left`` is the gradient method of the first
    input, ``left_reads`` how many values it keeps, and ``left_keeps`` picks those from ``(a, b, y, None)``, which an
    index or a slice always can. All others are *wide*.
    """

    __slots__ = (
        "arity", "broadcasts", "elementwise", "forward_products", "gradient_products", "gradients", "left",
        "left_keeps", "left_reads", "masks", "names", "needs", "positions", "reads", "right", "right_keeps",
        "right_reads", "shapes", "taps", "variadic", "wide", "_unions",
    )  # fmt: skip

    def __init__(self, rule: type[Function]) -> None:
        parameters, self.variadic = _parameters(rule.forward)
        parameters = parameters[1:]
        if self.variadic and len(parameters) > 1:
            raise RuleError(f"{rule.__name__}.forward mixes *{parameters[-1]} with other inputs; pass all in it.")
        bases = rule.__mro__[: rule.__mro__.index(Function)]
        defined = [name for base in reversed(bases) for name in vars(base)]  # dir() would sort them
        products = {name[3:]: getattr(rule, name) for name in defined if name.startswith("by_")}
        shared = {name for name, method in products.items() if "g" in _parameters(method)[0]}
        inputs = [name for name in parameters if name not in products]
        before = [name for name in parameters if name in products]
        after = [name for name in products if name in shared]
        if reserved := {"g", "y"} & set(parameters):
            raise RuleError(f"{rule.__name__}.forward: {' and '.join(reserved)} stand for the output and its gradient; "
                            "give the input another name.")  # fmt: skip
        self.names = (*inputs, *before, "y", *("shape_" + name for name in inputs), *after)
        self.arity = len(inputs)
        self.broadcasts, self.elementwise, self.masks = rule.broadcasts, rule.elementwise, rule.masks
        self.taps: tuple[Tap, ...] = ()  # what wants to see the whole gradient: hooks, retained gradients, leaves
        if unknown := set(products) - set(self.names):
            raise RuleError(f"{rule.__name__}: forward does not name the by-product {', '.join(sorted(unknown))}.")
        places = {name: self._places(rule, products[name], 2 if name in shared else 1) for name in products}
        for name in (*before, *after):
            if late := [self.names[i] for i in places[name] if i >= self.names.index(name)]:
                raise RuleError(f"{rule.__name__}.by_{name} reads {', '.join(late)}, which is computed after it.")
        self.forward_products = tuple((products[name], _reader(places[name])) for name in before)
        self.gradient_products = tuple((products[name], _reader(places[name])) for name in after)
        self.gradients = tuple(getattr(rule, "grad_" + name, None) for name in inputs)
        if strays := [name for name in defined if name.startswith("grad_") and name[5:] not in inputs]:
            raise RuleError(f"{rule.__name__}.{strays[0]} belongs to no input; forward takes {', '.join(inputs)}.")
        skip = 3 if self.variadic else 2
        self.positions = tuple(self._places(rule, method, skip) if method else () for method in self.gradients)
        self.reads = tuple(map(_reader, self.positions))
        self.needs = tuple(self._all_needs(positions, places) for positions in self.positions)
        self.shapes = any("shape_" in self.names[i] for needs in self.needs for i in needs)
        self._unions: dict[tuple[int, ...], Needs] = {}
        self.wide = self.variadic or len(inputs) > 2 or bool(products)
        self._flatten()

    def _places(self, rule: type[Function], method: Callable[..., Any], skip: int) -> tuple[int, ...]:
        """Where in ``names`` the values stand that ``method`` reads, after ``self`` and what else it is given."""
        wanted = _parameters(method)[0][skip:]
        title = f"{rule.__name__}.{method.__name__}"
        if unknown := [name for name in wanted if name not in self.names]:
            raise RuleError(f"{title} asks for {', '.join(unknown)}; it can have {', '.join(self.names)}.")
        places = tuple(map(self.names.index, wanted))
        if list(places) != sorted(places):
            raise RuleError(
                f"{title} must name values in this order: {', '.join(self.names[i] for i in sorted(places))}."
            )
        return places

    def _all_needs(self, positions: Places, products: dict[str, Places]) -> frozenset[int]:
        """``positions`` and, for by-products among them, what those are computed from."""
        needs: set[int] = set()
        todo = list(positions)
        while todo:
            i = todo.pop()
            if i not in needs:
                needs.add(i)
                todo += products.get(self.names[i], ())
        return frozenset(needs)

    def needs_of(self, edges: Iterable[tuple[int, Any]]) -> Needs:
        """What the gradients of the inputs of ``edges``, pairs (number of the input, ...), need together.

        The places of those values, and a function that takes them from ``(*values, None)``, with None for all others.
        """
        key = (0,) if self.variadic else tuple([i for i, _ in edges])
        found = self._unions.get(key)
        if found is None:
            needs = frozenset[int]().union(*[self.needs[i] for i in key])
            n = len(self.names) - len(self.gradient_products)
            found = self._unions[key] = needs, _reader(tuple(i if i in needs else n for i in range(n)))
        return found

    def _flatten(self) -> None:
        self.left, self.right, *_ = *self.gradients, None, None
        left, right, *_ = *self.positions, (), ()
        self.left_reads, self.right_reads = len(left), len(right)
        self.left_keeps, self.right_keeps = _picker(left, self.arity), _picker(right, self.arity)


def _parameters(method: Callable[..., Any]) -> tuple[tuple[str, ...], bool]:
    """The names of what ``method`` takes, and whether one takes any number of values, like ``*parts``.

    ``inspect.signature`` knows for everything that can be called; a plain function is read much faster, and importing
    the rules means to read some hundreds.
    """
    if type(method) is FunctionType and not vars(method):  # a decorator leaves notes there, such as __wrapped__
        code = method.__code__
        if not code.co_kwonlyargcount and not code.co_flags & CO_VARKEYWORDS:
            variadic = bool(code.co_flags & CO_VARARGS)
            return code.co_varnames[: code.co_argcount + variadic], variadic
    parameters = signature(method).parameters
    return tuple(parameters), any(p.kind is Parameter.VAR_POSITIONAL for p in parameters.values())


def _picker(positions: tuple[int, ...], arity: int) -> int | slice:
    """The index or slice that takes ``positions`` from ``(*inputs, y, None)``."""
    if not positions:
        return arity + 1
    if len(positions) == 1:
        return positions[0]
    first, second = positions[:2]
    return slice(first, positions[-1] + 1, second - first)


def _reader(places: Places) -> Reader:
    """A function that takes what stands at ``places``."""
    if len(places) == 1:
        (place,) = places
        return lambda values: (values[place],)
    return itemgetter(*places) if places else lambda values: ()


def by_products(rule: Function, inputs: Any) -> list[Any]:
    """The by-products of forward, from the values of the inputs."""
    values = list(inputs)
    for method, read in rule.plan.forward_products:
        values.append(method(rule, *read(values)))
    return values[len(inputs) :]


# -- Nodes ------------------------------------------------------------------------------------------------------------


class Node:
    """One recorded operation, or a leaf.

    One class for all rules, two parents in slots, no tuples: this is what keeps recording cheap. A wide rule has
    ``edges`` instead, pairs (number of the input, parent), and ``values``, aligned with its plan's names, None where
    nothing is needed. Slots that only some nodes use stay unset: ``edges``, ``values``, ``retained`` (the
    gradient that ``retain_grad`` asked for) and ``calls`` (what the node is the result of, for drawing).
    """

    __slots__ = ("rule", "plan", "left", "left_kept", "right", "right_kept", "shape", "updates",
                 "gradient", "owned", "pending", "edges", "values", "retained", "calls")  # fmt: skip

    rule: Any  # a Function; once freed, where that happened
    plan: Plan
    left: Node | None
    left_kept: Any
    right: Node | None
    right_kept: Any
    shape: tuple[int, ...]
    updates: int
    gradient: Any
    owned: bool
    pending: int
    edges: list[tuple[int, Node]]
    values: tuple[Any, ...]
    retained: Any
    calls: list[Any]

    def parents(self) -> list[tuple[int, Node]]:
        """The inputs that were differentiated, as pairs (number of the input, its node)."""
        if self.plan.wide:
            return self.edges
        return [(i, parent) for i, parent in enumerate((self.left, self.right)) if parent is not None]


Tap = Callable[[Node, Any], Any]


class Leaf(Function):
    """Stands where a rule would: nothing was computed. It collects the gradient of one tensor.

    ``scalar`` is the NumPy type in which to collect.
    """

    __slots__ = ("grad", "name", "scalar")

    def __init__(self, scalar: type[np.generic], name: str | None = None) -> None:
        self.scalar, self.name = scalar, name
        self.grad: Any = None

    def forward(self) -> None:
        """Nothing is computed."""


class Freed(Function):
    """The plan of a node that was emptied by a backward pass."""

    __slots__ = ()

    def forward(self) -> None:
        """Nothing is left to compute."""


LEAF, FREED = Leaf.plan, Freed.plan


def new_leaf(shape: tuple[int, ...], scalar: type[np.generic], name: str | None = None) -> Node:
    """A node that collects the gradient of an array which nobody computed."""
    return new_node(Leaf(scalar, name), shape)


def new_node(rule: Function, shape: tuple[int, ...]) -> Node:
    """A node for one use of ``rule``, with an output of ``shape`` and no inputs yet."""
    node = Node()
    node.rule, node.plan, node.shape, node.updates = rule, rule.plan, shape, switches.updates
    node.left = node.right = node.left_kept = node.right_kept = node.gradient = None
    node.owned, node.pending = False, 0
    return node
