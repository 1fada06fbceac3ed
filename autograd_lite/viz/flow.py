"""How the gradients of a graph compare: which are large, which add up, which cancel."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..graph import Graph, GraphEdge, GraphNode, Summary

CANCELS = 10.0
"""Contributions cancel if together they are this many times as large as their sum."""


@dataclass(frozen=True)
class Scale:
    """Places sizes between 0 and 1, by their logarithms."""

    low: float
    high: float

    @classmethod
    def of(cls, sizes: list[float]) -> Scale:
        """The scale on which the smallest of ``sizes`` is 0 and the largest 1; never finer than a factor of 10."""
        logs = [math.log10(size) for size in sizes if 0 < size < math.inf]
        high = max(logs, default=0.0)
        return cls(min(min(logs, default=0.0), high - 1), high)

    def place(self, size: float) -> float:
        """Where ``size`` lies, from 0 to 1."""
        if not 0 < size < math.inf:
            return float(size > 0)
        return min(1.0, max(0.0, (math.log10(size) - self.low) / (self.high - self.low)))

    def ticks(self, n: int = 5) -> list[float]:
        """Sizes that are evenly spread over the scale."""
        return [10 ** (self.low + (self.high - self.low) * i / (n - 1)) for i in range(n)]


class Flow:
    """The gradients in a graph, as far as they are known."""

    def __init__(self, graph: Graph) -> None:
        self._nodes, self._users = graph.by_id(), graph.users()
        along = [size(edge.contribution) for edge in graph.edges if edge.contribution is not None]
        self.known = bool(along)
        self.edges = Scale.of(along)
        self.nodes = Scale.of([size(node.gradient) for node in graph.nodes if node.gradient is not None])

    def parts(self, node: GraphNode) -> list[Summary]:
        """What backward sends to ``node``, as far as it is known: one summary for each use."""
        return [edge.contribution for edge in self._users[node.id] if edge.contribution is not None]

    def cancels(self, node: GraphNode) -> bool:
        """Whether contributions to the gradient of ``node`` are large and their sum is not."""
        parts = [size(part) for part in self.parts(node)]
        if len(parts) < 2 or node.gradient is None or not math.isfinite(sum(parts)):
            return False
        return sum(parts) > CANCELS * size(node.gradient)

    def derivative(self, edge: GraphEdge) -> float | None:
        """The derivative of the head by the tail, where both are numbers."""
        head = self._nodes[edge.head].gradient
        if edge.contribution is None or edge.contribution.value is None or head is None or not head.value:
            return None
        return edge.contribution.value / head.value


def size(value: Summary | None) -> float:
    """The norm of an array, the magnitude of a number; infinite where something is not finite."""
    if value is None:
        return 0.0
    if value.nans or value.infs:
        return math.inf
    return value.norm or 0.0
