"""How drawings look: themes, and which nodes are of one kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..graph import GraphNode
from ..ops.elementwise import Clip, Relu, Sigmoid
from ..ops.reduce import LogSoftmax, Softmax
from ..ops.special import Gelu, GeluTanh
from ..ops.trigonometry import Tanh

FONT = "Arial"  # what the renderers know the widths of

KINDS = {
    "leaf": "input",
    "parameter": "parameter",
    "data": "data",
    "constant": "constant",
    "arithmetic": "arithmetic",
    "activation": "activation",
    "reduction": "reduction",
    "layer": "products and layers",
    "shape": "shape and index",
    "custom": "your own rule",
    "module": "module",
}
"""The kinds of nodes that have a colour, in the order of the legend, with what the legend calls them."""

_FAMILIES = {
    "elementwise": "arithmetic",
    "reduce": "reduction",
    "linalg": "layer",
    "conv": "layer",
    "network": "layer",
    "shape": "shape",
    "index": "shape",
    "custom": "custom",
}
_ACTIVATIONS = {rule.__name__ for rule in (Relu, Sigmoid, Tanh, Softmax, LogSoftmax, Gelu, GeluTanh, Clip)}


def kind(node: GraphNode) -> str:
    """The key in :data:`KINDS` that decides the colour of ``node``."""
    if node.kind == "constant":
        return "data" if node.shape else "constant"
    if node.kind != "op" and node.family in ("", "module"):
        return node.kind
    return "activation" if node.op in _ACTIVATIONS else _FAMILIES.get(node.family, "arithmetic")


@dataclass(frozen=True)
class Theme:
    """Colours of a drawing. ``fills`` has, for each kind, the colours inside and of the border."""

    background: str
    text: str
    muted: str
    edge: str
    output: str
    clusters: tuple[str, str]
    cluster_border: str
    gradient: str
    alarm: str
    good: str
    fills: Mapping[str, tuple[str, str]]


LIGHT = Theme(
    background="#ffffff", text="#1c2733", muted="#5d6b79", edge="#8996a3", output="#1c2733",
    clusters=("#f6f8fa", "#eef2f5"), cluster_border="#d5dde4", gradient="#b4552d", alarm="#c62f3b", good="#2f8f5b",
    fills={
        "leaf": ("#e1eefa", "#5a93c9"),
        "parameter": ("#fdf0d2", "#d3a03a"),
        "data": ("#eef3d5", "#a0ad58"),
        "constant": ("#ffffff", "#ccd4db"),
        "arithmetic": ("#ffffff", "#98a5b2"),
        "activation": ("#e0f3e7", "#58a67b"),
        "reduction": ("#dcf1f2", "#479ea6"),
        "layer": ("#ebe7f9", "#8775c6"),
        "shape": ("#f5ebe2", "#bfa08a"),
        "custom": ("#fbe6ee", "#c66a90"),
        "module": ("#dde1e6", "#5f6c79"),
    },
)  # fmt: skip

DARK = Theme(
    background="#14191f", text="#e8edf2", muted="#9fadba", edge="#75828f", output="#ffffff",
    clusters=("#1a2128", "#212a32"), cluster_border="#34404b", gradient="#f0a27a", alarm="#ff6b73", good="#67c993",
    fills={
        "leaf": ("#1d3a55", "#6ba6dd"),
        "parameter": ("#4a3a14", "#dcae50"),
        "data": ("#32381a", "#95a150"),
        "constant": ("#14191f", "#45525e"),
        "arithmetic": ("#252e37", "#8793a0"),
        "activation": ("#1d4230", "#6cbd90"),
        "reduction": ("#163f44", "#5cb5bd"),
        "layer": ("#352d5a", "#a494e3"),
        "shape": ("#3d322c", "#a88872"),
        "custom": ("#4d2437", "#dd86aa"),
        "module": ("#3a434d", "#a9b5c0"),
    },
)  # fmt: skip

PRINT = Theme(
    background="#ffffff", text="#000000", muted="#404040", edge="#404040", output="#000000",
    clusters=("#ffffff", "#ffffff"), cluster_border="#808080", gradient="#505050", alarm="#000000", good="#000000",
    fills={
        "leaf": ("#e4e4e4", "#000000"),
        "parameter": ("#cfcfcf", "#000000"),
        "data": ("#ffffff", "#707070"),
        "constant": ("#ffffff", "#b0b0b0"),
        "arithmetic": ("#ffffff", "#000000"),
        "activation": ("#ffffff", "#000000"),
        "reduction": ("#ffffff", "#000000"),
        "layer": ("#f2f2f2", "#000000"),
        "shape": ("#ffffff", "#909090"),
        "custom": ("#ffffff", "#000000"),
        "module": ("#e8e8e8", "#000000"),
    },
)  # fmt: skip


def blend(low: str, high: str, t: float) -> str:
    """The colour that lies at ``t``, from 0 to 1, on the way from ``low`` to ``high``."""
    channels = ((int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * t):02x}" for a, b in channels)


THEMES = {"light": LIGHT, "dark": DARK, "print": PRINT}


def theme_of(name: str, among: Collection[str] = tuple(THEMES)) -> Theme:
    """The theme called ``name``, if it is one of some.

    Raises
    ------
    ValueError
        If it is not, with those there are.
    """
    if name not in among:
        raise ValueError(f"There is no theme {name!r} here; choose from {', '.join(among)}.")
    return THEMES[name]
