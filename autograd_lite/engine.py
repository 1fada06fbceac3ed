"""Backward: carry gradients down the recorded graph, from some nodes to the leaves below. Knows nodes, not tensors.

First order runs the rules on arrays. With ``lift`` the same loop runs the same rules on tensors, and thereby records
the gradient itself.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from types import CodeType
from typing import Any

import numpy as np

from .delivery import MASKED, collect, deliver, deliver_tensor, fit, own, settle
from .errors import GradError
from .function import FREED, Leaf, Node, Tap
from .kept import Lift, check_kept_values, lifted, wide_parts
from .switches import switches

Place = tuple[CodeType, int]  # of a call, to be named if somebody comes back to what it freed

_one_at_a_time = threading.RLock()  # graphs share nodes and leaves; a hook may start a pass of its own
_under_way = 0  # passes that have begun and not ended


def backward(
    roots: Sequence[Node],
    gradients: Sequence[Any],
    retain_graph: bool = False,
    lift: Lift | None = None,
    place: Place | None = None,
    targets: Iterable[Node] | None = None,
) -> None:
    """Add to every leaf below ``roots`` the gradient it gets when each root gets its gradient.

    ``lift(array, node)`` makes the tensor that ``node`` computed from its array; None means: stay with arrays. With
    ``targets``, only nodes on the way to one of them take part. Unless ``retain_graph`` is set, a node is emptied as
    soon as it was used, so memory falls as the walk proceeds.
    """
    global _under_way
    singular: list[str] = []
    with _one_at_a_time, np.errstate(all="ignore", invalid="call", call=lambda kind, flag: singular.append(kind)):
        notes = put_aside(roots) if _under_way else ()
        _under_way += 1
        try:
            count_consumers(roots, None if targets is None else leading_to(roots, targets))
            hand_over = deliver if lift is None else deliver_tensor
            ready = []
            for root, gradient in zip(roots, gradients, strict=True):
                if root.pending and hand_over(gradient, root, gradient):
                    ready.append(root)
            walk(ready, retain_graph, hand_over, lift, place, singular)
        finally:
            _under_way -= 1
            take_up(notes)


def walk(
    ready: list[Node],
    retain_graph: bool,
    hand_over: Callable[..., bool],
    lift: Lift | None,
    place: Place | None,
    singular: list[str],
) -> None:
    """Use and free one ready node after the other; a node is ready once all its consumers have delivered.

    NumPy notes in ``singular`` when something like ``0 * inf`` was computed. The two halves of the loop body are one
    text for two pairs of slots; a loop over the pairs would cost a tuple per edge.
    """
    node: Any = None  # Any, because what a plan promises about the slots of its nodes cannot be typed
    try:
        while ready:
            node = ready.pop()
            plan, rule, gradient = node.plan, node.rule, node.gradient
            if plan.taps:
                gradient = run_taps(node, gradient)
                if not any(parent.pending for _, parent in node.parents()):
                    continue  # a leaf, or an input of grad(), where the way ends: it is not used, so it is not freed
            node.gradient = None
            if node.updates != switches.updates:
                check_kept_values(node)

            parent = node.left
            if parent is not None and parent.pending:
                reads = plan.left_reads
                if lift is not None:
                    part = plan.left(rule, gradient, *lifted(node, 0, lift))
                elif reads == 0:
                    part = plan.left(rule, gradient)
                elif reads == 1:
                    part = plan.left(rule, gradient, node.left_kept)
                else:
                    part = plan.left(rule, gradient, *node.left_kept)
                if singular:
                    part = settle(part, gradient, node, singular)
                if part.shape != parent.shape:
                    part = fit(part, parent.shape, node, 0)
                if hand_over(part, parent, gradient):
                    ready.append(parent)

            parent = node.right
            if parent is not None and parent.pending:
                reads = plan.right_reads
                if lift is not None:
                    part = plan.right(rule, gradient, *lifted(node, 1, lift))
                elif reads == 0:
                    part = plan.right(rule, gradient)
                elif reads == 1:
                    part = plan.right(rule, gradient, node.right_kept)
                else:
                    part = plan.right(rule, gradient, *node.right_kept)
                if singular:
                    part = settle(part, gradient, node, singular)
                if part.shape != parent.shape:
                    part = fit(part, parent.shape, node, 1)
                if hand_over(part, parent, gradient):
                    ready.append(parent)

            if plan.wide:
                if plan.masks and MASKED not in singular:
                    singular.append(MASKED)
                for i, parent, part in wide_parts(node, gradient, lift):
                    if singular:
                        part = settle(part, gradient, node, singular)
                    if part.shape != parent.shape:
                        part = fit(part, parent.shape, node, i)
                    if hand_over(part, parent, gradient):
                        ready.append(parent)
                if not retain_graph:
                    node.edges = node.values = None

            if retain_graph:
                node.owned = False
            else:
                node.plan, node.rule = FREED, place
                node.left = node.left_kept = node.right = node.right_kept = node.calls = None
    except BaseException as error:
        error.add_note(f"In backward of {rule!r}, whose output has shape {node.shape}.")
        forget([node, *ready])
        raise


# -- Order ------------------------------------------------------------------------------------------------------------


def count_consumers(roots: Sequence[Node], wanted: set[Node] | None) -> None:
    """Set ``pending`` of each node below ``roots`` to the number of gradients it will receive; all, or the wanted."""
    stack: list[Any] = []

    def count(node: Node) -> None:
        if wanted is None or node in wanted:
            if not node.pending:
                stack.append(node)
            node.pending += 1

    for root in roots:
        count(root)
    while stack:
        node = stack.pop()
        if node.plan is FREED:
            forget(roots)
            raise freed(node)
        if node.plan.wide or wanted is not None:
            for _, parent in node.parents():
                count(parent)
            continue
        parent = node.left  # from here on count(), written out twice
        if parent is not None:
            if not parent.pending:
                stack.append(parent)
            parent.pending += 1
        parent = node.right
        if parent is not None:
            if not parent.pending:
                stack.append(parent)
            parent.pending += 1


def leading_to(roots: Sequence[Node], targets: Iterable[Node]) -> set[Node]:
    """The nodes at or below ``roots`` from which some target can be reached."""
    found = set(targets)
    seen: set[Node] = set()
    stack = [(root, False) for root in roots]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            if any(parent in found for _, parent in node.parents()):
                found.add(node)
        elif node not in seen:
            if node.plan is FREED:
                raise freed(node)
            seen.add(node)
            stack.append((node, True))
            stack += [(parent, False) for _, parent in node.parents()]
    return found


def freed(node: Node) -> GradError:
    """The error for a node that an earlier pass emptied."""
    where = "an earlier backward pass"
    if node.rule is not None:
        code, line = node.rule
        where = f'the backward pass started in {code.co_name}, file "{code.co_filename}", line {line}'
    return GradError(
        f"The graph behind a tensor of shape {node.shape} was freed by {where}. "
        "Pass retain_graph=True there, or compute the result again."
    )


def forget(nodes: Iterable[Node]) -> None:
    """After a failure: reset the counts and half-made sums of everything that ``nodes`` still had to reach."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        node.gradient, node.owned, node.pending = None, False, 0
        stack += [parent for _, parent in node.parents() if parent.pending]


