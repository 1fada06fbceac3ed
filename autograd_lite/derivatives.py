"""Derivatives as values: gradients without ``.grad``, products with Jacobians and Hessians, and these in full."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import engine
from .errors import GradError, ShapeError
from .function import Node
from .gradients import cotangent
from .ops.shape import Stack
from .switches import recording
from .tensor import Tensor, as_tensor

Tensors = Tensor | Sequence[Tensor]


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of ``outputs`` at ``inputs``, leaves or interior tensors; no ``.grad`` is touched.

    Only what lies between the two is computed.

    Parameters
    ----------
    outputs, inputs : Tensor or sequence of Tensor
    grad_outputs : array_like or sequence, optional
        One cotangent an output, of its shape; may be left out (or None) for single numbers.
    create_graph : bool
        Record the computation of the gradients, so that they can be differentiated again.
    retain_graph : bool, optional
        Keep the graph for another pass; by default as ``create_graph``.
    allow_unused : bool
        Give None for an input that the outputs do not depend on, instead of raising.

    Raises
    ------
    GradError
        If an input requires no gradient or the outputs do not depend on it, and for all reasons of ``backward``.

    Examples
    --------
    >>> x = Tensor(2.0, requires_grad=True)
    >>> (slope,) = grad(x**3, x, create_graph=True)
    >>> grad(slope, x)
    (Tensor(12.),)
    """
    ys, xs = _sequence(outputs), _sequence(inputs)
    gs = [None] * len(ys) if grad_outputs is None else grad_outputs
    if isinstance(outputs, Tensor) and grad_outputs is not None and not _one_tensor(grad_outputs):
        gs = [grad_outputs]
    if len(gs) != len(ys):
        raise ShapeError(f"{len(ys)} outputs need as many grad_outputs; {len(gs)} were given.")
    targets = [_node(x, i) for i, x in enumerate(xs)]
    starts = [cotangent(y, g) for y, g in zip(ys, gs, strict=True)]
    roots = [_node(y, i) for i, y in enumerate(ys)]
    retain = create_graph if retain_graph is None else retain_graph
    caller = sys._getframe(1)
    place = (caller.f_code, caller.f_lineno)
    if create_graph:
        with recording(True):
            found = engine.gradients_at(targets, roots, [as_tensor(g) for g in starts], retain, Tensor.wrap, place)
    else:
        arrays = [getattr(g, "_data", g) for g in starts]
        found = engine.gradients_at(targets, roots, arrays, retain, None, place)
    missing = [i for i, node in enumerate(targets) if node not in found]
    if missing and not allow_unused:
        raise GradError(
            f"The outputs do not depend on input {missing[0]}, of shape {xs[missing[0]].shape}. "
            "Pass allow_unused=True to get None for it."
        )
    return tuple(None if node not in found else _wrapped(found[node]) for node in targets)


