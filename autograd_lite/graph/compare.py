"""Whether two graphs are the same, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from .data import Graph, GraphNode
from .text import label, shape_text


@dataclass(frozen=True)
class Difference:
    """How a graph came from another one.

    Attributes
    ----------
    matched : list of pairs of ids
        Nodes that are the same in both, operands included.
    removed, added : list of GraphNode
        What only the first graph has, and what only the second has.
    """

    matched: list[tuple[str, str]]
    removed: list[GraphNode]
    added: list[GraphNode]

    def __bool__(self) -> bool:
        """Whether there is a difference."""
        return bool(self.removed or self.added)

    def __str__(self) -> str:
        lines = [f"- {_line(node)}" for node in self.removed] + [f"+ {_line(node)}" for node in self.added]
        return "\n".join(lines) or "The graphs are the same."


def difference(first: Graph, second: Graph) -> Difference:
    """The least that has to be taken out of ``first`` and put in to make it ``second``.

    Names, values and modules do not count; operations with their settings, operands, shapes and dtypes do.
    """
    a, b = _signatures(first), _signatures(second)
    matched: list[tuple[str, str]] = []
    for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
        for k in range(block.size):
            matched.append((first.nodes[block.a + k].id, second.nodes[block.b + k].id))
    matched = _with_equal_operands(first, second, matched)
    left, right = {i for i, _ in matched}, {j for _, j in matched}
    return Difference(
        matched,
        [node for node in first.nodes if node.id not in left],
        [node for node in second.nodes if node.id not in right],
    )


def union(first: Graph, second: Graph) -> tuple[Graph, Difference]:
    """Both graphs in one: ``second``, and what only ``first`` has, with ids that begin with ``old``."""
    found = difference(first, second)
    ids = dict(found.matched) | {node.id: f"old_{node.id}" for node in found.removed}
    removed = {node.id: replace(node, id=ids[node.id], module=None) for node in found.removed}
    edges = [
        replace(edge, tail=ids[edge.tail], head=ids[edge.head])
        for edge in first.edges
        if edge.head in removed or edge.tail in removed
    ]
    nodes = [*second.nodes, *removed.values()]
    return Graph(nodes, [*second.edges, *edges], second.modules, second.outputs), found


def assert_same_graph(first: Graph, second: Graph) -> None:
    """Fail, saying what differs, unless two graphs compute the same in the same way.

    Raises
    ------
    AssertionError
        With one line for each node that only one of them has.

    Examples
    --------
    >>> from autograd_lite import Tensor, graph
    >>> x = Tensor(3.0, requires_grad=True)
    >>> assert_same_graph(graph.trace(x * x), graph.trace(x * x))
    >>> assert_same_graph(graph.trace(x * x), graph.trace(x + x))
    Traceback (most recent call last):
    AssertionError: The graphs differ:
    - n1 = Mul float64
    + n1 = Add float64
    """
    found = difference(first, second)
    if found:
        raise AssertionError(f"The graphs differ:\n{found}")


def _signatures(graph: Graph) -> list[tuple[object, ...]]:
    return [(n.kind, n.title, n.shape, n.dtype, *sorted(n.settings.items())) for n in graph.nodes]


def _with_equal_operands(first: Graph, second: Graph, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs whose operands, and uses as results, are pairs too."""
    sources = [graph.operands() for graph in (first, second)]
    partner: dict[str, str] = {}
    kept = []
    for i, j in pairs:
        left = [(edge.index, partner.get(edge.tail)) for edge in sources[0][i]]
        right = [(edge.index, edge.tail) for edge in sources[1][j]]
        if left == right and (i in first.outputs) == (j in second.outputs):
            partner[i] = j
            kept.append((i, j))
    return kept


def _line(node: GraphNode) -> str:
    what = f"{label(node)} = {node.title}" if node.title else f"{label(node)} ({node.kind})"
    settings = "".join(f" {key}={value}" for key, value in node.settings.items())
    return " ".join(filter(None, [what + settings, shape_text(node.shape), node.dtype or ""]))
