"""What a recorded node tells of itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ..engine import freed
from ..errors import GradError
from ..function import FREED, Function, Leaf, Node
from ..kept import kept_values
from .data import GraphNode
from .dtypes import OURS


@dataclass(slots=True)
class Facts:
    """What is known of a node. ``kept`` maps places in ``plan.names`` to values; a variadic rule's inputs count on."""

    rule: Any
    names: tuple[str, ...]
    parents: list[tuple[int, Node]]
    kept: dict[int, Any]
    result: Any = None  # the value of the node, or None
    calls: Sequence[Any] = ()
    inputs: tuple[Any, ...] | None = None  # all of them, of a watched operation


def look_at(node: Node) -> Facts:
    """What a node that was not freed tells of itself."""
    plan = node.plan
    if plan is FREED:
        raise GradError(f"{freed(node)} To draw it all the same, trace or draw it before that call.")
    parents = node.parents()
    kept: dict[int, Any] = {}
    result = None
    inputs: tuple[str, ...] = plan.names[: plan.arity]
    y = plan.names.index("y") if "y" in plan.names else -1
    if plan.variadic:
        parts = node.values[0] or ()
        kept = dict(enumerate(parts))
        inputs = tuple(f"{plan.names[0]}[{i}]" for i in range(len(node.values[2] or parts or parents)))
        result = node.values[y]
    elif plan.wide:
        kept = {i: value for i, value in enumerate(node.values) if value is not None and i != y}
        result = node.values[y]
    else:
        for i, _ in parents:
            kept.update(zip(plan.positions[i], kept_values(node, i), strict=True))
        result = kept.pop(y, None)
    return Facts(node.rule, inputs, list(parents), kept, result, getattr(node, "calls", None) or ())


def describe(node: Node, facts: Facts) -> GraphNode:
    """All of a graph node that needs no other node."""
    if isinstance(facts.rule, Leaf):
        return GraphNode("", "leaf", node.shape)
    looks = _looks(type(facts.rule))
    kept = {id(v): v.nbytes for v in (*facts.kept.values(), facts.result) if isinstance(v, np.ndarray)}
    return GraphNode(
        "", "op", node.shape, looks.name, repr(facts.rule) if looks.own_repr else looks.name, looks.family,
        settings=settings(facts.rule, looks.slots), saved_bytes=sum(kept.values()),
    )  # fmt: skip


class _Looks(NamedTuple):
    name: str
    family: str
    own_repr: bool
    slots: tuple[str, ...]


_known: WeakKeyDictionary[type[Function], _Looks] = WeakKeyDictionary()


def _looks(rule: type[Function]) -> _Looks:
    """What all uses of a rule class share."""
    if rule not in _known:
        bases = rule.__mro__
        slots: list[str] = []
        for base in reversed(bases):
            own = vars(base).get("__slots__", ())
            slots += [own] if isinstance(own, str) else own
        family = rule.__module__.rpartition(".")[2] if rule.__module__.startswith(OURS) else "custom"
        own_repr = any("__repr__" in vars(base) for base in bases[: bases.index(Function)])
        _known[rule] = _Looks(rule.__name__, family, own_repr, tuple(slots))
    return _known[rule]


def operand_name(facts: Facts, i: int) -> str:
    """What the rule calls its input number ``i``."""
    return facts.names[i] if i < len(facts.names) else f"{facts.names[0]}[{i}]"


def settings(rule: Function, slots: Iterable[str]) -> dict[str, str]:
    """The attributes of a rule, as short text."""
    values = {name: getattr(rule, name) for name in slots if hasattr(rule, name)} | getattr(rule, "__dict__", {})
    return {name: short(value) for name, value in values.items() if value is not None and value is not False}


def short(value: Any, limit: int = 60) -> str:
    """A setting on one line: arrays by dtype and shape, indices as they are written."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, tuple) and any(isinstance(part, slice | np.ndarray) or part is Ellipsis for part in value):
        return ", ".join(short(part) for part in value)
    if isinstance(value, slice):
        ends = ":".join("" if end is None else str(end) for end in (value.start, value.stop))
        return ends if value.step is None else f"{ends}:{value.step}"
    if value is Ellipsis:
        return "..."
    if isinstance(value, type) and issubclass(value, np.generic):
        return value.__name__
    text = " ".join(str(value).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
