"""The recorded graph as plain data: what was computed from what, with names, shapes, dtypes and modules."""

from .data import Graph, GraphEdge, GraphNode, ModuleCall, Summary
from .trace import trace

__all__ = ["Graph", "GraphEdge", "GraphNode", "ModuleCall", "Summary", "trace"]