# -- A pass within a pass, as hooks may start one ---------------------------------------------------------------------


def put_aside(roots: Iterable[Node]) -> Sequence[tuple[Node, Any, bool, int]]:
    """What a pass that is still under way has noted at all nodes below ``roots``; they are as new then."""
    found = dict.fromkeys(roots)
    stack, notes = list(found), []
    while stack:
        node = stack.pop()
        notes.append((node, node.gradient, node.owned, node.pending))
        node.gradient, node.owned, node.pending = None, False, 0
        for _, parent in node.parents():
            if parent not in found:  # nor twice below one node, as in a * a
                found[parent] = None
                stack.append(parent)
    return notes


def take_up(notes: Sequence[tuple[Node, Any, bool, int]]) -> None:
    """Note again what :func:`put_aside` found, unless a node is gone that waits for gradients or to be used."""
    for node, gradient, _, pending in notes:
        if node.plan is FREED and (pending or gradient is not None):
            raise freed(node)
    for node, gradient, owned, pending in notes:
        node.gradient, node.owned, node.pending = gradient, owned, pending


def _after_fork() -> None:
    """A child has none of the threads that might hold the lock."""
    global _one_at_a_time, _under_way
    _one_at_a_time, _under_way = threading.RLock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# -- Taps: hooks, retained gradients ----------------------------------------------------------------------------------


def run_taps(node: Node, gradient: Any) -> Any:
    """The gradient after everything that wanted to see it whole."""
    for tap in node.plan.taps:
        replacement = tap(node, gradient)
        if replacement is not None:
            if replacement.shape != node.shape:
                raise GradError(
                    f"A hook replaced a gradient of shape {node.shape} by one of shape {replacement.shape}."
                )
            gradient = replacement
            node.owned = False
    node.gradient, node.owned = None, False  # only now, so that a pass that a tap begins knows this node is in use
    return gradient


def retain(node: Node, gradient: Any) -> None:
    """The tap that ``retain_grad`` sets: remember the gradient of an interior node."""
    gradient = own(gradient, node.owned)
    before = getattr(node, "retained", None)
    node.retained = gradient if before is None else before + gradient


def add_tap(node: Node, tap: Tap) -> None:
    """Let ``tap`` see the whole gradient of ``node``, before a leaf collects it.

    Taps sit in a private copy of the plan, so that nodes without any pay one test.
    """
    if node.plan is FREED:
        raise freed(node)
    node.plan = copy(node.plan)
    at = len(node.plan.taps) - (isinstance(node.rule, Leaf))
    node.plan.taps = (*node.plan.taps[:at], tap, *node.plan.taps[at:])


def remove_tap(node: Node, tap: Tap) -> None:
    """Undo :func:`add_tap`; nothing happens if the node was freed meanwhile."""
    if tap in node.plan.taps:
        node.plan = copy(node.plan)
        node.plan.taps = tuple(other for other in node.plan.taps if other is not tap)


def gradients_at(
    targets: Sequence[Node],
    roots: Sequence[Node],
    gradients: Sequence[Any],
    retain_graph: bool = False,
    lift: Lift | None = None,
    place: Place | None = None,
) -> dict[Node, Any]:
    """The gradients that ``targets`` get; leaves collect nothing. Those that get none are missing."""
    found: dict[Node, Any] = {}

    def capture(node: Node, gradient: Any) -> None:
        found[node] = own(gradient, node.owned, node.rule.scalar if isinstance(node.rule, Leaf) else None)

    with _one_at_a_time:
        plans = {node: node.plan for node in targets}
        try:
            for node, plan in plans.items():
                if plan is FREED:
                    raise freed(node)
                node.plan = copy(plan)
                node.plan.taps = (*(tap for tap in plan.taps if tap is not collect), capture)
            backward(roots, gradients, retain_graph, lift, place, targets)
        finally:
            for node, plan in plans.items():
                if node.plan is not FREED:
                    node.plan = plan
    return found
