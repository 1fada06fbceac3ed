"""A graph as text: for the terminal, as JSON, as Mermaid, and for networkx."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .data import Graph, GraphNode, ModuleCall


def shape_text(shape: tuple[int, ...]) -> str:
    """Lengths with a proper sign between them; one length in brackets, to tell it from a number."""
    return "\N{MULTIPLICATION SIGN}".join(map(str, shape)) if len(shape) != 1 else f"({shape[0]},)"


def label(node: GraphNode) -> str:
    """What to call a node where another one uses it."""
    if node.name:
        return node.name
    if node.kind == "constant" and node.value is not None and node.value.value is not None:
        return f"{node.value.value:.4g}"
    return node.id


def title(call: ModuleCall) -> str:
    """The name of a call, with its number where its module was called more than once."""
    return f"{call.name} #{call.number}" if call.number else call.name


def listing(graph: Graph) -> str:
    """One line for each node, in order, under the modules that it belongs to."""
    names = {node.id: label(node) for node in graph.nodes}
    operands = graph.operands()
    calls = {call.id: call for call in graph.modules}
    rows: list[tuple[str, str]] = []
    open_calls: list[str] = []
    for node in sorted(graph.nodes, key=lambda node: node.kind != "constant" or node.name is None):  # data first
        if node.kind == "constant" and node.name is None and node.value is not None and not node.shape:
            continue  # its user writes the number
        around = _around(node.module, calls)
        while open_calls and open_calls != around[: len(open_calls)]:
            open_calls.pop()
        for id in around[len(open_calls) :]:
            call = calls[id]
            times = f" \N{MULTIPLICATION SIGN} {call.repeats}" if call.repeats > 1 else ""
            rows.append(("  " * len(open_calls) + f"{title(call)}{times} ({call.kind})", ""))
            open_calls.append(id)
        text = names[node.id]
        if node.kind in ("op", "module"):
            text += f" = {node.title}({', '.join(names[edge.tail] for edge in operands[node.id])})"
        facts = [node.kind if node.kind not in ("op", "module") else "", shape_text(node.shape), node.dtype or ""]
        if node.value is not None and node.value.value is not None:
            facts.append(f"= {node.value.value:.4g}")
        if node.gradient is not None and node.gradient.norm is not None:
            number = node.gradient.value if node.gradient.value is not None else node.gradient.norm
            facts.append(f"gradient {number:.4g}")
        rows.append(("  " * len(open_calls) + text, " ".join(filter(None, facts))))
    width = min(60, max((len(left) for left, right in rows if right), default=0))
    return "\n".join(f"{left:<{width}}  {right}".rstrip() for left, right in rows)


def _around(id: str | None, calls: Mapping[str, ModuleCall]) -> list[str]:
    chain = []
    while id is not None:
        chain.append(id)
        id = calls[id].parent
    return chain[::-1]


def to_json(graph: Graph) -> str:
    """JSON of the dataclasses; numbers that are not finite are written as text."""
    return json.dumps(_plain(asdict(graph)), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return repr(value) if isinstance(value, float) and not -1e400 < value < 1e400 else value


def to_mermaid(graph: Graph) -> str:
    """A flowchart in Mermaid, with modules as subgraphs."""
    lines = ["flowchart TD"]
    brackets = {"leaf": ("([", "])"), "parameter": ("[[", "]]"), "constant": ("(", ")"), "module": ("{{", "}}")}
    children: dict[str | None, list[ModuleCall]] = defaultdict(list)
    inside: dict[str | None, list[GraphNode]] = defaultdict(list)
    for each in graph.modules:
        children[each.parent].append(each)
    for node in graph.nodes:
        inside[node.module].append(node)
    stack: list[ModuleCall | str | None] = [None]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            lines.append(item)
            continue
        call = item
        if call is not None:
            lines.append(f"subgraph {call.id}[{_quoted(f'{title(call)}: {call.kind}')}]")
            stack.append("end")
        for node in inside[call.id if call else None]:
            left, right = brackets.get(node.kind, ("[", "]"))
            what = f"{node.title} = {node.name}" if node.title and node.name else node.title or label(node)
            lines.append(f"{node.id}{left}{_quoted(f'{what} {shape_text(node.shape)}'.strip())}{right}")
        stack += reversed(children[call.id if call else None])
    lines += [f"{edge.tail} --> {edge.head}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Text that Mermaid takes as it is: everything but letters, digits and harmless signs as a character code."""
    return '"' + "".join(c if c.isalnum() or c in " .,:=()_-+/*" else f"#{ord(c)};" for c in text) + '"'


def to_networkx(graph: Graph) -> Any:
    """A ``networkx.MultiDiGraph`` whose nodes and edges carry our facts as attributes."""
    try:
        networkx = import_module("networkx")
    except ImportError:
        raise ImportError("to_networkx() needs networkx: pip install networkx.") from None
    out = networkx.MultiDiGraph(outputs=list(graph.outputs))
    for node in graph.nodes:
        out.add_node(node.id, **{key: value for key, value in asdict(node).items() if key != "id"})
    for edge in graph.edges:
        out.add_edge(edge.tail, edge.head, edge.index, operand=edge.operand, contribution=edge.contribution)
    return out
