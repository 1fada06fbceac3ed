"""Dropout and normalisation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import ShapeError, Tensor

from ..checks import lengths, probability
from ..parameter import Owned
from ..random import Rng, generator, words64
from ._common import as_array, as_floating, as_tensor


def _mask(shape: tuple[int, ...], p: float, dtype: Any, rng: Rng) -> Tensor:
    """0 with probability ``p``, else 1 / (1 - p), so that the mean is 1."""
    size, rng = math.prod(shape), generator(rng)
    bits = 1 if p == 0.5 else 8 if p * 256 % 1 == 0 else 16  # the fewer, the faster
    draws: np.ndarray = words64(rng, -(-size * bits // 64)).view(np.uint16 if bits == 16 else np.uint8)
    kept = np.unpackbits(draws, count=size) if bits == 1 else draws[:size] >= round(p * (1 << bits))
    mask = kept.reshape(shape).astype(dtype if dtype.kind == "f" else np.float64)
    mask *= 0.0 if p == 1 else 1 / (1 - p)  # in place: faster than a product of two dtypes
    return Tensor(mask, copy=False)


def dropout(input: Any, p: float = 0.5, training: bool = True, rng: Rng = None) -> Tensor:
    """Set each number to 0 with probability ``p`` and multiply the others by ``1 / (1 - p)`` (Srivastava et al. 2014).

    That is done in training; otherwise nothing is. The book's dropout instead multiplies by ``1 - p`` at test time
    (section 6.4.3).

    Examples
    --------
    >>> dropout([1.0, 1.0, 1.0, 1.0], p=0.5, rng=2)
    Tensor([2., 2., 0., 0.])
    >>> dropout([1.0, 1.0], training=False)
    Tensor([1., 1.])
    """
    probability(p, "p")
    x = as_tensor(input)
    return x * _mask(x.shape, p, x.dtype, rng) if training and p else x


def feature_dropout(input: Any, p: float = 0.5, training: bool = True, rng: Rng = None) -> Tensor:
    """:func:`dropout` of whole channels: axes (N, C), and all behind them are kept or dropped together."""
    probability(p, "p")
    x = as_tensor(input)
    if x.ndim < 2:
        raise ShapeError(f"Dropout of channels takes inputs of shape (N, C, ...), not {x.shape}.")
    return x * _mask((*x.shape[:2], *(1,) * (x.ndim - 2)), p, x.dtype, rng) if training and p else x


# -- Normalisation ----------------------------------------------------------------------------------------------------


def _per_channel(value: Any, ndim: int) -> Any:
    """A vector of channels, shaped to stand at axis 1 of ``ndim``."""
    return value if value is None or ndim == 2 else as_tensor(value).reshape(1, -1, *(1,) * (ndim - 2))


def batch_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``weight * (input - mean) / sqrt(var + eps) + bias`` for each channel (Ioffe and Szegedy 2015).

    In training, or without running statistics, mean and variance are those of the batch; and the running ones move by
    the share ``momentum`` towards them, with the unbiased variance. Otherwise the running ones are used.

    Parameters
    ----------
    input : array_like, shape (N, C) or (N, C, ...)
    running_mean, running_var : Tensor, shape (C,), optional
        Changed in training.
    weight, bias : array_like, shape (C,), optional

    Raises
    ------
    ShapeError
        If channels differ, or a channel has a single number to normalise in training.
    """
    x = as_tensor(input)
    shape, ndim = x.shape, x.ndim
    if ndim < 2:
        raise ShapeError(f"batch_norm takes inputs of shape (N, C) or (N, C, ...), not {shape}.")
    gamma, beta = _per_channel(weight, ndim), _per_channel(bias, ndim)
    gamma, beta = 1.0 if gamma is None else gamma, 0.0 if beta is None else beta
    if not training and running_mean is not None:
        mean, var = (as_array(_per_channel(s, ndim)) for s in (running_mean, running_var))
        scale = gamma * ((var + eps) ** -0.5)
        return x * scale + (beta - mean * scale)
    n = x.size // shape[1] if shape[1] else 0
    if n < 2:
        raise ShapeError(f"Batch normalisation in training needs two numbers or more per channel; got input {shape}.")
    y, mean, var = ag.normalize(x, (0, *range(2, ndim)), gamma, beta, eps)
    if running_mean is not None:
        _move(running_mean, mean.reshape(-1), momentum)
        _move(running_var, var.reshape(-1) * (n / (n - 1)), momentum)
    return y


