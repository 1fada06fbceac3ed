"""Which nodes belong to which call of a module.

A module marks only the node of its result, with what went in. The nodes in between are found here, by walking up from
the result to the inputs; calls within the call were found before, and are stepped over. So all calls together take a
walk over the graph, however deep they nest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..function import LEAF, Leaf, Node

Parents = Callable[[Node], Iterable[tuple[int, Node]]]


@dataclass(eq=False)
class Call:
    """One call of ``module`` with the results of ``inputs``; ``parent`` is the call it happened in."""

    module: Any
    inputs: tuple[Node, ...]
    parent: Call | None = None
    nodes: list[Node] = field(default_factory=list)

    def outermost(self) -> Call:
        """The outermost call known so far that this one happened in."""
        call = self
        while call.parent is not None:
            call = call.parent
        return call


class Calls:
    """The module calls of a graph; ``owner`` has the innermost call of each node that is in one."""

    def __init__(self, order: Sequence[Node], parents: Parents, recorded: Callable[[Node], Iterable[Any]]) -> None:
        self.all: list[Call] = []
        self.owner: dict[Node, Call] = {}
        self._parents = parents
        self._result_of: dict[Node, Call] = {}
        self._parts: dict[int, set[int]] = {}
        known: dict[int, Call] = {}
        for node in order:
            for mark in recorded(node):
                module, inputs = mark
                key = id(inputs or mark)  # one call marks all its results with the same; () is the same everywhere
                if key not in known:
                    self.all.append(known.setdefault(key, Call(module, inputs)))
                self._claim(known[key], node)
        self._let_go_of_shared(order)

    def _claim(self, call: Call, result: Node) -> None:
        """Give ``call`` what lies between ``result`` and its inputs and belongs to nobody else."""
        stack, seen = [result], set(call.inputs)
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            inner = self._result_of.get(node)
            if inner is not None:
                inner = inner.outermost()
                if inner is call:
                    continue
                if self._is_part(inner.module, call.module):
                    inner.parent = call
                    stack += inner.inputs
            elif node in self.owner:
                self._share(node, call)
            else:
                self.owner[node] = call
                call.nodes.append(node)
                stack += [parent for _, parent in self._parents(node)]
        self._result_of.setdefault(result, call)

    def _share(self, node: Node, call: Call) -> None:
        """A leaf that two calls use belongs to neither, unless it is a parameter of the first one's module."""
        first = self.owner[node]
        if isinstance(node.rule, Leaf) and first.module is not call.module and first.outermost() is not call:
            owned = any(p.node is node for _, p in getattr(first.module, "named_parameters", lambda: ())())
            if not owned:
                self.owner.pop(node)
                first.nodes.remove(node)

    def _let_go_of_shared(self, order: Sequence[Node]) -> None:
        """Take from calls what their inputs were computed from; they reached it by a way around the inputs.

        Only a call with a node that somebody outside uses can have taken such a way.
        """
        users: dict[Node, list[Node]] = defaultdict(list)
        for node in order:
            for _, parent in self._parents(node):
                users[parent].append(node)
        for call in self.all:
            inside = set(call.nodes)
            if all(
                node.plan is LEAF or node in self._result_of or all(self._within(user, call) for user in users[node])
                for node in inside
            ):
                continue
            above, stack = set(call.inputs), list(call.inputs)
            while stack:
                for _, parent in self._parents(stack.pop()):
                    if parent not in above:
                        above.add(parent)
                        stack.append(parent)
            call.nodes = [node for node in call.nodes if node not in above]
            for node in inside & above:
                del self.owner[node]

    def _within(self, node: Node, call: Call) -> bool:
        owner = self.owner.get(node)
        while owner is not None and owner is not call:
            owner = owner.parent
        return owner is call

    def _is_part(self, module: Any, whole: Any) -> bool:
        if id(whole) not in self._parts:
            self._parts[id(whole)] = {id(part) for _, part in whole.named_modules()}
        return id(module) in self._parts[id(whole)]

    def roots(self) -> list[Any]:
        """The modules that are part of no other one here, in the order of their first calls."""
        modules = {id(call.module): call.module for call in self.all}
        parts: set[int] = set()
        for key, module in modules.items():
            self._is_part(module, module)
            parts |= self._parts[key] - {key}
        return [module for key, module in modules.items() if key not in parts]
