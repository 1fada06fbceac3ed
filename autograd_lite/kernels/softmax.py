"""Softmax and its logarithm along an axis.

NumPy reduces slowly over a short last axis, element by element; over the first axis it adds whole rows. So few classes
are worth a transposed copy.
"""

from __future__ import annotations

import numpy as np

from .sums import total

SHORT = 32
NEAR = 1e-9  # of the largest summand: rounding errors grow with the distance, here at most by the factor 21


def softmax(a: np.ndarray, axis: int) -> np.ndarray:
    """``exp(a) / sum(exp(a))`` along ``axis``, without overflow; whole numbers become floating point."""
    a, back = _classes_first(a, axis)
    if back and a.size and a.dtype.kind == "f" and np.isfinite(top := a.max()):
        # One maximum for all costs a tenth of one for each row, and serves as well where no row is far below it.
        z: np.ndarray = a - top
        np.exp(z, out=z)
        sums = total(z, back, keepdims=True)
        if sums.min() > NEAR:
            z /= sums
            return z
    z = _below_maximum(a, back)
    np.exp(z, out=z)
    z /= total(z, back, keepdims=True)
    return z if back == axis else z.swapaxes(0, axis)


def log_softmax(a: np.ndarray, axis: int) -> np.ndarray:
    """``a - log(sum(exp(a)))`` along ``axis``, without overflow; whole numbers become floating point."""
    a, back = _classes_first(a, axis)
    z = _below_maximum(a, back)
    z -= np.log(total(np.exp(z), back, keepdims=True))
    return z if back == axis else z.swapaxes(0, axis)


def _below_maximum(a: np.ndarray, axis: int) -> np.ndarray:
    below: np.ndarray = a - np.maximum.reduce(a, axis=axis, keepdims=True)
    return below


def _classes_first(a: np.ndarray, axis: int) -> tuple[np.ndarray, int]:
    """Floating point numbers, and which of their axes holds the classes: the first, in memory too, if they are few."""
    dtype = a.dtype if a.dtype.kind in "fc" else np.float64
    if a.shape[axis] <= SHORT and axis % a.ndim == a.ndim - 1:
        return np.array(a.swapaxes(0, axis), dtype, order="C"), 0 if a.ndim > 1 else axis
    return np.asarray(a, dtype), axis
