"""Loops over elements, for :mod:`compiled` to compile; Python itself runs them far too slowly.

Where NumPy takes one pass over memory for each operation, a loop takes one for all of them. Images lie as (H, W, N * C)
without gaps, so that the innermost loops, which are the helpers, go along neighbours. All their operands are rows, so
the compiler can take many elements at a time.
"""

from __future__ import annotations

import numpy as np


def relu(y: np.ndarray, x: np.ndarray) -> None:
    """``max(x, 0)``, where nan stays nan."""
    for k in range(x.size):
        y[k] = 0 if x[k] <= 0 else x[k]


def relu_gradient(dx: np.ndarray, g: np.ndarray, y: np.ndarray) -> None:
    """``g`` where ``y > 0``, else 0."""
    for k in range(g.size):
        dx[k] = g[k] if y[k] > 0 else 0


def max_pool_scatter(
    dx: np.ndarray, g: np.ndarray, x: np.ndarray, y: np.ndarray, apart: bool, geometry: np.ndarray, top: int, start: int
) -> None:
    """Each element of ``g`` (rows, OW, M) to the first maximum of its window in ``dx[:, :, start : start + M]``.

    ``g`` begins with row ``top`` of the windows; ``geometry`` has kernel, stride, padding and dilation as rows.
    """
    rows, columns, length = g.shape
    stop = start + length
    kernel, stride, padding, dilation = geometry[0], geometry[1], geometry[2], geometry[3]
    free = np.empty(length, np.uint8)
    for a in range(rows):
        for b in range(columns):
            free[:] = 1
            for i in range(kernel[0]):
                for j in range(kernel[1]):
                    h = (top + a) * stride[0] + i * dilation[0] - padding[0]
                    w = b * stride[1] + j * dilation[1] - padding[1]
                    if 0 <= h < x.shape[0] and 0 <= w < x.shape[1]:
                        _give(
                            dx[h, w, start:stop], g[a, b], x[h, w, start:stop], y[top + a, b, start:stop], free, apart
                        )


def _give(dx: np.ndarray, g: np.ndarray, x: np.ndarray, y: np.ndarray, free: np.ndarray, apart: bool) -> None:
    """What a place gets where it is the first maximum of its window: windows that have none yet are free."""
    for k in range(g.size):
        first = ((x[k] == y[k]) | ((x[k] != x[k]) & (y[k] != y[k]))) & (free[k] != 0)
        free[k] = 0 if first else free[k]
        share = g[k] if first else 0
        dx[k] = share if apart else dx[k] + share


def winograd_tiles(d: np.ndarray, image: np.ndarray, top: int, left: int, start: int) -> None:
    """B' d B of tiles of ``image[:, :, start : start + M]`` from a row and column on; beside it are zeros.

    It is written to (4, 4, rows, columns, M).
    """
    high, wide, length = d.shape[2:]
    tall, broad, stop = image.shape[0], image.shape[1], start + length
    outside = np.zeros(length, d.dtype)
    half = np.empty((4, 2 * wide + 2, length), d.dtype)
    for a in range(high):
        h = top + 2 * a
        for b in range(2 * wide + 2):
            w = left + b
            inside = 0 <= w < broad
            p = image[h, w, start:stop] if inside and 0 <= h < tall else outside
            q = image[h + 1, w, start:stop] if inside and 0 <= h + 1 < tall else outside
            r = image[h + 2, w, start:stop] if inside and 0 <= h + 2 < tall else outside
            s = image[h + 3, w, start:stop] if inside and 0 <= h + 3 < tall else outside
            _b_transposed(p, q, r, s, half[0, b], half[1, b], half[2, b], half[3, b])
        for i in range(4):
            for b in range(wide):
                p, q, r, s = half[i, 2 * b], half[i, 2 * b + 1], half[i, 2 * b + 2], half[i, 2 * b + 3]
                _b_transposed(p, q, r, s, d[0, i, a, b], d[1, i, a, b], d[2, i, a, b], d[3, i, a, b])


def _b_transposed(
    d0: np.ndarray, d1: np.ndarray, d2: np.ndarray, d3: np.ndarray,
    v0: np.ndarray, v1: np.ndarray, v2: np.ndarray, v3: np.ndarray,
) -> None:  # fmt: skip
    for k in range(d0.size):
        e0, e1, e2, e3 = d0[k], d1[k], d2[k], d3[k]
        v0[k] = e0 - e2
        v1[k] = e1 + e2
        v2[k] = e2 - e1
        v3[k] = e1 - e3


def winograd_outputs(out: np.ndarray, m: np.ndarray, top: int, start: int) -> None:
    """A' m A of products (4, 4, rows, columns, M), written to ``out[top:, :, start : start + M]``."""
    high, wide, length = m.shape[2:]
    half = np.empty((2, 4, length), m.dtype)
    outside = np.empty(length, m.dtype)
    for a in range(high):
        row = top + 2 * a
        for b in range(wide):
            for i in range(4):
                p, q, r, s = m[0, i, a, b], m[1, i, a, b], m[2, i, a, b], m[3, i, a, b]
                _a_transposed(p, q, r, s, half[0, i], half[1, i])
            for j in range(min(2, out.shape[1] - 2 * b)):
                upper = out[row, 2 * b + j, start : start + length]
                lower = out[row + 1, 2 * b + j, start : start + length] if row + 1 < out.shape[0] else outside
                _a_transposed(half[j, 0], half[j, 1], half[j, 2], half[j, 3], upper, lower)


def _a_transposed(
    m0: np.ndarray, m1: np.ndarray, m2: np.ndarray, m3: np.ndarray, y0: np.ndarray, y1: np.ndarray
) -> None:
    for k in range(m0.size):
        y0[k] = m1[k] + m2[k] + m0[k]
        y1[k] = m1[k] - m2[k] + m3[k]


def winograd_cotangents(u: np.ndarray, g: np.ndarray, top: int, start: int) -> None:
    """A g A' of tiles of the cotangent ``g[top:, :, start : start + M]``, written to (4, 4, rows, columns, M)."""
    high, wide, length = u.shape[2:]
    tall, broad, stop = g.shape[0], g.shape[1], start + length
    outside = np.zeros(length, u.dtype)
    half = np.empty((2, 4, length), u.dtype)
    for a in range(high):
        h = top + 2 * a
        for b in range(wide):
            for j in range(2):
                inside = 2 * b + j < broad
                p = g[h, 2 * b + j, start:stop] if inside else outside
                q = g[h + 1, 2 * b + j, start:stop] if inside and h + 1 < tall else outside
                _a(p, q, half[j, 0], half[j, 1], half[j, 2], half[j, 3])
            for i in range(4):
                _a(half[0, i], half[1, i], u[0, i, a, b], u[1, i, a, b], u[2, i, a, b], u[3, i, a, b])


def _a(g0: np.ndarray, g1: np.ndarray, u0: np.ndarray, u1: np.ndarray, u2: np.ndarray, u3: np.ndarray) -> None:
    for k in range(g0.size):
        u0[k] = g0[k]
        u1[k] = g0[k] + g1[k]
        u2[k] = g0[k] - g1[k]
        u3[k] = g1[k]


LOOPS = (relu, relu_gradient, max_pool_scatter, winograd_tiles, winograd_outputs, winograd_cotangents)
HELPERS = (_give, _b_transposed, _a_transposed, _a)
