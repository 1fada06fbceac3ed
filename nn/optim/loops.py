"""Steps of optimisers as loops over elements, for those who have numba: one pass over memory instead of a dozen."""

from __future__ import annotations

import numpy as np


def adagrad(w: np.ndarray, g: np.ndarray, h: np.ndarray, lr: float, eps: float) -> None:
    """``h += g * g`` and ``w -= lr * g / (sqrt(h) + eps)``."""
    for k in range(w.size):
        h[k] += g[k] * g[k]
        w[k] -= lr * g[k] / (np.sqrt(h[k]) + eps)


def adam(
    w: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray, share1: float, share2: float, lr: float, eps: float
) -> None:
    """Means ``m`` and ``v`` take up shares of ``g`` and of its square, and ``w -= lr * m / (sqrt(v) + eps)``."""
    for k in range(w.size):
        m[k] += share1 * (g[k] - m[k])
        v[k] += share2 * (g[k] * g[k] - v[k])
        w[k] -= lr * m[k] / (np.sqrt(v[k]) + eps)
