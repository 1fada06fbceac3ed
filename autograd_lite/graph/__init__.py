"""The recorded graph as plain data: what was computed from what, with names, shapes, dtypes and modules."""

from .compare import Difference, assert_same_graph, difference
from .data import Graph, GraphEdge, GraphNode, ModuleCall, Summary
from .fold import collapse, fold
from .trace import trace
from .watching import Recording, watch

__all__ = [
    "Difference", "Graph", "GraphEdge", "GraphNode", "ModuleCall", "Recording", "Summary",
    "assert_same_graph", "collapse", "difference", "fold", "trace", "watch",
]  # fmt: skip
