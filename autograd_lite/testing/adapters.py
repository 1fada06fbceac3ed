"""Derivatives of any make as the ``vjp`` that gradient checks take: ``vjp(*arrays) -> (value, pullback)``.

A framework is imported when its adapter is used, and only then. Functions get arrays of their framework in the dtype
of the input, and gradients come back in the dtype that the framework gave them, so a wrong dtype is seen too.

>>> import numpy as np
>>> from autograd_lite.testing import gradcheck
>>> energy, force = lambda x: (x**3).sum(), lambda x: 3 * x**2
>>> gradcheck(None, np.array([1.0, 2.0]), vjp=from_gradient(energy, force)).status
PASS
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from .problem import listed

Vjp = Callable[..., tuple[Any, Callable[[Any], Any]]]

__all__ = [
    "from_autograd",
    "from_backward",
    "from_gradient",
    "from_jax",
    "from_mygrad",
    "from_tape",
    "from_torch",
]

# -- Written by hand --------------------------------------------------------------------------------------------------


def from_gradient(f: Callable[..., Any], gradient: Callable[..., Any]) -> Vjp:
    """The derivative of ``f`` that is given by ``gradient(*inputs) -> gradients``.

    Parameters
    ----------
    f : callable
        Of arrays to one array or number.
    gradient : callable
        Of the same arguments, to one array an input: of shape ``value.shape + input.shape`` (the gradient of a loss,
        the Jacobian of a vector); or of the shape of the value where ``f`` works element by element.

    Examples
    --------
    >>> from autograd_lite.testing import gradcheck
    >>> gradcheck(None, np.array([0.0, 1.0]), vjp=from_gradient(np.tanh, lambda x: 1 - np.tanh(x) ** 2)).status
    PASS
    """
    return partial(gradient_vjp, f, gradient)


def gradient_vjp(f: Any, gradient: Any, *arrays: Any, **kwargs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """What :func:`from_gradient` gives, of ``f`` and its gradient."""
    value = np.asarray(f(*arrays, **kwargs))

    def pullback(u: Any) -> list[Any]:
        gradients = [np.asarray(g) for g in listed(gradient(*arrays, **kwargs))]
        inputs = arrays if len(gradients) == len(arrays) else [a for a in arrays if _differentiable(a)]
        each = [g.shape == value.shape == np.shape(a) for g, a in zip(gradients, inputs, strict=True)]
        return [u * g if one else np.tensordot(u, g, value.ndim) for g, one in zip(gradients, each, strict=True)]

    return value, pullback


def from_backward(f: Callable[..., Any], backward: Callable[..., Any]) -> Vjp:
    """The derivative of ``f`` that is given by ``backward(cotangent, *inputs) -> gradients``.

    Examples
    --------
    >>> from autograd_lite.testing import gradcheck
    >>> a, b = np.ones((2, 3)), np.ones((3, 1))
    >>> product = from_backward(np.matmul, lambda u, a, b: (u @ b.T, a.T @ u))
    >>> gradcheck(None, a, b, vjp=product).status
    PASS
    """
    return partial(backward_vjp, f, backward)


def backward_vjp(f: Any, backward: Any, *arrays: Any, **kwargs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """What :func:`from_backward` gives, of ``f`` and its backward pass."""
    return f(*arrays, **kwargs), lambda u: backward(u, *arrays, **kwargs)


# -- Frameworks -------------------------------------------------------------------------------------------------------


def from_torch(f: Callable[..., Any]) -> Vjp:
    """The derivative of ``f``, of PyTorch tensors, as PyTorch computes it.

    Every argument becomes a tensor on the CPU. A module of single precision has to follow the dtype of its input: call
    its ``double()`` first, and check it at arrays of double precision.

    Raises
    ------
    ImportError
        If PyTorch is not installed.

    Examples
    --------
    >>> from autograd_lite.testing import gradcheck
    >>> import torch  # doctest: +SKIP
    >>> gradcheck(None, np.ones(3), vjp=from_torch(torch.logsumexp), kwargs={"dim": 0})  # doctest: +SKIP
    PASS: ...
    """
    _framework("torch", "PyTorch")
    return partial(torch_vjp, f)


def torch_vjp(f: Any, *arrays: Any, **kwargs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """What :func:`from_torch` gives, of ``f``."""
    torch = _framework("torch", "PyTorch")
    arguments = [torch.from_numpy(np.array(a)).requires_grad_(_differentiable(a)) for a in arrays]
    leaves = [t for t in arguments if t.requires_grad]
    outputs = [torch.as_tensor(y) for y in listed(f(*arguments, **kwargs))]

    def pullback(cotangent: Any) -> list[Any]:
        us = [torch.from_numpy(np.array(u)) for u in listed(cotangent)]
        ys = [y for y in outputs if y.requires_grad]
        us = [u for y, u in zip(outputs, us, strict=True) if y.requires_grad]
        found = (
            torch.autograd.grad(ys, leaves, us, retain_graph=True, allow_unused=True) if ys else [None] * len(leaves)
        )
        return [torch.zeros_like(x).numpy() if g is None else g.numpy() for x, g in zip(leaves, found, strict=True)]

    return _one_or_more([y.detach().numpy() for y in outputs]), pullback


def from_jax(f: Callable[..., Any]) -> Vjp:
    """The derivative of ``f``, of JAX arrays, as JAX computes it.

    Double precision is on while ``f`` and its pullback run: without it JAX would make every input single.

    Raises
    ------
    ImportError
        If JAX is not installed.

    Examples
    --------
    >>> from autograd_lite.testing import gradcheck
    >>> import jax  # doctest: +SKIP
    >>> gradcheck(None, np.ones(3), vjp=from_jax(jax.nn.softplus))  # doctest: +SKIP
    PASS: ...
    """
    _framework("jax", "JAX")
    return partial(jax_vjp, f)


def jax_vjp(f: Any, *arrays: Any, **kwargs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """What :func:`from_jax` gives, of ``f``."""
    jax = _framework("jax", "JAX")
    double = jax.enable_x64 if hasattr(jax, "enable_x64") else _framework("jax.experimental", "JAX").enable_x64

    def of_leaves(*leaves: Any) -> tuple[Any, ...]:
        parts = iter(leaves)
        return tuple(listed(f(*(next(parts) if _differentiable(a) else a for a in arguments), **kwargs)))

    with double(True):
        arguments = [jax.numpy.asarray(a) for a in arrays]
        outputs, pull = jax.vjp(of_leaves, *filter(_differentiable, arguments))

    def pullback(cotangent: Any) -> list[Any]:
        with double(True):
            return [np.asarray(g) for g in pull(tuple(jax.numpy.asarray(u) for u in listed(cotangent)))]

    return _one_or_more([np.asarray(y) for y in outputs]), pullback


def from_autograd(f: Callable[..., Any]) -> Vjp:
    """The derivative of ``f``, written with ``autograd.numpy``, as HIPS autograd computes it.

    Raises
    ------
    ImportError
        If autograd is not installed.

    Examples
    --------
    >>> from autograd_lite.testing import gradcheck
    >>> import autograd.numpy as anp  # doctest: +SKIP
    >>> gradcheck(None, np.ones(3), vjp=from_autograd(anp.sinc))  # doctest: +SKIP
    PASS: ...
    """
    _framework("autograd", "HIPS autograd")
    return partial(autograd_vjp, f)


def autograd_vjp(f: Any, *arrays: Any, **kwargs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """What :func:`from_autograd` gives, of ``f``."""
    make_vjp = _framework("autograd", "HIPS autograd").make_vjp
    together = _framework("autograd.builtins", "HIPS autograd").tuple  # one that is recorded

    def several(*inputs: Any) -> Any:
        return together(listed(f(*inputs, **kwargs)))

    pull, outputs = make_vjp(several, [i for i, a in enumerate(arrays) if _differentiable(a)])(*arrays)
    return _one_or_more(list(outputs)), lambda cotangent: pull(tuple(listed(cotangent)))


def from_mygrad(f: Callable[..., Any]) -> Vjp:
    """The derivative of ``f``, of MyGrad tensors, as MyGrad computes it.

    Raises
    ------
    ImportError
        If MyGrad is not installed.

    Examples
    --------
    >>> from autograd_lite.testing import gradcheck
    >>> import mygrad  # doctest: +SKIP
    >>> gradcheck(None, np.ones(3), vjp=from_mygrad(mygrad.arctan))  # doctest: +SKIP
    PASS: ...
    """
    return from_tape(f, _framework("mygrad", "MyGrad").tensor)


def from_tape(f: Callable[..., Any], leaf: Callable[[Any], Any]) -> Vjp:
    """The derivative that a small engine computes, of the kind ``y.backward(cotangent)``, then ``x.grad``.

    The function is computed anew for every pass, since many engines let go of their graph or add up what earlier
    passes left.

    Parameters
    ----------
    f : callable
        Of leaves, and of arrays where these are no floating point numbers, to one output or several.
    leaf : callable
        Makes a tensor that remembers its gradient of an array; its ``data`` are the numbers. Where an engine has other
        names for these three, let ``leaf`` and ``f`` wrap it in a class that has them.

    Examples
    --------
    >>> class Squared:
    ...     def __init__(self, x): self.x, self.data = x, x.data**2
    ...     def backward(self, u): self.x.grad = 2 * self.x.data * u
    >>> class Leaf:
    ...     def __init__(self, data): self.data, self.grad = data, None
    >>> from autograd_lite.testing import gradcheck
    >>> gradcheck(None, np.array([1.0, 2.0]), vjp=from_tape(Squared, Leaf)).status
    PASS
    """
    return partial(tape_vjp, f, leaf)


def tape_vjp(f: Any, leaf: Any, *arrays: Any, **kwargs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """What :func:`from_tape` gives, of ``f`` and the maker of leaves."""

    def run() -> tuple[list[Any], list[Any]]:
        arguments = [leaf(np.array(a)) if _differentiable(a) else a for a in arrays]
        leaves = [x for x, a in zip(arguments, arrays, strict=True) if _differentiable(a)]
        return leaves, listed(f(*arguments, **kwargs))

    def gradients(k: int, u: Any) -> list[Any]:
        leaves, outputs = run()
        outputs[k].backward(u)
        return [np.zeros_like(x.data) if x.grad is None else np.asarray(x.grad) for x in leaves]

    def pullback(cotangent: Any) -> list[Any]:
        passes = [gradients(k, u) for k, u in enumerate(listed(cotangent))]
        return [sum(parts[1:], parts[0]) for parts in zip(*passes, strict=True)]

    return _one_or_more([np.asarray(y.data) for y in run()[1]]), pullback


# -- What they share --------------------------------------------------------------------------------------------------


def _framework(module: str, name: str) -> Any:
    """A module of a framework, imported now."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(f"This adapter needs {name}: pip install {package}") from error


def _differentiable(a: Any) -> bool:
    """Whether an argument becomes a leaf: floating point numbers, and the complex ones of a complex step."""
    return np.asarray(a).dtype.kind in "fc"


def _one_or_more(outputs: Sequence[Any]) -> Any:
    return outputs[0] if len(outputs) == 1 else tuple(outputs)
