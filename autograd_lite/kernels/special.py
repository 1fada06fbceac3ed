"""Functions that NumPy lacks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .parts import by_parts

SCALE, CUBIC = math.sqrt(2 / math.pi), 0.044715  # of the common approximation to the share of normal numbers below a
PART = 1 << 15  # elements: what stays close to the core over a dozen operations

# Chebyshev coefficients, over s = 2 t - 1 and with t = 2 / (2 + x), of log(erfc(x) / t) + x * x for x >= 0; fitted at
# 64 Chebyshev points to values of 16 digits. They fall quickly: 26 reach double, 14 single precision.
# fmt: off
_CHEBYSHEV = (
    -0.65132685989085448, 0.6419697923564904, 0.01947647320418608, -0.009561514786808672, -0.0009465953444829114,
    0.0003668394978526995, 4.25233248067281e-05, -2.0278578112717818e-05, -1.6242900046131938e-06,
    1.3036558352293849e-06, 1.562644232355507e-08, -8.523809621696453e-08, 6.529054464594953e-09,
    5.0593433648656245e-09, -9.913639344942217e-10, -2.2736583165799965e-10, 9.646802676509484e-11,
    2.3932538864372017e-12, -6.885799804126571e-12, 8.941412032715428e-13, 3.1298804332427653e-13,
    -1.128970529032492e-13, -2.401485148215738e-16, 6.986820810171337e-15, -1.7244218576568078e-15,
    -1.9635218830693147e-16,
)
# fmt: on
_TAYLOR = tuple(2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(12))


def sigmoid(x: np.ndarray) -> Any:
    """``1 / (1 + exp(-x))``; where ``exp(-x)`` overflows, that is 0, as it should be."""
    with np.errstate(over="ignore"):
        return logistic(x)


def logistic(x: np.ndarray, out: np.ndarray | None = None) -> Any:
    """:func:`sigmoid` for those who ignore overflow already: to say so takes longer than a small array."""
    y = np.exp(np.subtract(0.0, x, out=out), out=out)  # 0 minus a whole number without a sign would be positive
    y += 1
    return np.divide(1, y, out=out)  # which np.reciprocal takes longer for


def gelu_tanh_share(a: np.ndarray) -> Any:
    """``s = sigmoid(2 u) = (1 + tanh(u)) / 2`` with ``u = SCALE * (a + CUBIC * a ** 3)``."""

    def work(a: np.ndarray, out: np.ndarray) -> None:
        np.multiply(a, a, out=out)
        out *= SCALE * CUBIC
        out += SCALE
        out *= a
        np.tanh(out, out=out)
        out += 1
        out *= 0.5

    return by_parts(work, _floating(a), size=PART)


def gelu_tanh_slope(a: np.ndarray, s: np.ndarray) -> Any:
    """The derivative of ``a * s``: ``s * (1 + (1 - s) * 2 * a * SCALE * (1 + 3 * CUBIC * a * a))``."""

    def work(a: np.ndarray, s: np.ndarray, out: np.ndarray) -> None:
        np.multiply(a, a, out=out)
        out *= 6 * SCALE * CUBIC
        out += 2 * SCALE
        out *= a
        out *= 1 - s
        out += 1
        out *= s

    return by_parts(work, _floating(a), s, size=PART)


def _floating(a: Any) -> np.ndarray:
    array = np.asarray(a)
    return array if array.dtype.kind in "fc" else array.astype(np.float64)


def erf(x: np.ndarray) -> Any:
    """``2 / sqrt(pi)`` times the integral of ``exp(-t * t)`` from 0 to ``x``, to the precision of the dtype."""
    size = np.abs(x) if x.dtype.kind == "f" else np.abs(x).astype(np.float64)
    t = 2 / (2 + size)
    y = 1 - t * np.exp(_chebyshev(4 * t - 2, 26 if size.dtype.itemsize > 4 else 14) - size * size)
    near = size < 0.5  # where 1 - (almost 1) would lose digits
    if near.any():
        y = np.where(near, _odd_series(size), y)
    return np.copysign(y, x)


def _chebyshev(s2: np.ndarray, terms: int) -> Any:
    """The sum of ``_CHEBYSHEV[k] * T_k(s)`` by Clenshaw's recurrence; ``s2`` is ``2 s``."""
    after, now = np.zeros_like(s2), np.zeros_like(s2)
    for c in _CHEBYSHEV[terms - 1 : 0 : -1]:
        now, after = s2 * now - after + c, now
    return _CHEBYSHEV[0] + 0.5 * s2 * now - after


def _odd_series(x: np.ndarray) -> Any:
    square = np.minimum(x, 0.5) ** 2
    y = np.full_like(square, _TAYLOR[-1])
    for c in _TAYLOR[-2::-1]:
        y = y * square + c
    return x * y
