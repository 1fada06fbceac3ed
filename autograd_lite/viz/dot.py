"""From a graph to DOT source. Every text is escaped here, and every choice of looks is made here or in ``style``."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import graphviz

from ..graph import Graph, GraphEdge, GraphNode, ModuleCall, Summary
from ..graph.merge import LEAVES
from ..graph.text import shape_text
from ..graph.text import title as call_title
from .flow import Flow, size
from .style import FONT, KINDS, Theme, blend, kind
from .words import DOT, bytes_text, headline, number, plain, size_text, statistics, text, time_text

FACTS = ("shape", "dtype", "settings", "value", "statistics", "gradient", "derivative", "saved", "time")
SHOWN_SETTINGS = frozenset(["axis", "axes", "index", "low", "high", "n", "shift", "repeats", "eps"])
DIRECTIONS = ("TB", "LR", "BT", "RL")
GAP = 3  # points around the label of an edge: half of the widest edge, and a little
VEIL = "cc"  # the opacity of what stands behind it, where the edge runs askew
MOST_USERS = 6  # that a leaf is joined to by lines
TIMES = "\N{MULTIPLICATION SIGN}"


def to_dot(
    graph: Graph,
    theme: Theme,
    show: Collection[str],
    direction: str = "TB",
    legend: bool = True,
    color: str = "kind",
    flow: bool = True,
    marks: Marks | None = None,
) -> str:
    """The DOT source of a drawing; the same graph gives the same text."""
    if direction not in DIRECTIONS:
        raise ValueError(f"There is no direction {direction!r}; choose from {', '.join(DIRECTIONS)}.")
    return _Writer(graph, theme, frozenset(show), color, flow, marks or Marks(), direction).write(legend)


@dataclass
class Marks:
    """What to point out; the rest is toned down.

    ``nodes`` have a colour of the theme (``"alarm"``, ``"good"``, ...) and a note; ``path`` are the edges to light up,
    as pairs (tail, head).
    """

    nodes: dict[str, tuple[str, str]] = field(default_factory=dict)
    path: set[tuple[str, str]] = field(default_factory=set)
    legend: str = ""


def _title_id(call: str) -> str:
    return f"title_{call}"


class _Writer:
    def __init__(
        self, graph: Graph, theme: Theme, show: frozenset[str], color: str, flow: bool, marks: Marks, direction: str
    ) -> None:
        self.graph, self.theme, self.show, self.color, self.direction = graph, theme, show, color, direction
        self.anchors = self._anchors() if direction in ("TB", "BT") else {}
        self.flow = Flow(graph)
        self.draws_flow = flow
        self.marks = marks
        self.outputs = set(graph.outputs)
        self.tails, self.aliases = self._spread_leaves()
        self.titles = {node.id: headline(node) for node in graph.nodes}
        self.constants = {node.id for node in graph.nodes if node.kind in ("parameter", "constant")}
        paths = {call.id: call.name + "." for call in graph.modules}
        self._short_names = {  # the box around a parameter says the rest
            node.id: node.name.removeprefix(paths[node.module])
            for node in graph.nodes if node.kind == "parameter" and node.name and node.module
        }  # fmt: skip

    def write(self, legend: bool) -> str:
        theme = self.theme
        dot = graphviz.Digraph("graph")
        dot.attr(
            rankdir=self.direction, bgcolor=theme.background, fontname=FONT, fontsize="10", fontcolor=theme.muted,
            nodesep="0.28", ranksep="0.38", pad="0.25", newrank="true", labelloc="b", tooltip=" ",
        )  # fmt: skip
        dot.attr("node", shape="box", style="rounded,filled", fontname=FONT, fontsize="11", fontcolor=theme.text,
                 margin="0.14,0.07", height="0.3", width="0.5", penwidth="1.1")  # fmt: skip
        dot.attr("edge", color=theme.edge, arrowsize="0.6", penwidth="1.1", fontname=FONT, fontsize="9",
                 fontcolor=theme.gradient)  # fmt: skip
        if legend:
            dot.attr(label=self._legend())
        inside: dict[str | None, list[GraphNode]] = defaultdict(list)
        children: dict[str | None, list[ModuleCall]] = defaultdict(list)
        for node in self.graph.nodes:
            inside[node.module].append(node)
        for call in self.graph.modules:
            children[call.parent].append(call)
        self._fill(dot, inside, children)
        for call_id, (beside, rows) in self.anchors.items():
            for id in dict.fromkeys(beside):  # in one row, edges run from left to right
                dot.edge(_title_id(call_id), id, style="invis", minlen=str(rows))
        for i, edge in enumerate(self.graph.edges):
            self._edge(dot, edge, f"e{i}", self.tails.get(i, edge.tail))
        return str(dot.source)

    def _fill(
        self,
        dot: graphviz.Digraph,
        inside: dict[str | None, list[GraphNode]],
        children: dict[str | None, list[ModuleCall]],
    ) -> None:
        """Nodes and clusters, each cluster's text between its braces; a stack instead of recursion."""
        stack: list[ModuleCall | int | None] = [None]
        depth = 0
        while stack:
            call = stack.pop()
            if isinstance(call, int):
                depth -= 1
                dot.body.append("\t" * (depth + 1) + "}\n")
                continue
            if call is not None:
                depth += 1
                dot.body.append("\t" * depth + f"subgraph cluster_{call.id} {{\n")
                dot.body += [f"{chr(9) * (depth + 1)}{line}\n" for line in self._cluster(call, depth)]
                stack.append(0)
            for node in inside[call.id if call else None]:
                before = len(dot.body)
                self._node(dot, node)
                for alias, leaf in self.aliases[node.id]:
                    self._alias(dot, alias, leaf)
                dot.body[before:] = ["\t" * depth + line for line in dot.body[before:]]
            stack += reversed(children[call.id if call else None])

    def _cluster(self, call: ModuleCall, depth: int) -> Iterable[str]:
        theme = self.theme
        parts = [f"<b>{text(call_title(call))}</b>"] if call_title(call) != call.kind else []
        parts += [f"{TIMES} {call.repeats}"] if call.repeats > 1 else []
        parts += [text(call.kind)] if call.kind != "repeated" else []
        title = f"<{DOT.join(parts)}>"
        id = _title_id(call.id)
        label = '""' if call.id in self.anchors else title
        yield f'graph [label={label} labeljust=l labelloc=t style="rounded,filled" margin=10 tooltip=" "'
        yield f'    fillcolor="{theme.clusters[depth % 2]}" color="{theme.cluster_border}"'
        yield f'    fontcolor="{theme.muted}" fontsize=10]'
        if call.id in self.anchors:
            yield f'{id} [id={id} label={title} shape=plain style="" fontcolor="{theme.muted}" fontsize=10 tooltip=" "]'

    def _anchors(self) -> dict[str, tuple[list[str], int]]:
        """For each call that has nodes, what its title stands left of; or, a row above it, the title of an inner call.

        Where data flows down or up, arrows enter a box just where its label would stand, but they go around nodes. So
        there titles are nodes, held in place by invisible edges; elsewhere they are labels.
        """
        nodes, operands, users = self.graph.by_id(), self.graph.operands(), self.graph.users()
        parents = {call.id: call.parent for call in self.graph.modules}
        found: dict[str, tuple[list[str], int]] = {}
        for first in self.graph.nodes:
            if first.module is None or first.module in found:
                continue
            beside = operands[users[first.id][0].head] if users[first.id] else []
            row = [e.tail for e in beside if nodes[e.tail].module == first.module and nodes[e.tail].kind in LEAVES]
            anchor = (row if first.id in row else [first.id], 0)
            call: str | None = first.module
            while call is not None and call not in found:
                found[call] = anchor
                anchor, call = ([_title_id(call)], 1), parents[call]
        return found

    # -- Nodes

    def _node(self, dot: graphviz.Digraph, node: GraphNode) -> None:
        fill, border = self._colors(node)
        attributes = {"id": node.id, "fillcolor": fill, "color": border}
        if node.kind == "parameter":
            attributes["style"] = "filled"
        if node.kind == "constant" and not node.shape:
            attributes |= {"margin": "0.08,0.04", "height": "0.2", "width": "0.3"}
        if node.id in self.outputs:
            attributes |= {"color": self.theme.output, "penwidth": "2.2"}
        if node.id in self.marks.nodes:
            color = getattr(self.theme, self.marks.nodes[node.id][0])
            fill = blend(self.theme.background, color, 0.16)
            attributes |= {"color": color, "penwidth": "2.6", "fillcolor": fill}
        dot.node(node.id, f"<{self._label(node)}>", tooltip=plain(self._tooltip(node)), **attributes)

    def _colors(self, node: GraphNode) -> tuple[str, str]:
        """Inside and border."""
        theme = self.theme
        if self.marks.nodes:
            return theme.background, theme.cluster_border
        if self.color == "kind":
            return theme.fills[kind(node)]
        if node.gradient is None:
            return theme.background, theme.cluster_border
        strength = size(node.gradient)
        return self._heat(strength), theme.alarm if strength in (0.0, math.inf) else theme.gradient

    def _heat(self, strength: float) -> str:
        place = 0.0 if strength == 0 else 0.08 + 0.5 * self.flow.nodes.place(strength)
        return blend(self.theme.background, self.theme.gradient, place)

    def _spread_leaves(self) -> tuple[dict[int, str], dict[str, list[tuple[str, GraphNode]]]]:
        """Leaves with many users are drawn again beside each of them, instead of with lines across the picture.

        Returns the tail of each edge for which that is so, and for each user the ids and nodes to draw beside it.
        """
        leaves = {node.id: node for node in self.graph.nodes if node.kind in LEAVES}
        users = Counter(edge.tail for edge in self.graph.edges)
        seen: set[str] = set()
        tails: dict[int, str] = {}
        aliases: dict[str, list[tuple[str, GraphNode]]] = defaultdict(list)
        for i, edge in enumerate(self.graph.edges):
            if edge.tail in leaves and users[edge.tail] > MOST_USERS:
                if edge.tail in seen:
                    tails[i] = f"{edge.tail}~{i}"
                    aliases[edge.head].append((tails[i], leaves[edge.tail]))
                seen.add(edge.tail)
        return tails, aliases

    def _alias(self, dot: graphviz.Digraph, id: str, node: GraphNode) -> None:
        fill, border = self._colors(node)
        dot.node(
            id, f"<{text(headline(node))}>", id=id, tooltip=plain(self._tooltip(node)), fillcolor=fill, color=border,
            style="rounded,filled,dashed", fontsize="9", height="0.2", width="0.3", margin="0.08,0.03",
        )  # fmt: skip

    def _label(self, node: GraphNode) -> str:
        muted = f'<font point-size="9" color="{self.theme.muted}">'
        title = text(self._short_names.get(node.id) or headline(node))
        lines = [f"<b>{title}</b>" if node.kind != "constant" or node.name else title]
        facts = DOT.join(self._facts(node))
        if facts:
            lines.append(f"{muted}{text(facts, 100)}</font>")
        lines += [f"{muted}{text(line, 100)}</font>" for line in self._numbers(node)]
        if node.id in self.marks.nodes:
            color, note = self.marks.nodes[node.id]
            lines.append(f'<font point-size="9" color="{getattr(self.theme, color)}"><b>{text(note, 70)}</b></font>')
        if self.flow.cancels(node):
            lines.append(f'<font point-size="9" color="{self.theme.alarm}"><b>contributions cancel</b></font>')
        return "<br/>".join(lines)

    def _facts(self, node: GraphNode) -> Iterable[str]:
        if node.kind == "module":
            yield from (f"{value} {key}" for key, value in node.settings.items())
        elif "settings" in self.show and node.title == node.op:
            yield from (f"{k}={v}" for k, v in node.settings.items() if k in SHOWN_SETTINGS and len(v) <= 16)
        if node.kind == "constant" and node.value is not None and not node.shape and node.name is None:
            return
        if "shape" in self.show and node.shape:
            yield shape_text(node.shape)
        if "dtype" in self.show and node.dtype:
            yield node.dtype

    def _numbers(self, node: GraphNode) -> Iterable[str]:
        show, value = self.show, node.value
        if value is not None and not (node.kind == "constant" and node.name is None):
            if "value" in show and value.value is not None:
                yield f"= {number(value.value)}"
            elif "statistics" in show and value.value is None:
                yield statistics(value)
        if "gradient" in show and node.gradient is not None:
            yield self._sum(node, node.gradient)
        costs = [bytes_text(node.saved_bytes)] if "saved" in show and node.saved_bytes else []
        costs += [time_text(node.seconds)] if "time" in show and node.seconds is not None else []
        if costs:
            yield DOT.join(costs)

    def _sum(self, node: GraphNode, gradient: Summary) -> str:
        """The gradient of a node, and the contributions that make it, where several meet."""
        parts = self.flow.parts(node)
        total = "gradient " + size_text(gradient)
        if not 2 <= len(parts) <= 4:
            return total + (f" of {len(parts)} parts" if len(parts) > 4 else "")
        if gradient.value is None:
            return f"{total} of {' and '.join(number(part.norm or 0.0) for part in parts)}"
        terms = " + ".join(number(part.value or 0.0) for part in parts)
        return f"{total} = {terms.replace('+ -', '- ')}"

    def _tooltip(self, node: GraphNode) -> str:
        lines = [f"{node.id}: {headline(node)}", f"shape {node.shape}" + (f", {node.dtype}" if node.dtype else "")]
        lines += [f"{key} = {value}" for key, value in node.settings.items()]
        if node.value is not None:
            lines.append(
                "value " + (number(node.value.value) if node.value.value is not None else statistics(node.value))
            )
        if node.gradient is not None:
            lines.append("gradient " + size_text(node.gradient))
        if node.saved_bytes:
            lines.append(f"keeps {bytes_text(node.saved_bytes)} for backward")
        if node.seconds is not None:
            lines.append(f"forward took {time_text(node.seconds)}")
        if node.source:
            lines.append(node.source)
        return "\n".join(lines)

    # -- Edges

    def _edge(self, dot: graphviz.Digraph, edge: GraphEdge, id: str, tail: str) -> None:
        attributes = {"id": id, "tooltip": plain(f"{edge.operand} of {self.titles[edge.head]}")}
        if edge.tail not in self.constants:
            attributes["weight"] = "4"  # keeps the way of the data straight
        flowing = edge.contribution
        if flowing is not None and self.draws_flow:
            strength = size(flowing)
            place = self.flow.edges.place(strength)
            attributes["label"] = self._edge_label(edge, flowing)
            attributes["tooltip"] = plain(f"backward sends {size_text(flowing)} from {self.titles[edge.head]}")
            attributes["penwidth"] = f"{0.8 + 3.2 * place:.2f}"
            attributes["color"] = blend(self.theme.edge, self.theme.gradient, place)
            if strength == math.inf:
                attributes["color"] = self.theme.alarm
            elif strength == 0:
                attributes |= {"style": "dashed", "color": self.theme.edge}
        if (edge.tail, edge.head) in self.marks.path:
            attributes |= {"color": self.theme.alarm, "penwidth": "3.2"}
        elif self.marks.path:
            attributes |= {"color": self.theme.edge, "penwidth": "1.1"}
        dot.edge(tail, edge.head, **attributes)

    def _edge_label(self, edge: GraphEdge, flowing: Summary) -> str:
        lines = [f"<b>{text(size_text(flowing).removeprefix('norm '))}</b>"]
        derivative = self.flow.derivative(edge) if "derivative" in self.show else None
        if derivative is not None:
            lines.append(f'<font color="{self.theme.muted}">slope {number(derivative)}</font>')
        looks = f'border="0" cellborder="0" cellspacing="{GAP}" cellpadding="1"'
        cell = f'<td bgcolor="{self.theme.background}{VEIL}">{"<br/>".join(lines)}</td>'
        return f"<<table {looks}><tr>{cell}</tr></table>>"

    # -- Legend

    def _legend(self) -> str:
        """One line of coloured chips, for the kinds that occur."""
        present = {kind(node) for node in self.graph.nodes}
        chips = [(*self.theme.fills[name], title) for name, title in KINDS.items() if name in present]
        cells = []
        if self.marks.nodes:
            chips, cells = [], [f'<td><font point-size="9">{text(self.marks.legend, 200)} </font></td>']
        elif self.color == "gradient":
            chips = [(self._heat(norm), self.theme.gradient, f"{norm:.2g}") for norm in self.flow.nodes.ticks()]
            cells = ['<td><font point-size="9">norm of the gradient: </font></td>']
        for fill, border, title in chips:
            looks = f'border="1" bgcolor="{fill}" color="{border}" width="12" height="10" fixedsize="true"'
            cells.append(f'<td {looks}></td><td align="left"><font point-size="9">{title} </font></td>')
        if self.flow.known:
            note = "\N{RIGHTWARDS ARROW} what backward sends against the arrow, by its norm"
            cells.append(f'<td><font point-size="9" color="{self.theme.gradient}">{note}</font></td>')
        return f'<<table border="0" cellborder="0" cellspacing="3" cellpadding="1"><tr>{"".join(cells)}</tr></table>>'