def _move(running: Any, batch: np.ndarray, momentum: float) -> None:
    """Move what is remembered by the share ``momentum`` towards ``batch``."""
    before = running._data if isinstance(running, Tensor) else running
    values = before + momentum * (batch - before)
    if isinstance(running, Owned):
        running.hold(values.astype(before.dtype, copy=False))
    else:
        running[...] = values


def layer_norm(
    input: Any, normalized_shape: int | tuple[int, ...], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Tensor:
    """``weight * (input - mean) / sqrt(var + eps) + bias`` over the last axes of each sample (Ba et al. 2016).

    Examples
    --------
    >>> layer_norm([[1.0, 3.0]], 2, eps=0.0)
    Tensor([[-1.,  1.]])
    """
    x, axes = as_tensor(input), _last_axes(input, normalized_shape, "layer_norm")
    return ag.normalize(x, axes, 1.0 if weight is None else weight, 0.0 if bias is None else bias, eps)[0]


def rms_norm(
    input: Any, normalized_shape: int | tuple[int, ...], weight: Any = None, eps: float | None = None
) -> Tensor:
    """``weight * input / sqrt(mean(input^2) + eps)`` over the last axes (Zhang and Sennrich 2019).

    ``eps`` is by default the spacing of the dtype's numbers at 1.
    """
    x, axes = as_floating(input), _last_axes(input, normalized_shape, "rms_norm")
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    if x.dtype == np.float16:  # squares soon exceed its largest number
        return rms_norm(x.astype(np.float32), normalized_shape, weight, eps).astype(np.float16)
    y = x * (x.square().mean(axis=axes, keepdims=True) + eps) ** -0.5
    return y if weight is None else y * weight


def _last_axes(input: Any, normalized_shape: int | tuple[int, ...], name: str) -> tuple[int, ...]:
    shape = lengths(normalized_shape, "normalized_shape")
    found = ag.shape(input)
    if not shape or found[len(found) - len(shape) :] != shape:
        raise ShapeError(f"{name}: expected input (..., {', '.join(map(str, shape))}), got {found}.")
    return tuple(range(-len(shape), 0))


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    """Normalise each of ``num_groups`` groups of channels of each sample by itself (Wu and He 2018)."""
    x = as_tensor(input)
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise ShapeError(f"group_norm: {num_groups} groups do not divide the channels of input {x.shape} (N, C, ...).")
    rows = x.reshape(x.shape[0], num_groups, math.prod(x.shape[1:]) // num_groups)
    y = ag.normalize(rows, -1, 1.0, 0.0, eps)[0].reshape(x.shape)
    if weight is not None:
        y = y * _per_channel(weight, x.ndim)
    return y if bias is None else y + _per_channel(bias, x.ndim)


def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """``x / (k + alpha * mean of x^2 over size neighbouring channels) ** beta``, as in AlexNet.

    Krizhevsky et al. 2012 sum instead of taking the mean: their alpha = 1e-4, k = 2, n = 5 is ``size=5, alpha=5e-4,
    k=2`` here. Channels beyond the first and last count as 0.
    """
    x = as_floating(input)
    if x.ndim < 3 or size < 1:
        raise ShapeError(f"local_response_norm takes inputs (N, C, ...) and a positive size; got {x.shape} and {size}.")
    around = [(0, 0), (size // 2, (size - 1) // 2)] + [(0, 0)] * (x.ndim - 2)
    squares, channels = ag.pad(x.square(), around), x.shape[1]
    near = squares[:, :channels]
    for i in range(1, size):
        near = near + squares[:, i : i + channels]
    return x * (near * (alpha / size) + k) ** -beta


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """``input`` divided by its p-norm along ``dim``, which counts as at least ``eps``."""
    x = as_tensor(input)
    return x / ag.maximum(ag.norm(x, ord=p, axis=dim, keepdims=True), eps)
