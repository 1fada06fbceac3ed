"""Numbers and names as short text, safe to stand in DOT."""

from __future__ import annotations

import html
import re

import graphviz

from ..graph import GraphNode, Summary

ARROW = "\N{RIGHTWARDS ARROW}"
DOT = " \N{MIDDLE DOT} "


def clean(value: str, limit: int = 48) -> str:
    """``value`` on one line, without what no font can show, and not too long."""
    shown = "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in value)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def text(value: str, limit: int = 48) -> str:
    """``value`` for an HTML-like label."""
    return html.escape(disarmed(clean(value, limit)))


def disarmed(value: str) -> str:
    """``value`` with backslashes that Graphviz does not take for the name of a node or the end of a line."""
    return re.sub(r"\\(?=\w)", "\\\\\N{ZERO WIDTH SPACE}", value)


def plain(value: str) -> str:
    """``value`` for a plain attribute, where a backslash is not an escape and a bracket not the start of markup."""
    lines = (clean(line, 200) for line in value.split("\n"))
    return "\\n".join(str(graphviz.escape(disarmed(line))) for line in lines)


def headline(node: GraphNode) -> str:
    """What stands first in a node: operation and name, or name, or value."""
    if node.kind == "module":
        return f"{node.name}{DOT}{node.title}"
    if node.kind == "op":
        return f"{node.title} {ARROW} {node.name}" if node.name else node.title
    if node.name:
        return node.name
    if node.kind == "constant" and node.value is not None and node.value.value is not None:
        return number(node.value.value)
    return "constant" if node.kind == "constant" else "input"


def number(value: float) -> str:
    """Four significant digits."""
    return f"{value:.4g}"


def statistics(value: Summary) -> str:
    """Mean and spread, and what is not finite."""
    parts = [f"{number(value.mean)} ± {number(value.std)}"] if value.mean is not None and value.std is not None else []
    parts += [f"{value.nans} nan"] if value.nans else []
    parts += [f"{value.infs} inf"] if value.infs else []
    return DOT.join(parts) or "no numbers"


def size_text(value: Summary) -> str:
    """A number itself, an array by its norm, and what is not finite."""
    if value.value is not None:
        return number(value.value)
    bad = [f"{value.nans} nan"] if value.nans else []
    bad += [f"{value.infs} inf"] if value.infs else []
    norm = [f"norm {number(value.norm)}"] if value.norm is not None else []
    return DOT.join([*norm, *bad]) or "empty"


def bytes_text(n: int) -> str:
    """Bytes in a unit that keeps the number short."""
    amount = float(n)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            break
        amount /= 1024
    return f"{amount:.4g} {unit}" if unit == "B" else f"{amount:.3g} {unit}"


def time_text(seconds: float) -> str:
    """A time in a unit that keeps the number short."""
    for unit, length in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
