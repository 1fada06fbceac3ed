"""The public functions by NumPy and by slow, obvious code, on arrays of floats or of :class:`~.duals.Dual` numbers.

What is not defined here is NumPy's own function of that name. It knows no rule of the library, only its choices at
kinks: elements that tie for a maximum share the derivative, of those in one window of a pool the first has it, and the
slopes of ``abs`` and ``relu`` at 0 are 0.

>>> from autograd_lite.testing import reference
>>> from autograd_lite.testing.duals import duals
>>> reference.max(duals([3.0, 1.0, 3.0], directions=[1.0, 0.0, 0.0]))
array(Dual(3.0, 0.5), dtype=object)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .duals import Dual, duals, no_grad, plain_values

__all__ = ["Tensor", "no_grad"]
enable_grad = nullcontext  # it stands in no block of no_grad


class Tensor:
    """Methods that are no functions."""

    @staticmethod
    def detach(a: Any) -> Any:
        """The numbers without their derivatives."""
        with no_grad():
            return a * 1.0


def __getattr__(name: str) -> Callable[..., Any]:
    """NumPy's function of that name, whose result is an array again."""
    function = getattr(np, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = function(*map(_array, args), **{key: _array(value) for key, value in kwargs.items()})
        return [arrays(part) for part in result] if isinstance(result, list | tuple) else arrays(result)

    return wrapped


def arrays(a: Any) -> Any:
    """NumPy takes the only element out of arrays without axes, and pads with numbers that have no derivative."""
    a = np.asarray(a)
    return duals(a) if a.dtype == object else a


def _array(a: Any) -> Any:
    return duals(a) if isinstance(a, Dual) else a


# -- Functions of single numbers --------------------------------------------------------------------------------------


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def erf(a: Any) -> Any:
    def one(x: Any) -> Any:
        return x.erf() if hasattr(x, "erf") else math.erf(x)

    return np.vectorize(one, otypes=[a.dtype])(a)


def gelu(x: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return x / 2 * (1 + np.tanh(x.dtype.type(math.sqrt(2 / math.pi)) * (x + x.dtype.type(0.044715) * x**3)))
    return x * (1 + erf(np.asarray(x / x.dtype.type(math.sqrt(2))))) / 2


def logaddexp(a: Any, b: Any) -> Any:
    return np.log(np.exp(a) + np.exp(b))


def relu(a: Any) -> Any:
    return np.where(a > 0, a, a * 0)


def maximum(a: Any, b: Any) -> Any:
    a, b = np.broadcast_arrays(a, b)
    return arrays(np.where(a > b, a, np.where(a < b, b, (a + b) / 2)))


def minimum(a: Any, b: Any) -> Any:
    return -maximum(-a, -b)


def clip(a: Any, a_min: Any, a_max: Any) -> Any:
    a = a if a_min is None else np.where(a < a_min, a_min, a)
    return arrays(a if a_max is None else np.where(a > a_max, a_max, a))


def astype(a: Any, dtype: Any) -> Any:
    return a


# -- Along axes -------------------------------------------------------------------------------------------------------


def along(a: Any, axis: Any, keepdims: bool, reduce: Callable[[Any], Any]) -> Any:
    """``reduce`` of all rows that some axes make up."""
    a = np.asarray(a)
    axes = range(a.ndim) if axis is None else [i % a.ndim for i in np.atleast_1d(np.asarray(axis, int))]
    others = [i for i in range(a.ndim) if i not in axes]
    shape = [a.shape[i] for i in others]
    rows = a.transpose(*others, *axes).reshape(math.prod(shape), -1)
    y = np.array([reduce(row) for row in rows], a.dtype).reshape(shape)
    return np.expand_dims(y, tuple(axes)) if keepdims else y


def max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return along(a, axis, keepdims, lambda row: _mean([x for x in row if not any(other > x for other in row)]))


def _mean(numbers: Any) -> Any:
    return sum(numbers[1:], numbers[0]) / len(numbers)


def min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return -max(-a, axis, keepdims)


def ptp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return max(a, axis, keepdims) - min(a, axis, keepdims)


amax, amin = max, min


def sort(a: Any, axis: int = -1) -> Any:
    return np.sort(a, axis, kind="stable")


def median(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return along(a, axis, keepdims, lambda row: _mean(sort(row)[(len(row) - 1) // 2 : len(row) // 2 + 1]))


def logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.log(np.sum(np.exp(a), axis, keepdims=keepdims))


def softmax(a: Any, axis: int = -1) -> Any:
    return np.exp(a) / np.exp(a).sum(axis, keepdims=True)


def log_softmax(a: Any, axis: int = -1) -> Any:
    return np.log(softmax(a, axis))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord in (np.inf, -np.inf):
        return (max if ord > 0 else min)(np.abs(x), axis, keepdims)
    p = ord or 2
    return np.sum(np.abs(x) ** p, axis, keepdims=keepdims) ** (1 / p)


# -- Networks ---------------------------------------------------------------------------------------------------------


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    return np.einsum("...i,oi->...o", x, weight) + (0 if bias is None else bias)


def lstm(z: Any, weight: Any, h0: Any, c0: Any) -> tuple[Any, Any]:
    h, c = [h0], [c0]
    for row in z:
        i, f, g, o = np.split(row + h[-1] @ weight.T, 4, axis=1)
        c.append(c[-1] / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i)))
        h.append(np.tanh(c[-1]) / (1 + np.exp(-o)))
    return np.array(h), np.array(c)


def softmax_cross_entropy(logits: Any, labels: Any, scale: Any) -> Any:
    rows = [-s * np.log(softmax(row)[label]) for row, label, s in zip(logits, labels, scale, strict=True)]
    return np.sum(np.array(rows, logits.dtype))


def normalize(x: Any, axis: Any, gamma: Any, beta: Any, eps: float) -> tuple[Any, Any, Any]:
    mean, var = x.mean(axis, keepdims=True), x.var(axis, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + x.dtype.type(eps)) + beta, mean, var


def two(value: Any) -> Any:
    """One number for height and width, or one for each."""
    return (value, value) if isinstance(value, int) else value


def windows(x: Any, kernel: Any, stride: Any, padding: Any = 0, dilation: Any = 1) -> Any:
    """An array (N, C, OH, OW, KH, KW) of what lies in each window."""
    (p, q), (d, e), (s, t) = two(padding), two(dilation), two(stride)
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q)))
    spans = [n * (k - 1) + 1 for n, k in zip((d, e), kernel, strict=True)]
    return sliding_window_view(x, spans, (2, 3))[:, :, ::s, ::t, ::d, ::e]


def conv2d(
    x: Any, w: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    parts = zip(np.split(x, groups, 1), np.split(w, groups), strict=True)
    y = np.concatenate(
        [np.einsum("ncxyij,ocij->noxy", windows(a, b.shape[2:], stride, padding, dilation), b) for a, b in parts], 1
    )
    return y if bias is None else y + bias[:, None, None]


def conv_transpose2d(
    x: Any,
    w: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    (s, t), (p, q), (d, e), more = two(stride), two(padding), two(dilation), two(output_padding)
    n, c, height, width = x.shape
    kh, kw = w.shape[2:]
    shape = ((height - 1) * s + d * (kh - 1) + 1 + more[0], (width - 1) * t + e * (kw - 1) + 1 + more[1])
    y = np.zeros((n, w.shape[1] * groups, *shape), x.dtype)
    for k in range(groups):
        some, out = slice(k * c // groups, (k + 1) * c // groups), slice(k * w.shape[1], (k + 1) * w.shape[1])
        for i, j in np.ndindex(height, width):
            stamp = np.einsum("nc,coij->noij", x[:, some, i, j], w[some])
            y[:, out, i * s : i * s + d * (kh - 1) + 1 : d, j * t : j * t + e * (kw - 1) + 1 : e] += stamp
    y = y[:, :, p : shape[0] - p, q : shape[1] - q]
    return y if bias is None else y + bias[:, None, None]


def im2col(x: Any, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    found = windows(x, two(kernel_size), stride, padding, dilation).transpose(0, 2, 3, 1, 4, 5)
    return found.reshape(int(np.prod(found.shape[:3])), int(np.prod(found.shape[3:])))


def col2im(columns: Any, shape: Any, kernel_size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    """By the definition of an adjoint: each element goes where im2col found it."""
    numbers = np.arange(1, int(np.prod(shape)) + 1).reshape(shape)
    places = im2col(numbers, kernel_size, stride, padding, dilation)
    y = np.zeros(numbers.size + 1, columns.dtype)
    np.add.at(y, places.ravel(), columns.ravel())
    return y[1:].reshape(shape)


def pooling(
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    reduce: Callable[..., Any],
    dilation: Any = 1,
) -> Any:
    """``reduce(part of the image, area)`` for each window; the area counts padding, but nothing behind it.

    With ``ceil_mode`` the last window may hang over the edge, but must begin inside the image or the padding before it.
    """
    kernel, margin = two(kernel_size), two(padding)
    step = kernel if stride is None else two(stride)
    spans = []
    for n, k, s, p, d in zip(x.shape[2:], kernel, step, margin, two(dilation), strict=True):
        k = (k - 1) * d + 1
        starts = range(-p, n + p if ceil_mode else n + p - k + 1, s)
        starts = [a for a in starts if a < n and (a + k - s < n + p)]  # type: ignore[assignment]
        inside = [slice(a if a >= 0 else a % d, np.minimum(a + k, n), d) for a in starts]
        spans.append([(part, np.minimum(a + k, n + p) - a) for part, a in zip(inside, starts, strict=True)])
    y = [[reduce(x[:, :, rows, columns], high * wide) for columns, wide in spans[1]] for rows, high in spans[0]]
    return np.moveaxis(np.array(y, x.dtype).reshape(len(spans[0]), len(spans[1]), *x.shape[:2]), (0, 1), (2, 3))


def max_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, dilation: Any = 1
) -> Any:
    def first_of_the_largest(part: Any, area: int) -> Any:
        rows = part.reshape(*part.shape[:2], part.shape[2] * part.shape[3])
        return np.take_along_axis(rows, plain_values(rows).argmax(-1)[..., None], -1)[..., 0]

    return pooling(x, kernel_size, stride, padding, ceil_mode, first_of_the_largest, dilation)


def avg_pool2d(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    def mean(part: Any, area: int) -> Any:
        return part.sum((2, 3)) / (area if count_include_pad else part.shape[2] * part.shape[3])

    return pooling(x, kernel_size, stride, padding, ceil_mode, mean)
