"""What tensors have for gradients, under PyTorch's names: ``requires_grad``, ``grad``, ``backward``, hooks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from . import engine
from ._arrays import read_only, unboxed
from .array_methods import ArrayMethods
from .errors import DTypeError, GradError, ShapeError
from .function import FREED, Leaf, Node, new_leaf
from .recording import Recorded
from .switches import Recording

if TYPE_CHECKING:
    from .tensor import Tensor

Hook = Callable[["Tensor"], "Tensor | ArrayLike | None"]


def no_grad() -> Recording:
    """Compute without recording inside the block; usable as a decorator too.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> x = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """
    return Recording(False)


def enable_grad() -> Recording:
    """Record inside the block, also within :func:`no_grad`.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> x = Tensor(2.0, requires_grad=True)
    >>> with no_grad(), enable_grad():
    ...     y = x * x
    >>> y.requires_grad
    True
    """
    return Recording(True)


class Handle:
    """What registering a hook returns, to remove it: ``handle.remove()``, or call it, or leave its ``with`` block.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> x = Tensor(2.0, requires_grad=True)
    >>> with x.register_hook(lambda g: g * 10):
    ...     x.sum().backward()
    >>> x.sum().backward()
    >>> x.grad.item()
    11.0
    """

    __slots__ = ("_undo",)

    def __init__(self, undo: Callable[[], object]) -> None:
        self._undo: Callable[[], object] | None = undo

    def remove(self) -> None:
        """Take the hook off; once is enough, twice does no harm."""
        undo, self._undo = self._undo, None
        if undo is not None:
            undo()

    __call__ = remove

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


class Gradients(ArrayMethods):
    """A tensor requires a gradient exactly if it has a node; leaves collect theirs."""

    __slots__ = ()

    @property
    def requires_grad(self) -> bool:
        """Whether ``backward`` has something to do here."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        if not self.is_leaf:
            raise GradError("Only a leaf can be told whether to require a gradient; use detach() to leave the graph.")
        if not on:
            self.node = None
        elif self.node is None:
            self._require_grad(None)

    def _require_grad(self, name: str | None) -> None:
        if self.dtype.kind != "f":
            raise DTypeError(f"Only floating point tensors can require gradients, not {self.dtype}. Convert first.")
        self.node = new_leaf(self.shape, self.dtype.type, name)

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was not computed from anything that requires a gradient."""
        return self.node is None or isinstance(self.node.rule, Leaf)

    def _origin(self) -> str:
        """Where a tensor with a node comes from, in words."""
        if self.is_leaf:
            return "requires_grad=True"
        return "its graph freed" if self.node.plan is FREED else f"computed by {self.node.rule!r}"  # type: ignore[union-attr]

    def _slope(self) -> Any:
        """The gradient of a leaf so far as an array or NumPy scalar, for optimisers: ``grad`` would make tensors."""
        value = None if self.node is None else self.node.rule.grad
        return value._data if isinstance(value, Recorded) else value

    @property
    def grad(self) -> Tensor | None:
        """The gradient collected so far, a tensor of the same shape and dtype; None before the first ``backward``.

        Interior tensors have one only after :meth:`retain_grad`.
        """
        node = self.node
        if node is None:
            return None
        holder, slot = (node.rule, "grad") if isinstance(node.rule, Leaf) else (node, "retained")
        value: Any = getattr(holder, slot, None)
        if value is not None and not isinstance(value, Recorded):
            value = Recorded.wrap(value)
            setattr(holder, slot, value)
        return value  # type: ignore[no-any-return]

    @grad.setter
    def grad(self, value: Any) -> None:
        node = self.node
        if node is None or not isinstance(node.rule, Leaf):
            raise GradError("Only a leaf that requires a gradient has a .grad to set.")
        if value is not None:
            array = np.array(value._data if isinstance(value, Recorded) else value, self.dtype)
            if array.shape != self.shape:
                raise ShapeError(f"A gradient of shape {array.shape} does not fit a tensor of shape {self.shape}.")
            same = isinstance(value, Recorded) and value._data.dtype == self.dtype
            value = value if same else self.wrap(unboxed(array))
        node.rule.grad = value

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Add the gradient of this tensor to ``.grad`` of every leaf it was computed from.

        Parameters
        ----------
        gradient : array_like, optional
            The cotangent, of the shape of this tensor; may be left out for a single number, where it is 1.
        retain_graph : bool, optional
            Keep the graph for another pass; by default it is freed, unless ``create_graph`` is set.
        create_graph : bool
            Record the pass itself, so that the gradients can be differentiated again.

        Raises
        ------
        GradError
            If nothing here requires a gradient, a cotangent is missing, the graph was freed, or a value that a rule
            kept was changed in place.

        Examples
        --------
        >>> from autograd_lite import Tensor
        >>> x = Tensor(3.0, requires_grad=True)
        >>> (x * x).backward()
        >>> x.grad.item()
        6.0
        """
        run(engine.backward, [self], [gradient], retain_graph, create_graph)

    def detach(self) -> Tensor:
        """The same values, in the same memory, outside the graph."""
        return Recorded.wrap(self._data)

    def retain_grad(self) -> None:
        """Let this interior tensor have a ``.grad`` after ``backward``, as leaves do."""
        if self.node is None:
            raise GradError("This tensor requires no gradient, so there is none to retain.")
        if not self.is_leaf and engine.retain not in self.node.plan.taps:
            engine.add_tap(self.node, engine.retain)

    def register_hook(self, hook: Hook) -> Handle:
        """Call ``hook`` with the whole gradient of this tensor; what it returns, unless None, replaces it.

        Raises
        ------
        GradError
            If this tensor requires no gradient.
        """
        if self.node is None:
            raise GradError("This tensor requires no gradient, so a hook would never be called.")
        node = self.node

        def tap(_: Node, gradient: Any) -> Any:
            lifted = isinstance(gradient, Recorded)
            result = hook(gradient if lifted else Recorded.wrap(read_only(gradient)))
            if result is None:
                return None
            result = wrapped(result).astype(gradient.dtype)
            return result if lifted else result._data

        engine.add_tap(node, tap)
        return Handle(lambda: engine.remove_tap(node, tap))

    @property
    def name(self) -> str | None:
        """What drawings and errors call this leaf."""
        return self.node.rule.name if self.node is not None and self.is_leaf else None

    @name.setter
    def name(self, name: str | None) -> None:
        if self.node is None or not self.is_leaf:
            raise GradError("Only a leaf that requires a gradient can be named.")
        self.node.rule.name = name


