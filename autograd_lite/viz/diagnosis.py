"""``diagnose``: where a backward pass goes wrong, in words and as a drawing."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from inspect import unwrap
from itertools import pairwise
from types import FrameType
from typing import Any

from .. import engine
from ..function import Node
from ..graph import Graph, GraphNode, Recording, Summary
from ..graph.text import label
from ..graph.trace import Tracer
from ..tensor import Tensor
from .dot import Marks, to_dot
from .drawing import Drawing
from .flow import size
from .style import theme_of
from .words import headline, number, size_text, statistics

VANISHED = 1e-6
"""A gradient has vanished if its elements are so much smaller than those of the largest one."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: at which ``node``, None if it is at none; in a ``short`` note and in ``words``."""

    node: str | None
    short: str
    words: str


class Diagnosis(Drawing):
    """What was found: ``problems``, and a drawing with the way from the result to the first of them lit up."""

    def __init__(self, source: str, graph: Graph, problems: list[Problem]) -> None:
        super().__init__(source, graph)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(problem.words for problem in self.problems) or "Nothing is wrong here."

    def __repr__(self) -> str:
        return f"Diagnosis({len(self.problems)} problems)\n{self}"


def diagnose(
    outputs: Tensor | Iterable[Tensor],
    *,
    watched: Recording | None = None,
    gradients: Any = True,
    expected: Iterable[Tensor] = (),
    names: Mapping[str, Tensor] | None = None,
    theme: str = "light",
    direction: str = "TB",
) -> Diagnosis:
    """Run backward, collecting nothing, and say what goes wrong where.

    It finds the operation that made the first nan or infinity, or the data that had it already, the rule that made a
    gradient nan or infinite, the node at which backward raised an error, parameters that get no gradient, and gradients
    that vanish.

    Parameters
    ----------
    outputs : Tensor or iterable of Tensors
    watched : Recording, optional
        What a :func:`watch` block saw: then every value is known, not only those that rules keep, and the graph may
        have been freed.
    gradients : bool, array_like or list of array_like
        The cotangents, needed for other outputs than single numbers.
    expected : iterable of Tensors
        Tensors that should get a gradient; of modules that took part, all parameters should.
    names, theme, direction
        As for :func:`draw`.

    Returns
    -------
    Diagnosis
        ``print`` it for the words; show or save it for the drawing.

    Examples
    --------
    >>> x = Tensor([1.0, -4.0], requires_grad=True)
    >>> import numpy as np
    >>> with np.errstate(invalid="ignore"):
    ...     loss = x.sqrt().sum()
    >>> print(diagnose(loss, gradients=True))
    Sqrt (n1, shape (2,)) turns finite operands into 1 nan: x is -1.5 ± 2.5.
    """
    colors = theme_of(theme)
    tracer = Tracer(outputs, sys._getframe(1), names, watched)
    failure = None
    try:
        graph = tracer.graph(values=True, gradients=gradients)
    except Exception as error:
        failure = error
        graph = tracer.graph(values=True)
    finder = _Finder(graph, tracer)
    problems = [
        *finder.raised(failure),
        *(list(finder.values()) or finder.given()),
        *finder.gradients(),
        *finder.missing(expected),
        *finder.vanished(),
    ]
    problems = problems or list(finder.unclear())
    marks = Marks(legend="nothing is wrong here" if not problems else "the way from the result to what is wrong")
    for problem in problems:
        if problem.node is not None and problem.node not in marks.nodes:
            marks.nodes[problem.node] = "alarm", problem.short
    if marks.nodes:
        marks.path = finder.way(next(iter(marks.nodes)))
    source = to_dot(graph, colors, {"shape", "value", "statistics", "gradient"}, direction, marks=marks)
    return Diagnosis(source, graph, problems)


