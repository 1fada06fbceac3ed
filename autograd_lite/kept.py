"""What a node kept for its gradients: handed to them, as arrays or lifted to tensors, and checked to be unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .errors import GradError
from .function import Node
from .switches import updated_since

Lift = Callable[[Any, Node | None], Any]  # (array, node) -> the tensor that the node computed from its array


def wide_parts(node: Node, gradient: Any, lift: Lift | None) -> Iterator[tuple[int, Node, Any]]:
    """The gradients of a wide node's inputs, one by one; work that they share is done once."""
    plan: Any = node.plan
    rule = node.rule
    values: Any = node.values
    if lift is not None:
        values = list(lifted_values(node, lift))
    if plan.gradient_products:
        needed, _ = plan.needs_of([edge for edge in node.edges if edge[1].pending])
        values = list(values)
        for k, (method, read) in enumerate(plan.gradient_products, start=len(values)):
            values.append(method(rule, gradient, *read(values)) if k in needed else None)
    for i, parent in node.edges:
        if not parent.pending:
            continue
        if plan.variadic:
            yield i, parent, plan.gradients[0](rule, gradient, i, *plan.reads[0](values))
        else:
            yield i, parent, plan.gradients[i](rule, gradient, *plan.reads[i](values))


def lifted(node: Node, i: int, lift: Lift) -> Iterator[Any]:
    """What the gradient of input ``i`` of a narrow node reads, as tensors wired to the nodes that computed them."""
    source = {**dict(node.parents()), node.plan.arity: node}
    for position, value in zip(node.plan.positions[i], kept_values(node, i), strict=True):
        yield lift(value, source[position]) if position in source else value


def lifted_values(node: Node, lift: Lift) -> Iterator[Any]:
    """The values of a wide node as tensors; by-products are computed again, so that they are recorded."""
    plan, parents, end = node.plan, dict(node.edges), node.plan.arity + len(node.plan.forward_products)
    if plan.variadic:
        parts = node.values[0]
        inputs = [parts and tuple(lift(a, parents[i]) if i in parents else a for i, a in enumerate(parts))]
    else:
        kept_inputs = enumerate(node.values[: plan.arity])
        inputs = [lift(a, parents[i]) if i in parents and a is not None else a for i, a in kept_inputs]
    for kept, (method, read) in zip(node.values[plan.arity : end], plan.forward_products, strict=True):
        inputs.append(None if kept is None else method(node.rule, *read(inputs)))
    yield from inputs
    y, *shapes = node.values[end:]
    yield y if y is None else lift(y, node)
    yield from shapes


def kept_values(node: Node, i: int) -> tuple[Any, ...]:
    """What a narrow node keeps for the gradient of input ``i``."""
    parent, kept = ((node.left, node.left_kept), (node.right, node.right_kept))[i]
    reads = len(node.plan.positions[i])
    if parent is None or reads == 0:
        return ()
    return (kept,) if reads == 1 else tuple(kept)


def check_kept_values(node: Node) -> None:
    """Raise if an array that ``node`` keeps was changed in place after ``node`` was recorded."""
    if node.plan.wide:
        values = [v for value in node.values for v in (value if isinstance(value, tuple) else (value,))]
    else:
        values = [value for i in range(len(node.plan.gradients)) for value in kept_values(node, i)]
    for value in values:
        if updated_since(value, node.updates):
            raise GradError(
                f"{node.rule!r} kept an array of shape {value.shape} that was changed in place before backward(). "
                "Call backward() first, or update a copy."
            )
