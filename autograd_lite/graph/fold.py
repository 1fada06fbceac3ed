"""Smaller graphs that tell the same story: modules as single nodes, repeated blocks once, chains of reshapes as one.

Everything here takes a :class:`Graph` and gives a new one, in time linear in its size.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np

from .data import Graph, GraphNode, ModuleCall
from .merge import chains, merge
from .repeats import repeated_modules, repeated_operations
from .text import title

READABLE = 60  # nodes on one page


def fold(graph: Graph, limit: int = READABLE) -> Graph:
    """Fold what repeats; if more than ``limit`` nodes remain, leave out constants, then the insides of modules."""
    graph = join_shapes(repeated_operations(repeated_modules(graph)))
    if len(graph.nodes) > limit:
        graph = without_constants(graph)
    depth = max((len(chain) for chain in chains(graph).values()), default=0)
    whole = graph
    while len(graph.nodes) > limit and depth > 1:
        depth -= 1
        graph = collapse(whole, depth)
    return graph


def without_constants(graph: Graph) -> Graph:
    """The graph without operands that need no gradient, unless the program has a name for them."""
    gone = {node.id for node in graph.nodes if node.kind == "constant" and node.name is None}
    return replace(
        graph,
        nodes=[node for node in graph.nodes if node.id not in gone],
        edges=[edge for edge in graph.edges if edge.tail not in gone],
    )


def collapse(graph: Graph, depth: int) -> Graph:
    """Each module call that lies in ``depth`` others as one node, with what it counts among its settings."""
    around = chains(graph)
    calls = {call.id: call for call in graph.modules}
    deep = {id: chain[depth] for id, chain in around.items() if len(chain) > depth}
    into = {node.id: deep[node.module] for node in graph.nodes if node.module in deep}
    inside: dict[str, list[GraphNode]] = defaultdict(list)
    for node in graph.nodes:
        if node.id in into:
            inside[into[node.id]].append(node)
    merged = {}
    for id, nodes in inside.items():
        call, last = calls[id], nodes[-1]  # in topological order the result comes last
        times = [_times(around[node.module], calls, depth) for node in nodes if node.module]
        sizes = [int(np.prod(node.shape)) if node.kind in ("leaf", "parameter") else 0 for node in nodes]
        operations = sum(n for n, node in zip(times, nodes, strict=True) if node.kind == "op")
        only = [node for node in nodes if node.kind == "op"] if operations == 1 else []
        facts = {} if only else {"operations": f"{operations:,}"}
        if any(sizes):
            facts["parameters"] = f"{sum(n * size for n, size in zip(times, sizes, strict=True)):,}"
        op, family = (only[0].op, only[0].family) if only else (call.kind, "module")  # one operation lends its colour
        merged[id] = GraphNode(
            id, "module", last.shape, op, call.kind, family, title(call), last.dtype, facts, call.parent,
            sum(node.saved_bytes for node in nodes), last.value, last.gradient,
        )  # fmt: skip
        seconds = [node.seconds for node in nodes if node.seconds is not None]
        merged[id].seconds = sum(seconds) if seconds else None
    kept = [call for call in graph.modules if len(around[call.id]) <= depth]
    return merge(graph, into, merged, kept)


def _times(chain: list[str], calls: dict[str, ModuleCall], depth: int) -> int:
    """For how many nodes one node in a chain of calls stands, within the call at ``depth``."""
    return math.prod(calls[id].repeats for id in chain[depth + 1 :])


def join_shapes(graph: Graph) -> Graph:
    """Chains of operations that only move numbers, as one node each."""
    nodes, operands, users = graph.by_id(), graph.operands(), graph.users()

    def moves(id: str) -> bool:
        node = nodes[id]
        return node.family == "shape" and len(operands[id]) == 1 and node.module == nodes[operands[id][0].tail].module

    into: dict[str, str] = {}
    merged: dict[str, GraphNode] = {}
    for node in graph.nodes:
        if node.family != "shape" or node.id in graph.outputs or len(users[node.id]) != 1 or node.name:
            continue
        user = users[node.id][0].head
        if moves(user):
            into[node.id] = user
            before = merged.get(node.id, node)
            text = f"{before.title}, {nodes[user].title}"
            merged[user] = replace(nodes[user], title=text, saved_bytes=before.saved_bytes + nodes[user].saved_bytes)
    last = {id: _end(into, id) for id in into}
    return merge(graph, last, {id: merged[id] for id in set(last.values())}, graph.modules)


def _end(into: dict[str, str], id: str) -> str:
    while id in into:
        id = into[id]
    return id
