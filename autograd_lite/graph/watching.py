"""Watching a program run: what recording leaves out, and what backward sends along every edge.

Recording keeps no values that no rule needs, no times and no source lines, and it should not: it is the hot path. So
while a ``watch()`` block is open, Python's own profiling hook looks over its shoulder. Closed, it costs nothing.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from types import FrameType
from typing import Any

import numpy as np

from .. import delivery, engine
from .._arrays import Piece
from ..errors import ShapeError
from ..function import LEAF, Leaf, Node
from ..gradients import cotangent
from ..tensor import Tensor
from .data import Summary
from .facts import Facts, look_at

_RECORDERS = frozenset(f.__code__ for f in (Tensor.__neg__, Tensor.__add__, Tensor.apply))
_DELIVERERS = frozenset(f.__code__ for f in (delivery.deliver, delivery.deliver_tensor))
_INTERNAL = frozenset(["autograd_lite", "nn", "numpy"])


@dataclass(slots=True)
class Note:
    """What was seen of one node; ``number`` counts the operations from 0, None for leaves."""

    value: Summary
    number: int | None = None
    source: str | None = None
    seconds: float | None = None


@dataclass(slots=True)
class Step:
    """One step of a backward pass: ``head`` sent ``contribution`` to ``tail``, its input number ``index``."""

    head: Node
    index: int
    tail: Node
    contribution: Summary


class Recording:
    """What a :func:`watch` block saw. Hand it to ``trace`` or ``draw`` as ``watched``, also after the graph was freed.

    It keeps what it saw alive.
    """

    def __init__(self) -> None:
        self.notes: dict[Node, Note] = {}
        self.facts: dict[Node, Facts] = {}
        self.contributions: dict[tuple[Node, int], Summary] = {}
        self.gradients: dict[Node, Summary] = {}
        self.steps: list[Step] = []  # of the last pass
        self._starts: list[float] = []
        self._sent: Counter[tuple[Node, Node]] = Counter()
        self._operations = 0
        self._before: Any = None

    def __repr__(self) -> str:
        return f"Recording({self._operations} operations, {len(self.steps)} backward steps)"

    def hook(self, frame: FrameType, event: str, arg: Any) -> None:
        """What Python calls for every call and every return, while the block is open."""
        code = frame.f_code
        if code in _RECORDERS:
            if event == "call":
                self._starts.append(perf_counter())
            elif event == "return":
                seconds = perf_counter() - self._starts.pop() if self._starts else None
                if isinstance(arg, Tensor) and arg.node is not None:
                    self._operation(frame, arg, seconds)
        elif code in _DELIVERERS:
            if event == "call":
                self._delivery(frame.f_locals, frame.f_back)
            elif event == "return" and arg:
                parent = frame.f_locals["parent"]
                self.gradients[parent] = summary(parent.gradient)
        if callable(self._before):
            self._before(frame, event, arg)

    def _operation(self, frame: FrameType, result: Tensor, seconds: float | None) -> None:
        node, seen = result.node, frame.f_locals
        if node is None or node in self.notes or node.plan is LEAF:
            return
        inputs = seen["inputs"] if "inputs" in seen else (seen["self"], seen.get("other"))
        facts = self.facts[node] = look_at(node)
        facts.inputs = tuple(value._data if isinstance(value, Tensor) else value for value in inputs)
        for value in inputs:
            if isinstance(value, Tensor) and value.node is not None and value.node not in self.notes:
                self.notes[value.node] = Note(summary(value))
        self.notes[node] = Note(summary(result), self._operations, source_line(frame), seconds)
        self._operations += 1

    def _delivery(self, seen: dict[str, Any], caller: FrameType | None) -> None:
        """``walk`` hands ``part`` to ``parent``; its caller, ``backward``, does so only with the first gradients."""
        parent, part = seen["parent"], seen["part"]
        head = caller.f_locals.get("node") if caller is not None else None
        if not isinstance(head, Node):
            self.steps, self._sent = [], Counter()
            return
        facts = self.facts[head] = self.facts.get(head) or look_at(head)
        facts.calls = getattr(head, "calls", None) or facts.calls  # modules sign after the operation
        self._sent[head, parent] += 1
        places = [i for i, other in facts.parents if other is parent]
        index = places[self._sent[head, parent] - 1]
        array = part.array() if isinstance(part, Piece) else getattr(part, "_data", part)
        self.contributions[head, index] = contribution = Summary.of(array)
        self.steps.append(Step(head, index, parent, contribution))


@contextmanager
def watch() -> Iterator[Recording]:
    """Watch this thread inside the block: values, times and source lines of operations, and every backward step.

    Several times slower than running unwatched.

    Examples
    --------
    >>> x = Tensor(3.0, requires_grad=True)
    >>> with watch() as seen:
    ...     y = x * x + x
    ...     y.backward()
    >>> seen
    Recording(2 operations, 4 backward steps)
    """
    recording = Recording()
    recording._before = sys.getprofile()
    sys.setprofile(recording.hook)
    try:
        yield recording
    finally:
        sys.setprofile(recording._before)


def gradient_flow(outputs: Sequence[Tensor], order: Sequence[Node], cotangents: Any = None) -> Recording:
    """Run backward for its own sake: every step is seen, no leaf collects anything, the graph is kept.

    Hooks of tensors are called, as in any backward pass.
    """
    given = [None] * len(outputs) if cotangents is None or cotangents is True else cotangents
    given = [given] if isinstance(given, Tensor | np.ndarray | float | int) else list(given)
    if len(given) != len(outputs):
        shapes = ", ".join(str(tensor.shape) for tensor in outputs)
        raise ShapeError(
            f"The outputs have shapes {shapes}, and gradients has {len(given)} parts; give one array for each output."
        )
    starts = [cotangent(tensor, one) for tensor, one in zip(outputs, given, strict=True)]
    roots = [tensor.node for tensor in outputs]
    leaves = [node for node in order if isinstance(node.rule, Leaf)]
    retained = {node: node.retained for node in order if hasattr(node, "retained")}
    fresh = [node for node in order if node not in retained]
    try:
        with watch() as recording:
            engine.gradients_at(leaves, roots, [getattr(start, "_data", start) for start in starts], retain_graph=True)  # type: ignore[arg-type]
    finally:
        for node, value in retained.items():
            node.retained = value
        for node in fresh:
            if hasattr(node, "retained"):
                del node.retained
    return recording


def summary(value: Any) -> Summary:
    """The summary of an array or of a tensor's values, with pictures."""
    return Summary.of(getattr(value, "_data", value), pictures=True)


def source_line(frame: FrameType | None) -> str | None:
    """File, line, function and text of the innermost line of ``frame``'s callers that is not the library's own."""
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _INTERNAL:
        frame = frame.f_back
    if frame is None:
        return None
    code, line = frame.f_code, frame.f_lineno
    text = linecache.getline(code.co_filename, line, frame.f_globals).strip()
    place = f"{os.path.basename(code.co_filename)}:{line} in {code.co_name}"
    return f"{place}: {text}" if text else place
