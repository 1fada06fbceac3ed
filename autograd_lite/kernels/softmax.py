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
    z, back = _classes_first(a, axis)
    if back and z.size and z.dtype.kind == "f" and np.isfinite(top := z.max()):
        # One maximum for all costs a tenth of one for each row, and serves as well where no row is far below it.
        z -= top
        np.exp(z, out=z)
        sums = total(z, back, keepdims=True)
        if sums.min() > NEAR:
            z /= sums
            return z
        z, back = _classes_first(a, axis)
    z -= np.maximum.reduce(z, axis=back, keepdims=True)
    np.exp(z, out=z)
    z /= total(z, back, keepdims=True)
    return z if back == axis else z.swapaxes(0, axis)


def log_softmax(a: np.ndarray, axis: int) -> np.ndarray:
    """``a - log(sum(exp(a)))`` along ``axis``, without overflow; whole numbers become floating point."""
    z, back = _classes_first(a, axis)
    z -= np.maximum.reduce(z, axis=back, keepdims=True)
    z -= np.log(total(np.exp(z), back, keepdims=True))
    return z if back == axis else z.swapaxes(0, axis)


def _classes_first(a: np.ndarray, axis: int) -> tuple[np.ndarray, int]:
    """A floating point copy, and which of its axes holds the classes: the first if they are few."""
    dtype = a.dtype if a.dtype.kind in "fc" else np.float64
    if a.shape[axis] <= SHORT and axis % a.ndim == a.ndim - 1:
        return np.array(a.swapaxes(0, axis), dtype, order="C"), 0 if a.ndim > 1 else axis
    return np.array(a, dtype), axis
