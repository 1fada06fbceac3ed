"""What all ways to make a graph smaller share: several nodes become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .data import Graph, GraphEdge, GraphNode, ModuleCall

LEAVES = frozenset(["leaf", "parameter", "constant"])  # kinds of nodes that nothing goes into


def merge(
    graph: Graph, into: Mapping[str, str], merged: Mapping[str, GraphNode], modules: Sequence[ModuleCall]
) -> Graph:
    """The graph in which each node of ``into`` is replaced by the one it maps to: another node, or one of ``merged``.

    A node of ``merged`` stands where the last of its nodes stood. Edges that become parallel become one.
    """
    place: dict[str, float] = {}
    nodes: dict[str, GraphNode] = {}
    for i, node in enumerate(graph.nodes):
        id = into.get(node.id, node.id)
        if id in merged:
            nodes[id], place[id] = merged[id], i
        elif id == node.id:
            nodes[id], place[id] = node, i
    edges: list[GraphEdge] = []
    joined = {(edge.tail, edge.head) for edge in graph.edges if edge.tail not in into and edge.head not in into}
    for edge in graph.edges:
        tail, head = into.get(edge.tail, edge.tail), into.get(edge.head, edge.head)
        if (tail, head) in joined and (tail, head) != (edge.tail, edge.head):
            continue
        if tail != head:
            joined.add((tail, head))
            edges.append(replace(edge, tail=tail, head=head))
            if nodes[tail].kind in LEAVES:
                place[tail] = min(place[tail], place[head] - 0.5)
    order = sorted(nodes, key=place.__getitem__)
    outputs = dict.fromkeys(into.get(id, id) for id in graph.outputs)
    return Graph([nodes[id] for id in order], edges, list(modules), list(outputs))


def chains(graph: Graph) -> dict[str, list[str]]:
    """For each call the ids of the calls around it and its own, outermost first."""
    parents = {call.id: call.parent for call in graph.modules}
    out: dict[str, list[str]] = {}
    for id in parents:
        chain: list[str] = []
        at: str | None = id
        while at is not None:
            chain.append(at)
            at = parents[at]
        out[id] = chain[::-1]
    return out