def run(
    walk: Callable[..., Any],
    tensors: Sequence[ArrayMethods],
    gradients: Sequence[Any],
    retain_graph: bool | None,
    create_graph: bool,
) -> Any:
    """Let one of the engine's walks begin at ``tensors`` with ``gradients``, on behalf of the caller's caller."""
    starts = [cotangent(tensor, gradient) for tensor, gradient in zip(tensors, gradients, strict=True)]
    roots, retain = [tensor.node for tensor in tensors], create_graph if retain_graph is None else retain_graph
    caller = sys._getframe(2)
    place = (caller.f_code, caller.f_lineno)
    if not create_graph:
        return walk(roots, [getattr(start, "_data", start) for start in starts], retain, None, place)
    with Recording(True):
        return walk(roots, list(map(wrapped, starts)), retain, Recorded.wrap, place)


def cotangent(tensor: ArrayMethods, gradient: Any) -> Any:
    """The checked start of a backward pass from ``tensor``: an array, or the tensor that was given."""
    if tensor.node is None:
        raise GradError(
            f"This tensor of shape {tensor.shape} was computed from nothing that requires a gradient. "
            "Create its inputs with requires_grad=True, and compute it outside no_grad(); if it is a gradient itself, "
            "compute that with create_graph=True."
        )
    if gradient is None:
        if tensor.size != 1:
            raise GradError(
                f"backward() of a tensor of shape {tensor.shape} needs a gradient of that shape, as does grad(), in "
                "grad_outputs; or reduce the tensor to one number first, with sum() or mean()."
            )
        return np.ones(tensor.shape, tensor.dtype) if tensor.shape else tensor.dtype.type(1)
    shape = np.shape(gradient._data if isinstance(gradient, Recorded) else gradient)
    if shape != tensor.shape:
        raise ShapeError(f"The gradient has shape {shape}, the tensor {tensor.shape}.")
    if isinstance(gradient, Recorded):
        return gradient if gradient.dtype == tensor.dtype else gradient.astype(tensor.dtype)  # type: ignore[attr-defined]
    return unboxed(np.array(gradient, tensor.dtype))


def wrapped(value: Any) -> Any:
    """A tensor of ``value``, unless it is one."""
    return value if isinstance(value, Recorded) else Recorded.wrap(np.asarray(value)[()])
