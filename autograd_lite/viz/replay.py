"""``replay``: one HTML file that steps forward and backward through a recorded pass."""

from __future__ import annotations

import html
import json
import os
import sys
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import GradError
from ..graph import Graph, GraphNode, Recording, Summary
from ..graph.text import shape_text
from ..graph.trace import Tracer
from ..tensor import Tensor
from .dot import to_dot
from .flow import Flow, size
from .render import render, write
from .style import theme_of
from .words import headline, number, size_text, time_text

LARGEST = 3000  # nodes that a browser still moves smoothly


class Replay:
    """A recorded pass as one HTML file, which needs nothing but a browser. A notebook shows it; :meth:`save` writes it.

    Attributes
    ----------
    html : str
        The content of the file.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file, whole or not at all.

        Raises
        ------
        RenderError
            If ``path`` cannot be written.
        """
        target = Path(path)
        write(target, self.html.encode())
        return target

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{html.escape(self.html)}" style="width:100%;height:640px;border:0"></iframe>'

    def __repr__(self) -> str:
        return f"Replay({len(self.html) // 1024} KiB of HTML)"


def replay(
    outputs: Tensor | Iterable[Tensor],
    *,
    watched: Recording | None = None,
    gradients: Any = True,
    names: Mapping[str, Tensor] | None = None,
    theme: str = "light",
    direction: str = "TB",
    timeout: float = 60.0,
) -> Replay:
    """A page that replays how some tensors were computed, and how their gradients were.

    It steps through the operations, then through what backward sent along each edge, in the order in which it
    happened. It plays, pauses, searches, pans and zooms, and shows the numbers of a node that is clicked.

    Parameters
    ----------
    outputs : Tensor or iterable of Tensors
    watched : Recording, optional
        What a :func:`watch` block saw: then every value, line and time is there, and the backward pass is the one
        that was watched. Otherwise one is run, collecting nothing and keeping the graph.
    gradients : bool, array_like or list of array_like
        The cotangents of that pass, needed for other outputs than single numbers; False leaves backward out.
    names, theme, direction, timeout
        As for :func:`draw`. The themes are ``"light"`` and ``"dark"``.

    Raises
    ------
    GradError
        If there is no graph, it was freed unwatched, or has more than 3000 nodes.
    RenderError
        If there is no program that draws, or it fails. The page itself needs none.
    """
    colors = theme_of(theme, ("light", "dark"))
    tracer = Tracer(outputs, sys._getframe(1), names, watched)
    if len(tracer.order) > LARGEST:
        raise GradError(
            f"This graph has {len(tracer.order)} nodes; a page can show {LARGEST}. Replay an earlier tensor, or draw() "
            "this one: drawings of large graphs are folded."
        )
    graph = tracer.graph(values=True, gradients=gradients)
    source = to_dot(graph, colors, {"shape"}, direction, legend=False, flow=False)
    picture = render(source, "svg", timeout).decode()
    data = {
        "theme": theme,
        "title": "Replay of " + ", ".join(headline(graph[id]) for id in graph.outputs),
        "nodes": [_node(node) for node in graph.nodes],
        **_steps(graph, tracer),
    }
    page = files(__package__).joinpath("replay.html").read_text(encoding="utf-8")
    # Data first, in which no tag can stand, and the picture last: what names are called is never taken for a place.
    page = page.replace("/*DATA*/", json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c"))
    page = page.replace("<title>Replay</title>", f"<title>{html.escape(data['title'])}</title>")
    return Replay(page.replace("<!--SVG-->", picture[picture.index("<svg") :]))


def _steps(graph: Graph, tracer: Tracer) -> dict[str, Any]:
    """Forward in the order of execution where it was watched, backward in the order of the pass."""
    edges = {(edge.head, edge.index): i for i, edge in enumerate(graph.edges)}
    nodes, operands = graph.by_id(), graph.operands()
    forward = [tracer.ids[node] for node in tracer.executed() if nodes[tracer.ids[node]].kind == "op"]
    steps: list[dict[str, Any]] = [
        {
            "kind": "forward",
            "node": id,
            "edges": [f"e{edges[id, edge.index]}" for edge in operands[id]],
            "said": f"forward: {headline(nodes[id])}",
        }
        for id in forward
    ]
    for step in tracer.flow.steps:
        if step.head in tracer.ids and step.tail in tracer.ids:
            head, tail = tracer.ids[step.head], tracer.ids[step.tail]
            said = f"{headline(nodes[head])} sends {size_text(step.contribution)} to {headline(nodes[tail])}"
            steps.append(
                {"kind": "backward", "node": tail, "edge": f"e{edges[head, step.index]}", "said": f"backward: {said}"}
            )
    scale = Flow(graph).edges
    widths = {
        f"e{i}": round(1 + 5 * scale.place(size(edge.contribution)), 2)
        for i, edge in enumerate(graph.edges) if edge.contribution is not None
    }  # fmt: skip
    return {"steps": steps, "forward": len(forward), "widths": widths}


def _node(node: GraphNode) -> dict[str, Any]:
    facts = [("shape", shape_text(node.shape) or "a number"), ("dtype", node.dtype or "unknown")]
    facts += [(key, value) for key, value in node.settings.items() if key != "shape"]
    if node.seconds is not None:
        facts.append(("forward took", time_text(node.seconds)))
    return {
        "id": node.id,
        "title": headline(node),
        "facts": facts,
        "source": node.source,
        "value": node.value and _numbers(node.value),
        "gradient": node.gradient and _numbers(node.gradient),
    }


def _numbers(value: Summary) -> dict[str, Any]:
    facts = []
    if value.value is not None:
        facts.append(("number", number(value.value)))
    elif value.low is not None:
        for key in ("low", "high", "mean", "std", "norm"):
            facts.append(({"low": "smallest", "high": "largest"}.get(key, key), number(getattr(value, key))))
    facts += [(key, str(n)) for key, n in (("nan", value.nans), ("inf", value.infs)) if n]
    return {"facts": facts, "pixels": value.pixels, "counts": value.counts}
