"""Derivatives as values: gradients without ``.grad``, products with Jacobians and Hessians, and these in full.

Only :func:`grad` and :func:`jacobian` can be recorded, with ``create_graph``; what the others give is a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import NoneType
from typing import Any

import numpy as np

from . import engine
from .errors import GradError, ShapeError
from .function import Node
from .gradients import enable_grad, run, wrapped
from .ops.shape import Stack
from .tensor import Tensor, as_tensor

Tensors = Tensor | Iterable[Tensor]


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of ``outputs`` at ``inputs``, leaves or interior tensors; no ``.grad`` of a leaf is touched.

    Only what lies between the two is computed, and freed; :meth:`Tensor.backward` may go on from an interior input.

    Parameters
    ----------
    outputs, inputs : Tensor or iterable of Tensor
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
        If an output is no tensor, an input requires no gradient or the outputs do not depend on it, and for all reasons
        of ``backward``.

    Examples
    --------
    >>> x = Tensor(2.0, requires_grad=True)
    >>> (slope,) = grad(x**3, x, create_graph=True)
    >>> grad(slope, x)
    (Tensor(12.),)
    """
    ys, xs = _sequence(outputs), _sequence(inputs)
    for i, y in enumerate(ys):
        if not isinstance(y, Tensor):
            raise GradError(f"Output {i} is of type {type(y).__name__}, no tensor, so it has no gradient.")
    gs = [None] * len(ys) if grad_outputs is None else grad_outputs
    if isinstance(outputs, Tensor) and grad_outputs is not None and not _one_tensor(grad_outputs):
        gs = [grad_outputs]
    if len(gs) != len(ys):
        raise ShapeError(f"{len(ys)} outputs need as many grad_outputs; {len(gs)} were given.")
    targets = [_node(x, i) for i, x in enumerate(xs)]
    found = run(partial(engine.gradients_at, targets), ys, gs, retain_graph, create_graph)
    missing = [i for i, node in enumerate(targets) if node not in found]
    if missing and not allow_unused:
        raise GradError(
            f"The outputs do not depend on input {missing[0]}, of shape {xs[missing[0]].shape}. "
            "Pass allow_unused=True to get None for it."
        )
    return tuple(None if node not in found else wrapped(found[node]) for node in targets)


@enable_grad()
def vjp(f: Callable[..., Tensor], inputs: Tensors, v: Any = None) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The value of ``f(*inputs)`` and the product of the cotangent ``v`` with its Jacobian, one part an input.

    Neither is recorded: in another derivative they count as constants. To nest derivatives, use :func:`grad`.

    Examples
    --------
    >>> vjp(lambda x: x * x, Tensor([1.0, 2.0]), [1.0, 10.0])
    (Tensor([1., 4.]), (Tensor([ 2., 40.]),))
    """
    xs = _fresh(inputs)
    y = _value(f, xs)
    return y.detach(), _gradients(y, xs, v)


@enable_grad()
def jvp(f: Callable[..., Tensor], inputs: Tensors, v: Any) -> tuple[Tensor, Tensor]:
    """The value of ``f(*inputs)`` and the product of its Jacobian with the tangents ``v``, one an input.

    By differentiating the backward pass, which is linear in its cotangent.

    Neither is recorded: in another derivative they count as constants. To nest derivatives, use :func:`grad`.

    Examples
    --------
    >>> jvp(lambda x: x * x, Tensor([1.0, 2.0]), [1.0, 10.0])
    (Tensor([1., 4.]), Tensor([ 2., 40.]))
    """
    xs = _fresh(inputs)
    tangents = [as_tensor(t) for t in ([v] if _is_one(inputs) else v)]
    if [t.shape for t in tangents] != [x.shape for x in xs]:
        raise ShapeError(f"Tangents of shapes {[t.shape for t in tangents]} for inputs of {[x.shape for x in xs]}.")
    y = _value(f, xs)
    u = without_zeros(y)
    rows = _gradients(y, xs, u, create_graph=True)
    (product,) = _gradients(sum((row * t).sum() for row, t in zip(rows, tangents, strict=True)), [u])
    return y.detach(), product


def without_zeros(y: Tensor) -> Tensor:
    """A cotangent of ``y`` to differentiate at: where one is zero, the operation counts as not taken part."""
    return Tensor(np.cos(np.arange(y.size)).reshape(y.shape), requires_grad=True, dtype=y.dtype)


@enable_grad()
def jacobian(f: Callable[..., Tensor], inputs: Tensors, create_graph: bool = False) -> Any:
    """All derivatives of ``f(*inputs)``: for each input a tensor of shape ``output.shape + input.shape``.

    Parameters
    ----------
    create_graph : bool
        Record the computation, so that it can be differentiated again at those inputs that require a gradient.

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
    # Each input is a node of its own, so that what else f reads of x, or the same x in another place, is not meant.
    xs = [x.reshape(x.shape) if create_graph and x.requires_grad else _fresh(x)[0] for x in _sequence(inputs)]
    y = _value(f, xs)
    rows = []
    for i in range(y.size):
        unit = np.zeros(y.size, y.dtype)
        unit[i] = 1
        rows.append(_gradients(y, xs, unit.reshape(y.shape), create_graph, retain_graph=True))
    columns = [
        x.apply(Stack(0), tuple(row[k] for row in rows)).reshape(y.shape + x.shape)
        if rows
        else Tensor(np.zeros(y.shape + x.shape, y.dtype))
        for k, x in enumerate(xs)
    ]
    return columns[0] if _is_one(inputs) else tuple(columns)