class _Finder:
    """Looks for one kind of problem after the other."""

    def __init__(self, graph: Graph, tracer: Tracer) -> None:
        self.graph, self.tracer = graph, tracer
        self.nodes, self.operands, self.users = graph.by_id(), graph.operands(), graph.users()

    def raised(self, error: Exception | None) -> Iterator[Problem]:
        """The node at which backward raised."""
        if error is None:
            return
        node = _raised_at(error)
        if node is None or node not in self.tracer.ids:
            raise error
        culprit = self.nodes[self.tracer.ids[node]]
        what = f"{type(error).__name__}: {error}"
        yield Problem(culprit.id, type(error).__name__, f"Backward of {place(culprit)} raised {what}")

    def values(self) -> Iterator[Problem]:
        """Operations whose operands are finite and whose results are not."""
        for node in self.graph.nodes:
            if node.kind != "op" or node.value is None or not (node.value.nans or node.value.infs):
                continue
            operands = [self.nodes[edge.tail] for edge in self.operands[node.id]]
            if any(operand.value is None or size(operand.value) == math.inf for operand in operands):
                continue
            bad = _bad(node.value)
            given = " and ".join(f"{label(o)} is {_brief(o)}" for o in operands)
            words = f"{place(node)} turns finite operands into {bad}: {given}."
            yield Problem(node.id, f"first {bad}", words + line(node))

    def given(self) -> Iterator[Problem]:
        """Data and leaves from which results that are not finite come, and which were not finite themselves."""
        for node in self._not_finite():
            if node.kind != "op":
                bad = _bad(node.value)
                yield Problem(node.id, f"{bad} here", f"{place(node)} is {bad} before anything is computed.")

    def unclear(self) -> Iterator[Problem]:
        """How far back a result that is not finite is known."""
        for node in self._not_finite()[:1]:
            bad = _bad(node.value)
            words = f"{place(node)} is {bad}, and not all its operands are known: watch() the forward pass."
            yield Problem(node.id, f"{bad} here", words + line(node))

    def _not_finite(self) -> list[GraphNode]:
        """The nodes that are not finite on ways to such results, as far as they may be, in order."""
        stack = [id for id in self.graph.outputs if self._is_bad(id)]
        reached: set[str] = set()
        while stack:
            if (id := stack.pop()) not in reached:
                reached.add(id)
                tails = [edge.tail for edge in self.operands[id]]
                stack += [tail for tail in tails if self.nodes[tail].value is None or self._is_bad(tail)]
        return [node for node in self.graph.nodes if node.id in reached and self._is_bad(node.id)]

    def _is_bad(self, id: str) -> bool:
        value = self.nodes[id].value
        return value is not None and value.nans + value.infs > 0

    def gradients(self) -> Iterator[Problem]:
        """Rules that got a finite gradient and sent on one that is not."""
        for edge in self.graph.edges:
            head, sent = self.nodes[edge.head], edge.contribution
            if sent is None or size(sent) < math.inf or head.gradient is None or size(head.gradient) == math.inf:
                continue
            if head.value is not None and size(head.value) == math.inf:
                continue  # the value was wrong before
            bad, to = _bad(sent), label(self.nodes[edge.tail])
            words = f"{place(head)} gets the finite gradient {size_text(head.gradient)} and sends {bad} to {to}."
            yield Problem(head.id, f"gradient becomes {bad}", words + line(head))

    def missing(self, expected: Iterable[Tensor]) -> Iterator[Problem]:
        """Tensors that should get a gradient and do not, and leaves that get exactly zero."""
        wanted = [tensor.node for tensor in expected if tensor.node is not None]
        for leaf in dict.fromkeys([*wanted, *self.tracer.parameters_expected()]):
            if leaf not in self.tracer.ids:
                name = self.tracer.names.of(leaf) or f"A tensor of shape {leaf.shape}"
                yield Problem(None, "no gradient", f"{name} gets no gradient (None): the result does not depend on it.")
        for node in self.graph.nodes:
            if _is_leaf(node) and node.gradient is not None and size(node.gradient) == 0 and 0 not in node.shape:
                culprit = self.nodes[self._where_zero(node.id)]
                words = f"{label(node)} gets a gradient of exactly zero, from {place(culprit)} on."
                yield Problem(culprit.id, "gradient becomes zero", words + line(culprit))

    def _where_zero(self, id: str) -> str:
        """The last node of a way down to ``id`` that gets a gradient which is not zero."""
        at = id
        while True:
            up = [user for edge in self.users[at] if (user := self.nodes[edge.head]).gradient is not None]
            if not up:
                return at
            alive = [user for user in up if size(user.gradient) > 0]
            if alive:
                return alive[0].id
            at = up[0].id

    def vanished(self) -> Iterator[Problem]:
        """Leaves whose gradients are tiny beside the others, and the node at which most was lost on the way."""
        leaves = [node for node in self.graph.nodes if _is_leaf(node) and _element(node) > 0]
        largest = max((_element(node) for node in leaves if _element(node) < math.inf), default=0.0)
        small = [node for node in leaves if _element(node) < VANISHED * largest]
        if not small:
            return
        worst = min(small, key=_element)
        steps = pairwise(self.nodes[id] for id in self._way_nodes(worst.id))
        culprit = min(steps, key=lambda step: _element(step[1]) / max(_element(step[0]), 1e-300))[0]
        names = ", ".join(label(node) for node in small[:5]) + (f" and {len(small) - 5} more" if len(small) > 5 else "")
        words = f"Gradients vanish before they reach {names}: {number(_element(worst))} an element, where others get "
        words += f"{number(largest)}. Most is lost at {place(culprit)}."
        yield Problem(culprit.id, "gradient vanishes", words + line(culprit))

    def way(self, to: str) -> set[tuple[str, str]]:
        """The edges of a shortest way from a result to node ``to``."""
        return {(low, high) for high, low in pairwise(self._way_nodes(to))}

    def _way_nodes(self, to: str) -> list[str]:
        came: dict[str, str | None] = dict.fromkeys(self.graph.outputs)
        queue = list(self.graph.outputs)
        for id in queue:  # grows while it is read
            for edge in self.operands[id]:
                if edge.tail not in came:
                    came[edge.tail] = id
                    queue.append(edge.tail)
        way, at = [], to if to in came else None
        while at is not None:
            way.append(at)
            at = came[at]
        return way[::-1]


def _raised_at(error: BaseException) -> Node | None:
    """The node that backward was working on when it raised."""
    trace = error.__traceback__
    while trace is not None:
        frame: FrameType = trace.tb_frame
        if frame.f_code is unwrap(engine.walk).__code__:  # a profile puts a stand-in there
            node = frame.f_locals.get("node")
            return node if isinstance(node, Node) else None
        trace = trace.tb_next
    return None


def _is_leaf(node: GraphNode) -> bool:
    return node.kind in ("leaf", "parameter")


def place(node: GraphNode) -> str:
    """What to call a node in a sentence."""
    return f"{headline(node)} ({node.id}, shape {node.shape})"


def line(node: GraphNode) -> str:
    """The sentence that says where a node was called, if that is known."""
    return f" It was called in {node.source}" if node.source else ""


def _bad(value: Summary | None) -> str:
    assert value is not None
    return " and ".join(f"{n} {what}" for n, what in ((value.nans, "nan"), (value.infs, "inf")) if n)


def _brief(node: GraphNode) -> str:
    assert node.value is not None
    return number(node.value.value) if node.value.value is not None else statistics(node.value)


def _element(node: GraphNode) -> float:
    """The size of a gradient, per element."""
    return size(node.gradient) / math.sqrt(max(1, math.prod(node.shape)))
