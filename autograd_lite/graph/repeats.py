"""What repeats in a graph, shown once: equal module calls side by side, and sequences of operations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from .data import Graph, GraphEdge, GraphNode, ModuleCall
from .merge import LEAVES, chains, merge
from .text import title

LONGEST_PERIOD = 100  # of operations that are looked at for repetition
OPERANDS = 4  # of each operation that are compared
Copies = list[list[GraphNode]]  # equal pieces of a graph, node by node


def repeated_modules(graph: Graph) -> Graph:
    """Module calls side by side that do the same on the same shapes: the first, and how often."""
    while True:
        contents = _contents(graph)
        runs = _module_runs(graph, contents)
        if not runs:
            return graph
        groups = [[contents[call.id] for call in run] for run in runs]
        named = {
            run[0].id: replace(
                run[0], name=f"{title(run[0])} … {title(run[-1])}", number=0, repeats=run[0].repeats * len(run)
            )
            for run in runs
        }
        gone = {call.id for run in runs for call in run[1:]}
        around = chains(graph)
        modules = [named.get(call.id, call) for call in graph.modules if not gone.intersection(around[call.id])]
        graph = _first_copies(graph, groups, modules)


def _module_runs(graph: Graph, contents: dict[str, list[GraphNode]]) -> list[list[ModuleCall]]:
    """The outermost runs of at least two neighbouring calls with one signature."""
    index = _Index(graph)
    signature = _signatures(graph, contents, index)
    children: dict[str | None, list[ModuleCall]] = defaultdict(list)
    full = [call for call in graph.modules if any(node.id not in index.leaves for node in contents[call.id])]
    for call in sorted(full, key=lambda call: index.place[contents[call.id][-1].id]):
        children[call.parent].append(call)
    runs: list[list[ModuleCall]] = []
    stack: list[str | None] = [None]
    while stack:
        calls = children[stack.pop()]
        for run in _neighbours(calls, signature):
            whole = index.foldable([contents[call.id] for call in run])
            if whole > 1:
                runs.append(run[:whole])
                stack += [call.id for call in run[whole:]]
            else:
                stack += [call.id for call in run]
    return runs


def _neighbours(calls: Sequence[ModuleCall], signature: dict[str, Hashable]) -> list[list[ModuleCall]]:
    runs: list[list[ModuleCall]] = []
    for call in calls:
        if runs and signature[call.id] == signature[runs[-1][0].id]:
            runs[-1].append(call)
        else:
            runs.append([call])
    return runs


def _signatures(graph: Graph, contents: dict[str, list[GraphNode]], index: _Index) -> dict[str, Hashable]:
    """What two calls have in common if they do the same: kinds, shapes, and how the nodes inside hang together."""
    sources = index.sources
    out: dict[str, Hashable] = {}
    calls = {call.id: call for call in graph.modules}
    for id, nodes in contents.items():
        place = {node.id: i for i, node in enumerate(nodes)}
        out[id] = (
            calls[id].kind,
            calls[id].repeats,
            tuple((n.kind, n.title, n.shape, tuple(place.get(e.tail, -1) for e in sources[n.id])) for n in nodes),
        )
    return out


def repeated_operations(graph: Graph, least: int = 3) -> Graph:
    """Operations outside modules, or within one, that repeat ``least`` times or more in a row: once, and how often."""
    groups: list[Copies] = []
    modules = list(graph.modules)
    by_module: dict[str | None, list[GraphNode]] = defaultdict(list)
    for node in graph.nodes:
        if node.kind == "op":
            by_module[node.module].append(node)
    index = _Index(graph)
    boxes: dict[str, str] = {}
    for module, nodes in by_module.items():
        for start, period, count in _Sequence(nodes, index.sources).tandems(least):
            copies = [nodes[start + k * period : start + (k + 1) * period] for k in range(count)]
            copies = copies[: index.foldable(copies)]
            if len(copies) < least:
                continue
            box = ModuleCall(f"r{len(groups)}", "repeated", "repeated", module, repeats=len(copies))
            modules.append(box)
            boxes |= {node.id: box.id for node in copies[0]}
            groups.append(copies)
    nodes = [replace(node, module=boxes[node.id]) if node.id in boxes else node for node in graph.nodes]
    return _first_copies(replace(graph, nodes=nodes), groups, modules)


class _Sequence:
    """Operations as columns of numbers, so that an operation can be compared with the one some places on."""

    def __init__(self, nodes: list[GraphNode], sources: dict[str, list[GraphEdge]]) -> None:
        place = {node.id: i for i, node in enumerate(nodes)}
        known: dict[Hashable, int] = {}
        looks = ((node.title, node.shape, len(sources[node.id])) for node in nodes)
        self.looks = np.array([known.setdefault(key, len(known)) for key in looks], dtype=np.int64)
        tails = np.full((OPERANDS, len(nodes)), -1)
        for i, node in enumerate(nodes):
            for k, edge in enumerate(sources[node.id][:OPERANDS]):
                tails[k, i] = place.get(edge.tail, -1)
        self.tails, self.offsets = tails, np.where(tails < 0, 0, np.arange(len(nodes)) - tails)

    def same(self, period: int) -> np.ndarray:
        """Whether each operation does what the one ``period`` later does, to the same or likewise later operands."""
        before, after = slice(None, -period), slice(period, None)
        operands = (self.offsets[:, before] == self.offsets[:, after]) | (self.tails[:, before] == self.tails[:, after])
        return np.asarray((self.looks[before] == self.looks[after]) & operands.all(axis=0))

    def tandems(self, least: int) -> list[tuple[int, int, int]]:
        """Places where a sequence repeats: (start, period, number of copies), longest first, without overlap."""
        n = len(self.looks)
        found: list[tuple[int, int, int, int]] = []
        for period in range(1, min(LONGEST_PERIOD, n // least) + 1):
            ends = np.flatnonzero(np.diff(np.concatenate([[0], self.same(period).astype(np.int8), [0]])))
            for start, end in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True):
                count = (end - start) // period + 1
                if count >= least and count * period >= 8:
                    found.append((-(count - 1) * period, period, start, count))
        out: list[tuple[int, int, int]] = []
        taken = np.zeros(n, bool)
        for _, period, start, count in sorted(found):
            if not taken[start : start + period * count].any():
                taken[start : start + period * count] = True
                out.append((start, period, count))
        return out


# -- Copies -----------------------------------------------------------------------------------------------------------


class _Index:
    """Where each node stands, and the edges that end in it."""

    def __init__(self, graph: Graph) -> None:
        self.place = {node.id: i for i, node in enumerate(graph.nodes)}
        self.leaves = {node.id for node in graph.nodes if node.kind in LEAVES}
        self.sources = graph.operands()

    def foldable(self, copies: Copies) -> int:
        """How many of ``copies`` can become one: as long as nothing lies between them that the first one feeds.

        Leaves may come from anywhere; other operands from an earlier copy, or from before the first.
        """
        inside = {node.id for nodes in copies for node in nodes}
        first = min(self.place[node.id] for node in copies[0] if node.id not in self.leaves or len(copies[0]) == 1)
        for k, nodes in enumerate(copies[1:], start=1):
            for tail in (edge.tail for node in nodes for edge in self.sources[node.id]):
                if tail not in inside and tail not in self.leaves and self.place[tail] > first:
                    return k
        return len(copies)


def _first_copies(graph: Graph, groups: list[Copies], modules: list[ModuleCall]) -> Graph:
    """Of each group only the first copy, without the edges from copy to copy and the leaves that only others use."""
    into: dict[str, str] = {}
    copy_of: dict[str, tuple[int, int]] = {}
    for g, copies in enumerate(groups):
        for k, nodes in enumerate(copies):
            for node, first in zip(nodes, copies[0], strict=True):
                copy_of[node.id] = g, k
                if k:
                    into[node.id] = first.id
    used = {edge.tail for edge in graph.edges if edge.head not in into} | set(graph.outputs)
    gone = {
        node.id for node in graph.nodes
        if node.kind in LEAVES and node.id not in used and node.id not in copy_of
    }  # fmt: skip

    def stays(edge: GraphEdge) -> bool:
        tail, head = copy_of.get(edge.tail), copy_of.get(edge.head)
        return edge.tail not in gone and (tail is None or head is None or tail[0] != head[0] or tail == head)

    nodes = [node for node in graph.nodes if node.id not in gone]
    edges = [edge for edge in graph.edges if stays(edge)]
    return merge(replace(graph, nodes=nodes, edges=edges), into, {}, modules)


def _contents(graph: Graph) -> dict[str, list[GraphNode]]:
    """All nodes within each call, those of inner calls too."""
    around = chains(graph)
    out: dict[str, list[GraphNode]] = {call.id: [] for call in graph.modules}
    for node in graph.nodes:
        if node.module:
            for id in around[node.module]:
                out[id].append(node)
    return out
