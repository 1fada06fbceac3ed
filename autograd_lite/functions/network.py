"""What networks are made of, beyond the functions of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from .._arrays import all_axes
from ..errors import ShapeError
from ..ops import network as rules
from ..tensor import Tensor, TensorLike, as_tensor


def linear(x: TensorLike, weight: TensorLike, bias: TensorLike | None = None) -> Tensor:
    """``x @ weight.T + bias``, over the last axis of ``x``.

    Parameters
    ----------
    x : array_like, shape (..., in)
    weight : array_like, shape (out, in)
    bias : array_like, shape (out,), optional

    Raises
    ------
    ShapeError
        If ``in`` or ``out`` differ between the operands.

    Examples
    --------
    >>> linear([[1.0, 2.0]], [[3.0, 4.0]], [0.5])
    Tensor([[11.5]])
    """
    x, weight = as_tensor(x), as_tensor(weight)
    given, shape = x.shape, weight.shape
    if len(shape) != 2 or given[-1:] != shape[1:]:
        raise ShapeError(f"linear: expected input (..., {shape[-1] if shape else '?'}), got {given}.")
    bias = None if bias is None else as_tensor(bias)
    if bias is not None and bias.shape != shape[:1]:
        raise ShapeError(f"linear: weight {shape} needs a bias of shape {shape[:1]}, not {bias.shape}.")
    return x.apply(rules.Linear(), (x, weight, bias))


def softmax_cross_entropy(logits: TensorLike, labels: Any, scale: Any) -> Tensor:
    """Weighted sum over rows of the negative log-probability that softmax gives the right class.

    The kernel of every classification loss: ``-sum(scale[n] * log(softmax(logits)[n, labels[n]]))``, in one rule, whose
    gradient is ``scale * (softmax - one_hot)`` (Deep Learning from Scratch, section 5.6.3 and appendix A).

    Parameters
    ----------
    logits : array_like, shape (N, C)
    labels : integer array, shape (N,)
    scale : array_like, shape (N,) or ()
        1 / N for the mean.

    Raises
    ------
    ShapeError
        If shapes differ, or a label is no class.

    Examples
    --------
    >>> softmax_cross_entropy([[0.0, 0.0]], [1], [1.0])
    Tensor(0.69314718)
    """
    logits = as_tensor(logits)
    labels = np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ShapeError(
            f"Logits of shape (N, C) and labels of shape (N,) are needed; got {logits.shape}, {labels.shape}."
        )
    # Negative numbers are large without their sign, so one comparison will do.
    if np.maximum.reduce(labels.astype(np.uint64), initial=0) >= logits.shape[1]:
        wrong = labels[(labels < 0) | (labels >= logits.shape[1])][0]
        raise ShapeError(
            f"Label {wrong} is out of range: there are {logits.shape[1]} classes, 0 to {logits.shape[1] - 1}."
        )
    factors = np.array(scale, logits.dtype if logits.dtype.kind in "fc" else np.float64)  # as softmax gives
    if factors.shape not in ((), labels.shape):
        raise ShapeError(f"One scale, or one for each of {len(labels)} rows, is needed; got shape {factors.shape}.")
    rule = rules.CrossEntropy(labels.copy(), factors[()])
    return logits.apply(rule, (logits,))


def normalize(
    x: Any, axis: int | Sequence[int], gamma: Any = 1.0, beta: Any = 0.0, eps: float = 1e-5
) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """``gamma * (x - mean) / sqrt(var + eps) + beta``, with mean and (biased) variance of ``x`` over ``axis``.

    Batch normalisation (Ioffe and Szegedy 2015) over all axes but the channels', layer normalisation (Ba et al. 2016)
    over the last; differentiable through mean and variance, to any order.

    Parameters
    ----------
    x : array_like
    axis : int or sequence of int
    gamma, beta : array_like
        They broadcast to the shape of ``x``.
    eps : float
        Added to the variance, inside the root.

    Returns
    -------
    y : Tensor
        Of the shape of ``x``.
    mean, var : ndarray
        With the reduced axes kept, for running averages; in single precision if ``x`` has half.

    Raises
    ------
    ShapeError
        If gamma or beta do not fit.

    Examples
    --------
    >>> y, mean, var = normalize([[1.0], [3.0]], axis=0, eps=0.0)
    >>> y.tolist(), mean.tolist(), var.tolist()
    ([[-1.0], [1.0]], [[2.0]], [[1.0]])
    """
    x = as_tensor(x)
    if x.dtype == np.float16:  # sums of squares soon exceed its largest number
        wide = [a if isinstance(a, float | int) else as_tensor(a).astype(np.float32) for a in (x, gamma, beta)]
        single, mean, var = normalize(wide[0], axis, wide[1], wide[2], eps)
        return single.astype(np.float16), mean, var
    axes = all_axes(axis, x.ndim)
    even = _even(_shape(gamma), _shape(beta), axes, x.ndim)
    rule = rules.NormalizeEvenly(axes, eps) if even else rules.Normalize(axes, eps)
    y: Tensor = x.apply(rule, (x, gamma, beta))
    if y.shape != x.shape:
        raise ShapeError(f"normalize: gamma and beta must broadcast to the input's shape {x.shape}, not to {y.shape}.")
    return y, *rule.statistics


def _shape(value: Any) -> tuple[int, ...]:
    return value.shape if isinstance(value, Tensor) else np.shape(value)


@cache
def _even(gamma: tuple[int, ...], beta: tuple[int, ...], axes: tuple[int, ...], ndim: int) -> bool:
    """Whether arrays of these shapes, broadcast to ``ndim`` dimensions, are the same all along ``axes``."""
    return all(shape[axis - ndim] == 1 for shape in (gamma, beta) for axis in axes if ndim - axis <= len(shape))


def lstm(z: TensorLike, weight: TensorLike, h0: TensorLike, c0: TensorLike) -> tuple[Tensor, Tensor]:
    """Long short-term memory (Hochreiter and Schmidhuber 1997) over a sequence, in one rule.

    At each step, with ``(i, f, g, o) = z[t] + h @ weight.T``::

        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)

    Parameters
    ----------
    z : array_like, shape (T, N, 4 * H)
        What the inputs and biases add to the gates i, f, g, o.
    weight : array_like, shape (4 * H, H)
        What the last output adds to them.
    h0, c0 : array_like, shape (N, H)
        Output and memory before the first step.

    Returns
    -------
    h, c : Tensor, shape (T + 1, N, H)
        Outputs and memories, beginning with ``h0`` and ``c0``.

    Raises
    ------
    ShapeError
        If shapes do not fit each other, or there is no step.

    Examples
    --------
    >>> h, c = lstm([[[0.0, 0.0, 9.0, 0.0]]], [[0.0]] * 4, [[0.0]], [[1.0]])
    >>> c.shape, c[1].round(4)
    ((2, 1, 1), Tensor([[1.]]))
    """
    z, weight, h0, c0 = as_tensor(z), as_tensor(weight), as_tensor(h0), as_tensor(c0)
    width = weight.shape[-1] if weight.ndim else 0
    expected = (*z.shape[:2], 4 * width), (4 * width, width), (*z.shape[1:2], width), (*z.shape[1:2], width)
    given = z.shape, weight.shape, h0.shape, c0.shape
    if given != expected or z.ndim != 3 or not len(z):
        raise ShapeError(
            "lstm: expected gates (T, N, 4 * H) of one step or more, weight (4 * H, H) and two states (N, H), got "
            f"{', '.join(map(str, given))}."
        )
    states: Tensor = z.apply(rules.LSTM(), (z, weight, h0, c0))
    return states[0], states[1]