def vjp(f: Callable[..., Tensor], inputs: Tensors, v: Any = None) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The value of ``f(*inputs)`` and the product of the cotangent ``v`` with its Jacobian, one part an input.

    Examples
    --------
    >>> vjp(lambda x: x * x, Tensor([1.0, 2.0]), [1.0, 10.0])
    (Tensor([1., 4.]), (Tensor([ 2., 40.]),))
    """
    xs = _fresh(inputs)
    y = f(*xs)
    return y.detach(), _known(grad(y, xs, v, allow_unused=True), xs)


def jvp(f: Callable[..., Tensor], inputs: Tensors, v: Any) -> tuple[Tensor, Tensor]:
    """The value of ``f(*inputs)`` and the product of its Jacobian with the tangents ``v``, one an input.

    By differentiating the backward pass, which is linear in its cotangent.

    Examples
    --------
    >>> jvp(lambda x: x * x, Tensor([1.0, 2.0]), [1.0, 10.0])
    (Tensor([1., 4.]), Tensor([ 2., 40.]))
    """
    xs = _fresh(inputs)
    tangents = [as_tensor(t) for t in ([v] if isinstance(inputs, Tensor) else v)]
    if [t.shape for t in tangents] != [x.shape for x in xs]:
        raise ShapeError(f"Tangents of shapes {[t.shape for t in tangents]} for inputs of {[x.shape for x in xs]}.")
    y = f(*xs)
    u = Tensor(np.zeros(y.shape, y.dtype), requires_grad=True)
    rows = grad(y, xs, u, create_graph=True, allow_unused=True)
    products = [(row * t).sum() for row, t in zip(rows, tangents, strict=True) if row is not None and row.requires_grad]
    if not products:
        return y.detach(), Tensor(np.zeros(y.shape, y.dtype))
    (product,) = grad(sum(products[1:], products[0]), u, allow_unused=True)
    return y.detach(), Tensor(np.zeros(y.shape, y.dtype)) if product is None else product


def jacobian(f: Callable[..., Tensor], inputs: Tensors, create_graph: bool = False) -> Any:
    """All derivatives of ``f(*inputs)``: for each input a tensor of shape ``output.shape + input.shape``.

    Returns
    -------
    Tensor or tuple of Tensor
        As ``inputs`` is.

    Examples
    --------
    >>> jacobian(lambda x: x * x, Tensor([1.0, 2.0]))
    Tensor([[2., 0.],
            [0., 4.]])
    """
    xs = list(_sequence(inputs)) if create_graph and all(x.requires_grad for x in _sequence(inputs)) else _fresh(inputs)
    y = f(*xs)
    rows = []
    for i in range(y.size):
        unit = np.zeros(y.size, y.dtype)
        unit[i] = 1
        parts = (
            grad(y, xs, unit.reshape(y.shape), create_graph, retain_graph=True, allow_unused=True)
            if y.requires_grad
            else [None] * len(xs)
        )
        rows.append(_known(parts, xs))
    columns = [
        x.apply(Stack(0), tuple(row[k] for row in rows)).reshape(y.shape + x.shape)
        if rows
        else Tensor(np.zeros(y.shape + x.shape))
        for k, x in enumerate(xs)
    ]
    return columns[0] if isinstance(inputs, Tensor) else tuple(columns)


def hessian(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """All second derivatives of a number ``f(x)``, a tensor of shape ``x.shape + x.shape``.

    Examples
    --------
    >>> hessian(lambda x: (x**3).sum(), Tensor([1.0, 2.0]))
    Tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacobian(lambda z: _slope(f, z), x)  # type: ignore[no-any-return]


def hvp(f: Callable[[Tensor], Tensor], x: Tensor, v: Any) -> tuple[Tensor, Tensor]:
    """The value of ``f(x)``, a number, and the product of its second derivatives with ``v``.

    Examples
    --------
    >>> hvp(lambda x: (x**3).sum(), Tensor([1.0, 2.0]), [1.0, 1.0])
    (Tensor(9.), Tensor([ 6., 12.]))
    """
    (z,) = _fresh(x)
    v = as_tensor(v)
    if v.shape != x.shape:
        raise ShapeError(f"A direction of shape {v.shape} for an input of shape {x.shape}.")
    slope = _slope(f, z)
    (product,) = _known(grad(slope, [z], v, allow_unused=True) if slope.requires_grad else (None,), [z])
    return f(x.detach()), product


def _slope(f: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    (slope,) = _known(grad(f(z), [z], create_graph=True, allow_unused=True), [z])
    return slope


def _sequence(value: Any) -> Sequence[Any]:
    return [value] if isinstance(value, Tensor) or not isinstance(value, list | tuple) else value


def _one_tensor(value: Any) -> bool:
    """Whether ``value`` is a sequence of one array, rather than an array written as a list."""
    return isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], Tensor | np.ndarray)


def _node(tensor: Tensor, i: int) -> Node:
    if not isinstance(tensor, Tensor) or tensor.node is None:
        raise GradError(f"Input {i} requires no gradient; create it with requires_grad=True before it is used.")
    return tensor.node


def _fresh(inputs: Tensors) -> list[Tensor]:
    """Leaves with the values of ``inputs``."""
    return [Tensor(x, requires_grad=True, copy=False) for x in _sequence(inputs)]


def _known(gradients: Sequence[Tensor | None], xs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Zeros in place of gradients that do not exist."""
    return tuple(Tensor(np.zeros(x.shape, x.dtype)) if g is None else g for g, x in zip(gradients, xs, strict=True))


def _wrapped(gradient: Any) -> Tensor:
    return gradient if isinstance(gradient, Tensor) else Tensor.wrap(gradient)
