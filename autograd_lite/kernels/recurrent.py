"""The recursion of long short-term memory, step by step in memory that is laid out once."""

from __future__ import annotations

import numpy as np

from .special import logistic


def lstm(z: np.ndarray, w: np.ndarray, h0: np.ndarray, c0: np.ndarray) -> np.ndarray:
    """Outputs and memories of all steps, one above the other, with those before the first step in front.

    Parameters
    ----------
    z : ndarray, shape (T, N, 4 * H)
        What the input adds to the gates i, f, g, o.
    w : ndarray, shape (4 * H, H)
    h0, c0 : ndarray, shape (N, H)

    Returns
    -------
    ndarray, shape (2, T + 1, N, H)
    """
    steps, n, width = z.shape[0], z.shape[1], z.shape[2] // 4
    states = np.empty((2, steps + 1, n, width), np.result_type(z, w, h0, c0))
    states[0, 0], states[1, 0] = h0, c0
    turned = np.ascontiguousarray(w.T)
    gates = np.empty((n, 4 * width), states.dtype)
    i, f, g, o = (gates[:, k * width : (k + 1) * width] for k in range(4))
    fresh = np.empty((n, width), states.dtype)
    with np.errstate(over="ignore"):
        for t in range(steps):
            np.dot(states[0, t], turned, out=gates)
            gates += z[t]
            np.tanh(g, out=fresh)
            logistic(gates, out=gates)
            c, h = states[1, t + 1], states[0, t + 1]
            np.multiply(f, states[1, t], out=c)
            fresh *= i
            c += fresh
            np.tanh(c, out=h)
            h *= o
    return states
