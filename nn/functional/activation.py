"""Functions that stand between layers. They work element by element, except softmax and its kin."""

from __future__ import annotations

import numpy as np

import autograd_lite as ag
from autograd_lite import Tensor, gelu, relu, sigmoid, tanh, where

from ._common import TensorLike, as_floating, as_tensor

__all__ = [
    "celu", "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "log_softmax", "logsigmoid", "mish",
    "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softmin", "softplus", "softsign", "step", "tanh",
    "tanhshrink",
]  # fmt: skip


def step(x: TensorLike) -> Tensor:
    """1 where ``x`` is positive, else 0, as the first perceptrons (Deep Learning from Scratch, section 3.2.2).

    Examples
    --------
    >>> step([-1.0, 0.0, 2.0])
    Tensor([0., 0., 1.])
    """
    x = as_tensor(x)
    return Tensor(x.data > 0, dtype=x.dtype if x.dtype.kind == "f" else np.float64)


def softmax(x: TensorLike, dim: int = -1) -> Tensor:
    """``exp(x) / sum(exp(x))`` along ``dim``, without overflow.

    Examples
    --------
    >>> softmax([1e4, 1e4])
    Tensor([0.5, 0.5])
    """
    return ag.softmax(x, axis=dim)


def softmin(x: TensorLike, dim: int = -1) -> Tensor:
    """``softmax(-x)``."""
    return ag.softmax(-as_floating(x), axis=dim)


def log_softmax(x: TensorLike, dim: int = -1) -> Tensor:
    """``log(softmax(x))``, without overflow."""
    return ag.log_softmax(x, axis=dim)


def leaky_relu(x: TensorLike, negative_slope: float = 0.01) -> Tensor:
    """``x`` where it is positive, else ``negative_slope * x``."""
    x = as_tensor(x)
    return where(x.data > 0, x, x * negative_slope)


def prelu(x: TensorLike, weight: TensorLike) -> Tensor:
    """Leaky relu with a slope to be learnt (He et al. 2015): one number, or one for each channel (axis 1)."""
    x, weight = as_tensor(x), as_tensor(weight)
    if weight.size > 1:
        weight = weight.reshape(-1, *(1,) * (x.ndim - 2))
    return where(x.data > 0, x, x * weight)


def relu6(x: TensorLike) -> Tensor:
    """``min(max(x, 0), 6)``."""
    return as_tensor(x).clip(0, 6)


def hardtanh(x: TensorLike, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """``x`` moved into the interval from ``min_val`` to ``max_val``."""
    return as_tensor(x).clip(min_val, max_val)


def hardsigmoid(x: TensorLike) -> Tensor:
    """``clip(x / 6 + 1/2, 0, 1)``."""
    return (as_floating(x) + 3).clip(0, 6) / 6


def hardswish(x: TensorLike) -> Tensor:
    """``x * hardsigmoid(x)`` (Howard et al. 2019)."""
    x = as_tensor(x)
    return x * hardsigmoid(x)


def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)`` (Clevert et al. 2015)."""
    x = as_tensor(x)
    return where(x.data > 0, x, alpha * ag.expm1(x.clip(None, 0)))


def celu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """``x`` where it is positive, else ``alpha * (exp(x / alpha) - 1)`` (Barron 2017)."""
    x = as_tensor(x)
    return where(x.data > 0, x, alpha * ag.expm1(x.clip(None, 0) / alpha))


def selu(x: TensorLike) -> Tensor:
    """``scale * elu(x, alpha)`` with the two numbers that keep mean 0 and variance 1 (Klambauer et al. 2017)."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def silu(x: TensorLike) -> Tensor:
    """``x * sigmoid(x)``, also called swish."""
    x = as_tensor(x)
    return x * sigmoid(x)


def softplus(x: TensorLike, beta: float = 1.0) -> Tensor:
    """``log(1 + exp(beta * x)) / beta``, a smooth relu, without overflow."""
    return ag.logaddexp(as_tensor(x) * beta, 0.0) / beta


def logsigmoid(x: TensorLike) -> Tensor:
    """``log(sigmoid(x))``, without overflow."""
    return -softplus(-as_floating(x))


def mish(x: TensorLike) -> Tensor:
    """``x * tanh(softplus(x))`` (Misra 2019)."""
    x = as_tensor(x)
    return x * tanh(softplus(x))


def softsign(x: TensorLike) -> Tensor:
    """``x / (1 + abs(x))``."""
    x = as_floating(x)
    return x / (1 + abs(x))


def tanhshrink(x: TensorLike) -> Tensor:
    """``x - tanh(x)``."""
    x = as_tensor(x)
    return x - tanh(x)
