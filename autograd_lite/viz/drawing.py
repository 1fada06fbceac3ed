"""``draw``: a picture of the recorded graph."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..graph import Graph, Recording, collapse
from ..graph import fold as fold_graph
from ..graph.compare import union
from ..graph.fold import READABLE
from ..graph.trace import Tracer
from ..tensor import Tensor
from .dot import FACTS, Marks, to_dot
from .render import FORMATS, RenderError, render, write
from .style import theme_of

SOURCE_SUFFIXES = ("dot", "gv")
COLORS = ("kind", "gradient")
DEFAULT_FACTS = ("shape", "dtype", "settings", "value")


class Drawing:
    """A drawn graph. A notebook shows it; :meth:`save` writes it.

    Attributes
    ----------
    source : str
        The picture as DOT text.
    graph : Graph
        What it shows, as plain data.
    """

    def __init__(self, source: str, graph: Graph, timeout: float = 60.0) -> None:
        self.source, self.graph, self.timeout = source, graph, timeout

    def render(self, format: str = "svg", dpi: int | None = None) -> bytes:
        """The picture as the content of a file of ``format``: ``"svg"``, ``"png"`` or ``"pdf"``.

        Raises
        ------
        RenderError
            If no program is found that draws, or it fails, or it does not finish in time.
        """
        return render(self.source, format, self.timeout, dpi)

    def save(self, path: str | os.PathLike[str], dpi: int = 160) -> Path:
        """Write the picture; the ending of ``path`` chooses the format.

        Parameters
        ----------
        path : path-like
            Ends in ``.svg``, ``.png`` or ``.pdf``; or in ``.dot`` or ``.gv`` for the source, which needs no renderer.
        dpi : int
            Dots per inch of a PNG.

        Returns
        -------
        Path
            Where the picture is.

        Raises
        ------
        RenderError
            As for :meth:`render`, or if ``path`` cannot be written. No half-written file is left.
        """
        target = Path(path)
        format = target.suffix[1:].lower()
        if format not in (*FORMATS, *SOURCE_SUFFIXES):
            known = ", ".join("." + name for name in (*FORMATS, *SOURCE_SUFFIXES))
            raise RenderError(f"The ending of {str(target)!r} names no format; use one of {known}.")
        write(target, self.source.encode() if format in SOURCE_SUFFIXES else self.render(format, dpi))
        return target

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        try:
            return {"image/svg+xml": self.render().decode(), "text/plain": repr(self)}
        except RenderError as error:
            return {"text/plain": f"{error}\n\n{self.source}"}

    def _repr_svg_(self) -> str | None:
        return self._repr_mimebundle_().get("image/svg+xml")

    def __repr__(self) -> str:
        return f"Drawing({len(self.graph.nodes)} nodes, {len(self.graph.edges)} edges)"


def draw(
    outputs: Tensor | Iterable[Tensor] | Graph,
    *,
    names: Mapping[str, Tensor] | None = None,
    show: Iterable[str] = DEFAULT_FACTS,
    theme: str = "light",
    direction: str = "TB",
    constants: bool = True,
    gradients: Any = None,
    watched: Recording | None = None,
    color: str = "kind",
    compare: Graph | Tensor | None = None,
    fold: bool | None = None,
    depth: int | None = None,
    legend: bool = True,
    timeout: float = 60.0,
) -> Drawing:
    """Draw the graph behind some tensors: data flows along the arrows, backward runs against them.

    Nodes are named after the variables of the caller, the parameters of modules and the tensors' own names; each call
    of a module is a box around its nodes. The graph is not used up, and the same graph gives the same drawing.

    Parameters
    ----------
    outputs : Tensor, iterable of Tensors, or Graph
    names : mapping from names to tensors, optional
        Names that come before all others.
    show : iterable of str
        What to write into the nodes: any of ``"shape"``, ``"dtype"``, ``"settings"``, ``"value"`` (of single
        numbers), ``"statistics"`` (of arrays: mean and standard deviation), ``"gradient"`` (where known),
        ``"derivative"`` (along edges between numbers), ``"saved"`` (bytes kept for backward) and ``"time"``. What
        is not shown stands in the tooltips of an SVG.
    theme : str
        ``"light"``, ``"dark"`` or ``"print"``.
    direction : str
        Where data flows: ``"TB"`` (top to bottom), ``"LR"``, ``"BT"`` or ``"RL"``.
    constants : bool
        Draw operands that need no gradient, where a rule kept them.
    gradients : bool, array_like or list of array_like, optional
        Run backward, collecting nothing and keeping the graph, and draw what flows along every edge: its value or
        norm, as width and colour too. Where several contributions meet, they are shown to add up, and marked if they
        cancel. Other outputs than single numbers need a cotangent each. By default a watched pass is shown.
    watched : Recording, optional
        What a :func:`watch` block saw of this graph: values, times, source lines, and the pass that freed it.
    color : str
        What the colours of nodes mean: ``"kind"`` of operation, or size of the ``"gradient"``.
    compare : Graph or Tensor, optional
        An earlier graph: what only it has is drawn too, as removed, and what it has not is marked as added.
    fold : bool, optional
        Show repeated blocks once ("x 12") and chains of reshapes as one node, and if that is not enough leave out
        constants and the insides of modules. By default for graphs of more than 60 nodes.
    depth : int, optional
        How many levels of modules to open; what lies deeper is one node for each module.
    legend : bool
        Explain the colours.
    timeout : float
        Seconds that rendering may take.

    Returns
    -------
    Drawing
        Rendered when it is looked at or saved.

    Raises
    ------
    GradError
        If a tensor has no graph, or its graph was freed by ``backward``.
    TypeError
        If something else than tensors or a graph is to be drawn.
    ValueError
        For a theme, direction or other choice that there is not.

    Examples
    --------
    >>> x = Tensor(3.0, requires_grad=True)
    >>> y = x * x + x
    >>> draw(y)
    Drawing(3 nodes, 4 edges)
    """
    shown = frozenset([show] if isinstance(show, str) else show)
    if unknown := shown - set(FACTS):
        raise ValueError(f"show has no {', '.join(map(repr, sorted(unknown)))}; choose from {', '.join(FACTS)}.")
    colors = theme_of(theme)
    if color not in COLORS:
        raise ValueError(f"There is no colouring by {color!r}; choose from {', '.join(COLORS)}.")
    if color == "gradient" and gradients is None and watched is None:
        gradients = True
    frame = sys._getframe(1)
    if not isinstance(outputs, Graph):
        outputs = Tracer(outputs, frame, names, watched).graph("statistics" in shown, constants, gradients)
    marks = Marks()
    if compare is not None:
        if not isinstance(compare, Graph):
            compare = Tracer(compare, frame, names).graph("statistics" in shown, constants)
        outputs, marks = _compared(compare, outputs)
        fold = bool(fold)
    if depth is not None:
        outputs = collapse(outputs, depth)
    if fold or (fold is None and len(outputs) > READABLE):
        outputs = fold_graph(outputs)
    if any(edge.contribution is not None for edge in outputs.edges):
        shown |= {"gradient"}
    source = to_dot(outputs, colors, shown, direction, legend, color, marks=marks)
    return Drawing(source, outputs, timeout)


def _compared(first: Graph, second: Graph) -> tuple[Graph, Marks]:
    both, found = union(first, second)
    nodes = {node.id: ("good", "added") for node in found.added}
    nodes |= {f"old_{node.id}": ("alarm", "removed") for node in found.removed}
    return both, Marks(nodes, legend=f"{len(found.added)} added, {len(found.removed)} removed")