@enable_grad()
def hessian(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """All second derivatives of a number ``f(x)``, a tensor of shape ``x.shape + x.shape``.

    It is not recorded: in another derivative it counts as a constant. To nest derivatives, use :func:`jacobian`.

    Examples
    --------
    >>> hessian(lambda x: (x**3).sum(), Tensor([1.0, 2.0]))
    Tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacobian(lambda z: _value_and_slope(f, z)[1], x)  # type: ignore[no-any-return]


@enable_grad()
def hvp(f: Callable[[Tensor], Tensor], x: Tensor, v: Any) -> tuple[Tensor, Tensor]:
    """The value of ``f(x)``, a number, and the product of its second derivatives with ``v``.

    Neither is recorded: in another derivative they count as constants. To nest derivatives, use :func:`grad`.

    Examples
    --------
    >>> hvp(lambda x: (x**3).sum(), Tensor([1.0, 2.0]), [1.0, 1.0])
    (Tensor(9.), Tensor([ 6., 12.]))
    """
    (z,) = _fresh(x)
    v = as_tensor(v)
    if v.shape != x.shape:
        raise ShapeError(f"A direction of shape {v.shape} for an input of shape {x.shape}.")
    y, slope = _value_and_slope(f, z)
    (product,) = _gradients(slope, [z], v)
    return y.detach(), product


def _value_and_slope(f: Callable[[Tensor], Tensor], z: Tensor) -> tuple[Tensor, Tensor]:
    y = _value(f, [z])
    (slope,) = _gradients(y, [z], create_graph=True)
    return y, slope


def _value(f: Callable[..., Tensor], xs: Sequence[Tensor]) -> Tensor:
    y: Any = f(*xs)
    if not isinstance(y, Tensor):  # it would pass for a constant
        raise GradError(
            f"The function returns a value of type {type(y).__name__}, no tensor; let it compute with tensors from end "
            "to end, and join several results with stack() or concatenate()."
        )
    return y


def _is_one(value: Any) -> bool:
    """Whether ``value`` is one tensor or array, rather than several."""
    return isinstance(value, Tensor | np.ndarray) or not isinstance(value, Iterable)


def _sequence(value: Any) -> Sequence[Any]:
    return [value] if _is_one(value) else list(value)


def _one_tensor(value: Any) -> bool:
    """Whether ``value`` is a sequence of one array, rather than an array written as a list."""
    return isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], Tensor | np.ndarray | NoneType)


def _node(tensor: Tensor, i: int) -> Node:
    if not isinstance(tensor, Tensor) or tensor.node is None:
        raise GradError(f"Input {i} requires no gradient; create it with requires_grad=True before it is used.")
    return tensor.node


def _fresh(inputs: Tensors) -> list[Tensor]:
    """Leaves with the values of ``inputs``."""
    return [Tensor(x, requires_grad=True, copy=False) for x in _sequence(inputs)]


def _gradients(
    y: Any, xs: Sequence[Tensor], v: Any = None, create_graph: bool = False, retain_graph: bool | None = None
) -> tuple[Tensor, ...]:
    """The gradients of ``y`` at ``xs``: zeros where it depends on nothing."""
    found: Sequence[Tensor | None] = [None] * len(xs)
    if isinstance(y, Tensor) and y.requires_grad:
        found = grad(y, xs, v, create_graph, retain_graph, allow_unused=True)
    return tuple(Tensor(np.zeros(x.shape, x.dtype)) if g is None else g for g, x in zip(found, xs, strict=True))
