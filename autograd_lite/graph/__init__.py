"""The recorded graph as plain data: what was computed from what, with names, shapes, dtypes and modules."""

from .data import Graph, GraphEdge, GraphNode, ModuleCall, Summary
from .fold import collapse, fold
from .trace import trace
from .watching import Recording, watch

__all__ = [
    "Graph",
    "GraphEdge",
    "GraphNode",
    "ModuleCall",
    "Recording",
    "Summary",
    "collapse",
    "fold",
    "trace",
    "watch",
]
