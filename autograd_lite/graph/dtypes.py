"""Dtypes of results that nobody kept.

Recording notes no dtypes. But operations widen numbers and never narrow them, so what is below a result bounds its
dtype from one side, what was computed from it bounds it from the other, and mostly the two meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..function import Leaf, Node

OURS = __name__.partition(".")[0] + ".ops."  # where the library's own rules are


def infer(
    order: Sequence[Node],
    facts: Callable[[Node], tuple[Any, Iterable[tuple[int, Node]]]],
    known: dict[Node, np.dtype[Any]],
) -> dict[Node, np.dtype[Any]]:
    """The dtypes of all nodes of ``order`` for which they are certain; ``facts`` gives a node's rule and parents."""
    low: dict[Node, np.dtype[Any]] = {}
    exact = dict(known)
    for node in order:
        rule, parents = facts(node)
        if isinstance(rule, Leaf):
            exact[node] = np.dtype(rule.scalar)
        elif node not in exact and type(rule).__name__ == "AsType":
            exact[node] = np.dtype(rule.dtype)
        if node in exact:
            low[node] = exact[node]
        elif type(rule).__module__.startswith(OURS) and parents and all(parent in low for _, parent in parents):
            low[node] = np.result_type(*[low[parent] for _, parent in parents])
    high: dict[Node, np.dtype[Any]] = {}
    for node in reversed(order):
        rule, parents = facts(node)
        top = exact.get(node, high.get(node))
        if top is None or type(rule).__name__ == "AsType" or not type(rule).__module__.startswith(OURS):
            continue
        for _, parent in parents:
            if parent not in high or np.can_cast(top, high[parent]):
                high[parent] = top
    return exact | {node: low[node] for node in order if node in low and low[node] == high.get(node)}
