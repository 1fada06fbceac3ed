"""A recorded graph as plain data: dataclasses of strings and numbers that hold on to no array and no tensor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from . import text

Shape = tuple[int, ...]


PIXELS, BINS = 28, 24  # of pictures


@dataclass(slots=True)
class Summary:
    """What there is to say about an array in a few numbers.

    ``value`` is the number itself where there is only one; the statistics are of the finite elements. ``pixels`` are
    rows of some elements of the first matrix in the array, None for nan; ``counts`` a histogram from ``low`` to
    ``high``.
    """

    shape: Shape
    dtype: str
    nbytes: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    std: float | None = None
    norm: float | None = None
    nans: int = 0
    infs: int = 0
    pixels: list[list[float | None]] | None = None
    counts: list[int] | None = None

    @classmethod
    def of(cls, array: Any, pictures: bool = False) -> Summary:
        """Summarise an array or a number of any kind; ``pictures`` adds ``pixels`` and ``counts``."""
        array = np.asarray(array)
        out = cls(array.shape, dtype_name(array.dtype), array.nbytes)
        if array.size == 0 or array.dtype.kind not in "biuf":
            return out
        if array.size == 1:
            out._set_number(float(array.item()))
            return out
        numbers = array if array.dtype.kind == "f" else array.astype(np.float64)
        finite = np.isfinite(numbers)
        if not finite.all():
            out.nans = int(np.isnan(numbers).sum())
            out.infs = array.size - out.nans - int(finite.sum())
            numbers = numbers[finite]
        if numbers.size:
            numbers = numbers.astype(np.promote_types(numbers.dtype, np.float64), copy=False)
            low, high = numbers.min(), numbers.max()
            with np.errstate(all="ignore"):
                out.low, out.high = float(low), float(high)
                out.mean, out.std = float(numbers.mean()), float(numbers.std())
                out.norm = float(np.linalg.norm(numbers.reshape(-1)))
                if pictures and numbers.size > PIXELS and 0 < high - low < np.inf:
                    places = ((numbers - low) / (high - low) * BINS).astype(int)
                    out.counts = np.bincount(places.reshape(-1).clip(0, BINS - 1), minlength=BINS).tolist()
        if pictures:
            out.pixels = _pixels(array)
        return out

    def _set_number(self, value: float) -> None:
        self.value = value
        self.nans, self.infs = int(value != value), int(abs(value) == np.inf)
        if not self.nans and not self.infs:
            self.low = self.high = self.mean = value
            self.std, self.norm = 0.0, abs(value)


@cache
def dtype_name(dtype: np.dtype[Any]) -> str:
    """What NumPy calls ``dtype``; it takes its time to say so."""
    return str(dtype)


def _pixels(array: np.ndarray) -> list[list[float | None]]:
    """The first matrix of ``array``, thinned out to a thumbnail, in four digits."""
    while array.ndim > 2:
        array = array[0]
    array = np.atleast_2d(array)
    rows, columns = (-(-n // PIXELS) for n in array.shape)
    return [[float(f"{v:.4g}") if np.isfinite(v) else None for v in row] for row in array[::rows, ::columns].tolist()]


@dataclass(slots=True)
class GraphNode:
    """One array of the computation: the result of an operation, a leaf, or an operand that needs no gradient.

    Attributes
    ----------
    id : str
        ``n0``, ``n1``, ... in an order in which every operation follows its operands.
    kind : str
        ``"op"``, ``"leaf"`` (requires a gradient), ``"parameter"`` (a leaf that a module owns) or ``"constant"``; in a
        folded graph also ``"module"``.
    op, title : str
        The name of the rule, and the rule with its settings where it has a short way to write them; of a leaf, ``""``.
    family : str
        The file of rules that the operation comes from, such as ``"reduce"``; ``"custom"`` for users' rules.
    name : str or None
        What the program calls this array.
    shape, dtype
        ``dtype`` is None where the graph alone does not tell it.
    settings : dict
        The settings of the operation (``axis``, ``n``, ...), as text.
    module : str or None
        The id of the innermost module call that the node belongs to.
    saved_bytes : int
        What the node keeps for backward.
    value, gradient : Summary or None
        Where known.
    source : str or None
        File, line and function that the operation was called from; only of watched graphs.
    seconds : float or None
        The time forward took; only of watched graphs.
    """

    id: str
    kind: str
    shape: Shape
    op: str = ""
    title: str = ""
    family: str = ""
    name: str | None = None
    dtype: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    module: str | None = None
    saved_bytes: int = 0
    value: Summary | None = None
    gradient: Summary | None = None
    source: str | None = None
    seconds: float | None = None


@dataclass(slots=True)
class GraphEdge:
    """Array ``tail`` is operand number ``index``, called ``operand`` by the rule, of the operation ``head``.

    ``contribution`` is what backward sends along the edge, from ``head`` to ``tail``, where that is known.
    """

    tail: str
    head: str
    index: int
    operand: str
    contribution: Summary | None = None


@dataclass(slots=True)
class ModuleCall:
    """One call of a module; nodes and calls within it refer to its id (``m0``, ``m1``, ...).

    ``name`` is the path from the outermost module, ``kind`` the class, ``number`` counts calls of the same module
    from 1, and is 0 if there was only one. In a folded graph, ``repeats`` says for how many equal calls it stands.
    """

    id: str
    name: str
    kind: str
    parent: str | None = None
    number: int = 0
    repeats: int = 1


@dataclass(slots=True)
class Graph:
    """A recorded computation. Nodes stand in an order in which every operation follows its operands.

    Examples
    --------
    >>> from autograd_lite import Tensor, graph
    >>> x = Tensor(3.0, requires_grad=True)
    >>> y = x * x + x
    >>> found = graph.trace(y)
    >>> [(node.id, node.op or node.name) for node in found.nodes]
    [('n0', 'x'), ('n1', 'Mul'), ('n2', 'Add')]
    >>> [(edge.tail, edge.head, edge.operand) for edge in found.edges]
    [('n0', 'n1', 'a'), ('n0', 'n1', 'b'), ('n1', 'n2', 'a'), ('n0', 'n2', 'b')]
    """

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    modules: list[ModuleCall]
    outputs: list[str]

    def __iter__(self) -> Iterator[GraphNode]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, id_or_name: str) -> GraphNode:
        """The node with this id, or the first with this name."""
        for node in self.nodes:
            if id_or_name in (node.id, node.name):
                return node
        raise KeyError(f"No node has the id or the name {id_or_name!r}.")

    def __str__(self) -> str:
        """One line for each node, under the modules that it belongs to."""
        return text.listing(self)

    def by_id(self) -> dict[str, GraphNode]:
        """The nodes by their ids."""
        return {node.id: node for node in self.nodes}

    def operands(self) -> dict[str, list[GraphEdge]]:
        """For the id of each node the edges that end in it, in the order of its operands."""
        found: dict[str, list[GraphEdge]] = {node.id: [] for node in self.nodes}
        for edge in sorted(self.edges, key=lambda edge: edge.index):
            found[edge.head].append(edge)
        return found

    def users(self) -> dict[str, list[GraphEdge]]:
        """For the id of each node the edges that start from it."""
        found: dict[str, list[GraphEdge]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.tail].append(edge)
        return found

    def to_json(self) -> str:
        """All facts as JSON. What is unknown is left out; nan and infinity are written as text."""
        return text.to_json(self)

    def to_mermaid(self) -> str:
        """A flowchart in Mermaid's notation, which many sites render inside Markdown."""
        return text.to_mermaid(self)

    def to_networkx(self) -> Any:
        """A ``networkx.MultiDiGraph``, whose nodes and edges have our facts as attributes; needs networkx."""
        return text.to_networkx(self)

    def counts(self) -> Counter[str]:
        """How often each operation occurs; leaves and constants under what they are."""
        return Counter(node.op or node.kind for node in self.nodes)
