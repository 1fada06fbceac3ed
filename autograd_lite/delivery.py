"""What arrives at a node: gradients are made to fit its shape, cleaned of false nans and summed; leaves keep them."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import numpy as np

from ._arrays import Piece, unboxed
from .errors import DTypeError, RuleError
from .function import LEAF, Node, Traced
from .ops.elementwise import Where
from .ops.shape import Unbroadcast

MASKED = "some cotangents are zero, not because nothing depends on them"


def deliver(part: Any, parent: Node, gradient: Any) -> bool:
    """Hand the array ``part`` to ``parent``; true if it has all gradients now and work to do with them.

    The first gradient that arrives may alias another array and is not ours to change; the sum of two is. Only for
    leaves, which keep what they get, is it worth asking whether the rule made the array, or what it views, itself.
    """
    if part.__class__ is Piece:
        add_piece(part, parent)
    elif parent.gradient is None:
        parent.gradient = part
        if parent.plan is LEAF:
            parent.owned = part is not gradient and made_anew(part)
    elif parent.owned:
        parent.gradient += part  # stored again, because 0-d arithmetic gives a new scalar
    else:
        parent.gradient = parent.gradient + part
        parent.owned = True
    parent.pending -= 1
    if parent.pending or parent.plan is not LEAF:
        return not parent.pending
    collect(parent, parent.gradient)  # nobody else wants to see it
    parent.gradient, parent.owned = None, False
    return False


def made_anew(part: Any) -> bool:
    """Whether nothing else refers to the memory of ``part``: it is its own, or that of an array only viewed here."""
    base = part.base
    if base is None:
        return True
    if base.__class__ is not np.ndarray or base.size != part.size or not part.flags.writeable:
        return False
    return sys.getrefcount(base) <= 3  # part, our variable and the call


def add_piece(piece: Piece, parent: Node) -> None:
    """Add to the gradient of ``parent``, in place as soon as it is ours: pieces of one array must not each cost all."""
    total = parent.gradient
    if total is None:
        parent.gradient = piece.array()
    elif isinstance(total, np.ndarray) and total.dtype == piece.values.dtype:
        parent.gradient = total if parent.owned else total.copy()
        piece.add_to(parent.gradient)
    else:
        parent.gradient = total + piece.array()
    parent.owned = True


def deliver_tensor(part: Any, parent: Node, gradient: Any) -> bool:
    """``deliver`` for a tensor: sums are recorded, so nothing is changed in place, but who keeps an alias copies it."""
    parent.owned = parent.gradient is not None or (part is not gradient and made_anew(part._data))
    parent.gradient = part if parent.gradient is None else parent.gradient + part
    parent.pending -= 1
    return not parent.pending


def fit(part: Any, shape: tuple[int, ...], node: Node, i: int) -> Any:
    """Sum ``part`` down to ``shape`` where the operation broadcast its inputs; anything else is a broken rule."""
    if node.plan.broadcasts and can_broadcast(shape, part.shape):
        return Unbroadcast(shape)(part)
    method: Any = node.plan.gradients[0 if node.plan.variadic else i]
    problem = (
        f"{node.rule!r}.{method.__name__} returned a gradient of shape {part.shape} for an input of shape {shape}."
    )
    if can_broadcast(shape, part.shape):
        problem += " If forward broadcasts its inputs, the class should say so: broadcasts = True."
    raise RuleError(problem)


def settle(part: Any, gradient: Any, node: Node, singular: list[str]) -> Any:
    """``part`` without the nan that a singularity makes of a zero cotangent, as behind a branch not taken.

    NumPy tells of a nan that is made now. Past a rule that masks, one that forward made may meet a zero as well, and
    that has to be looked for.
    """
    masked = MASKED in singular
    singular[:] = [MASKED] if masked else []
    elementwise = node.plan.elementwise and part.shape == gradient.shape
    if not (elementwise or masked):
        return part
    data = part._data if isinstance(part, Traced) else part.values if isinstance(part, Piece) else part
    total = data.sum()
    if total == total:  # there is no nan
        return part
    if not elementwise:  # then nothing can be said of single elements
        if (gradient != 0).any():
            return part
        return Where()(False, part, 0) if isinstance(part, Traced) else unboxed(np.zeros(part.shape, data.dtype))
    zero = gradient == 0
    if isinstance(part, Traced) and isinstance(data, np.ndarray) and data.flags.writeable:
        data[zero._data] = 0  # its rule may have kept the nan for a second derivative
    return Where()(zero, 0, part)


@lru_cache(1024)
def can_broadcast(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether ``shape`` broadcasts to exactly ``to``."""
    return len(shape) <= len(to) and all(n in (1, m) for n, m in zip(shape, to[len(to) - len(shape) :], strict=True))


# -- Leaves ------------------------------------------------------------------------------------------------------------


def collect(node: Node, gradient: Any) -> None:
    """The tap of every leaf: add to its gradient, in an array of its own and of its own dtype."""
    leaf = node.rule
    gradient = own(gradient, node.owned, leaf.scalar)
    leaf.grad = gradient if leaf.grad is None else leaf.grad + gradient


def own(gradient: Any, owned: bool, scalar: Any = None) -> Any:
    """``gradient`` in memory that nothing else refers to, and of the dtype ``scalar``."""
    if scalar is None:
        scalar = gradient.dtype.type
    if isinstance(gradient, Traced):
        same: Any = gradient
        if same.dtype.type is scalar:
            return same if owned else same.copy()
        return same.astype(scalar)
    if gradient.__class__ is scalar or (owned and gradient.dtype.type is scalar):
        return gradient
    if gradient.dtype.kind == "c":
        raise DTypeError("A gradient turned out complex; rules know the derivatives of real functions of real numbers.")
    return unboxed(np.array(gradient, scalar))


LEAF.taps = (collect,)
