"""From recorded nodes to plain data."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from types import FrameType
from typing import Any

import numpy as np

from ..errors import GradError
from ..function import Node
from ..tensor import Tensor
from .data import Graph, GraphEdge, GraphNode, ModuleCall, Summary, dtype_name
from .dtypes import infer
from .facts import Facts, describe, look_at, operand_name
from .modules import Calls
from .names import Names, variables_of
from .watching import Recording, gradient_flow, summary


def trace(
    outputs: Tensor | Iterable[Tensor],
    *,
    names: Mapping[str, Tensor] | None = None,
    values: bool = False,
    constants: bool = True,
    gradients: Any = None,
    watched: Recording | None = None,
) -> Graph:
    """The graph behind some tensors, as plain data.

    Nothing is computed and the graph is not used up. Variables of the caller, lists and dictionaries of tensors
    among them, parameters of modules and the tensors' own names give the nodes their names.

    Parameters
    ----------
    outputs : Tensor or iterable of Tensors
    names : mapping from names to tensors, optional
        Names that come before all others.
    values : bool
        Summarise arrays too, as far as something keeps them; single numbers always are.
    constants : bool
        Include operands that need no gradient, where a rule kept them.
    gradients : bool, array_like or list of array_like, optional
        Run backward, collecting nothing and keeping the graph, and note what flows along every edge. Other outputs
        than single numbers need a cotangent each. By default what was watched is noted, if anything was.
    watched : Recording, optional
        What a :func:`watch` block saw: with it the graph may have been freed, every value is known, and the
        gradients are those of the pass that was watched.

    Raises
    ------
    GradError
        If a tensor has no graph, or its graph was freed by ``backward``.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> loss = (x * 3.0).sum()
    >>> [(n.op or n.kind, n.name, n.shape) for n in trace(loss)]
    [('leaf', 'x', (2,)), ('constant', None, ()), ('Mul', None, (2,)), ('Sum', 'loss', ())]
    """
    return Tracer(outputs, sys._getframe(1), names, watched).graph(values, constants, gradients)


class Tracer:
    """Collects what is known of every node behind some tensors, and makes a :class:`Graph` of it."""

    def __init__(
        self,
        outputs: Tensor | Iterable[Tensor],
        frame: FrameType,
        names: Mapping[str, Tensor] | None = None,
        watched: Recording | None = None,
    ) -> None:
        self.outputs = checked(outputs)
        self.watched = self.flow = watched or Recording()
        self.facts: dict[Node, Facts] = {}
        self.order = self._topological([tensor.node for tensor in self.outputs])  # type: ignore[misc]
        self.calls = Calls(
            self.order, self.parents, lambda node: getattr(node, "calls", None) or self.facts[node].calls
        )
        variables = variables_of(frame)
        roots = self.calls.roots()
        known = {id(root) for root in roots}
        roots += [v for v in variables.values() if is_module(v) and id(v) not in known]
        self.names = Names(variables, roots, names)
        self.ids = {node: f"n{i}" for i, node in enumerate(self.order)}

    def parents(self, node: Node) -> list[tuple[int, Node]]:
        """The inputs of ``node`` that have a node."""
        return self.facts[node].parents

    def _topological(self, roots: Sequence[Node]) -> list[Node]:
        order: list[Node] = []
        stack = [(root, False) for root in reversed(roots)]
        while stack:
            node, parents_done = stack.pop()
            if parents_done:
                order.append(node)
            elif node not in self.facts:
                facts = self.facts[node] = self.watched.facts.get(node) or look_at(node)
                stack.append((node, True))
                stack += [(parent, False) for _, parent in reversed(facts.parents)]
        return order

    def parameters_expected(self) -> list[Node]:
        """The parameters of all modules that took part, in the graph or not."""
        found = (p.node for root in self.calls.roots() for _, p in root.named_parameters())
        return [node for node in found if node is not None]

    def executed(self) -> list[Node]:
        """The nodes in the order in which they were computed, as far as that was watched."""
        notes = self.watched.notes
        numbers = {node: notes[node].number if node in notes else None for node in self.order}
        last = -1
        for node in self.order:  # what was not watched follows what it is next to
            number = numbers[node]
            last = numbers[node] = last if number is None else number
        return sorted(self.order, key=lambda node: numbers[node])  # type: ignore[arg-type,return-value]

    def values(self) -> dict[Node, Any]:
        """The results that are still somewhere: kept by a rule, or carried by a variable."""
        found: dict[Node, Any] = {}
        for node in self.order:
            facts = self.facts[node]
            if facts.result is not None:
                found[node] = facts.result
            for i, parent in facts.parents:
                if i in facts.kept:
                    found.setdefault(parent, facts.kept[i])
        for tensor in (*self.names.tensors.values(), *self.outputs):
            if tensor.node in self.facts:
                found[tensor.node] = tensor._data
        return found

    def graph(self, values: bool = False, constants: bool = True, gradients: Any = None) -> Graph:
        """The plain data."""
        wanted = gradients is not None and gradients is not False
        if wanted and not any(node in self.flow.gradients for node in self.order):
            self.flow = gradient_flow(self.outputs, self.order, gradients)
        flow = Recording() if gradients is False else self.flow
        results = self.values()
        known = {node: np.asarray(value).dtype for node, value in results.items()}
        dtypes = infer(self.order, lambda node: (self.facts[node].rule, self.facts[node].parents), known)
        module_ids = {call: f"m{i}" for i, call in enumerate(self.calls.all)}
        modules = self._modules(module_ids)
        nodes: list[GraphNode] = []
        edges: list[GraphEdge] = []
        constant_ids: dict[int, str] = {}
        for node in self.order:
            facts = self.facts[node]
            out = describe(node, facts)
            out.id, out.name = self.ids[node], self.names.of(node)
            if out.kind == "leaf" and node in self.names.parameters:
                out.kind = "parameter"
            if node in dtypes:
                out.dtype = dtype_name(dtypes[node])
            if node in self.calls.owner:
                out.module = module_ids[self.calls.owner[node]]
            note = self.watched.notes.get(node)
            if note is not None:
                out.value, out.source, out.seconds, out.dtype = note.value, note.source, note.seconds, note.value.dtype
            elif node in results and (values or np.size(results[node]) == 1):
                out.value = summary(results[node])
            gradient = getattr(facts.rule, "grad", None) if out.kind != "op" else getattr(node, "retained", None)
            if node in flow.gradients:
                out.gradient = flow.gradients[node]
            elif gradient is not None and not wanted:
                out.gradient = summary(gradient)
            start = len(edges)
            if constants:
                self._add_constants(facts, out, constant_ids, nodes, edges, values)
            nodes.append(out)
            for i, parent in facts.parents:
                contribution = flow.contributions.get((node, i))
                edges.append(GraphEdge(self.ids[parent], out.id, i, operand_name(facts, i), contribution))
            edges[start:] = sorted(edges[start:], key=lambda edge: edge.index)
        return Graph(nodes, edges, modules, [self.ids[t.node] for t in self.outputs])  # type: ignore[index]

    def _add_constants(
        self, facts: Facts, user: GraphNode, ids: dict[int, str], nodes: list[GraphNode], edges: list[GraphEdge],
        values: bool,
    ) -> None:  # fmt: skip
        """Nodes and edges for the operands of ``user`` that were kept but need no gradient."""
        differentiated = {i for i, _ in facts.parents}
        arity = len(facts.names)
        operands = facts.kept if facts.inputs is None else dict(enumerate(facts.inputs))
        for i, value in operands.items():
            if i in differentiated or i >= arity or value is None:
                continue
            array = isinstance(value, np.ndarray)
            if not array or id(value) not in ids:
                name = self.names.of_constant(value) if array else None
                out = GraphNode(
                    f"c{len(ids)}", "constant", np.shape(value), name=name, dtype=str(np.asarray(value).dtype)
                )
                out.module = None if name else user.module
                if values or np.size(value) == 1:
                    out.value = Summary.of(value)
                nodes.append(out)
                ids[id(value) if array else -len(ids) - 1] = out.id
            edges.append(GraphEdge(ids[id(value)] if array else nodes[-1].id, user.id, i, operand_name(facts, i)))

    def _modules(self, ids: Mapping[Any, str]) -> list[ModuleCall]:
        """Names of calls: the path from the outermost module, whose own name is the variable's or its class's."""
        paths: dict[int, str] = {}
        for root in self.calls.roots():
            for path, part in root.named_modules():
                paths.setdefault(id(part), self.names.path(root, path))
        totals: dict[int, int] = {}
        for call in self.calls.all:
            totals[id(call.module)] = totals.get(id(call.module), 0) + 1
        numbers: dict[int, int] = {}
        out = []
        for call, name in ids.items():
            key = id(call.module)
            numbers[key] = numbers.get(key, 0) + 1
            parent = ids[call.parent] if call.parent else None
            number = numbers[key] if totals[key] > 1 else 0
            out.append(ModuleCall(name, paths[key], type(call.module).__name__, parent, number))
        return out


def checked(outputs: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The tensors to trace from, each with a graph."""
    several = isinstance(outputs, Iterable) and not isinstance(outputs, Tensor) and not is_module(outputs)
    tensors: list[Any] = list(outputs) if several else [outputs]
    if not tensors:
        raise GradError("There is nothing to trace: no tensor was given.")
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            hint = " Call it, and give its result." if is_module(tensor) else ""
            raise TypeError(f"Only tensors have a graph, and this is a {type(tensor).__name__}.{hint}")
        if tensor.node is None:
            raise GradError(
                f"This tensor of shape {tensor.shape} has no graph: it was computed from nothing that requires a "
                "gradient, or under no_grad(). Create its inputs with requires_grad=True."
            )
    return tensors


def is_module(value: Any) -> bool:
    """Whether ``value`` looks like a module; this package knows no more of modules than these two names."""
    return not isinstance(value, type) and hasattr(value, "named_modules") and hasattr(value, "named_parameters")
