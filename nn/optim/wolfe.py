"""How far to go along a direction: the strong Wolfe conditions (Nocedal and Wright, section 3.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Point(NamedTuple):
    """A place on the way: its distance, the loss, the gradient, and the slope along the way."""

    at: float
    loss: float
    gradient: np.ndarray
    slope: float


def strong_wolfe(
    f: Callable[[float], tuple[float, np.ndarray]],
    direction: np.ndarray,
    length: float,
    loss: float,
    gradient: np.ndarray,
    c1: float = 1e-4,
    c2: float = 0.9,
    max_calls: int = 25,
) -> tuple[float, float, np.ndarray, int]:
    """A length at which the loss fell enough (``c1``) and its slope became flat enough (``c2``).

    Parameters
    ----------
    f : callable
        Loss and gradient at a length.
    direction : ndarray
    length : float
        The first to try.
    loss, gradient
        At length 0, from where the loss falls.

    Returns
    -------
    length, loss, gradient, number of calls of ``f``
    """
    slope = float(gradient @ direction)
    calls = 0

    def try_at(at: float) -> Point:
        nonlocal calls
        calls += 1
        value, there = f(at)
        return Point(at, value, there, float(there @ direction))

    low, high = Point(0.0, loss, gradient, slope), None
    now = try_at(length)
    while calls < max_calls:
        enough = now.loss <= loss + c1 * now.at * slope and np.isfinite(now.loss)
        if not enough or (low.at > 0 and now.loss >= low.loss):
            high = now
            break
        if abs(now.slope) <= -c2 * slope:
            return now.at, now.loss, now.gradient, calls
        if now.slope >= 0:
            low, high = now, low
            break
        low, now = now, try_at(2 * now.at)
    while high is not None and calls < max_calls and abs(high.at - low.at) * abs(slope) > 1e-12:
        now = try_at(_inside(low, high))
        if not now.loss <= loss + c1 * now.at * slope or now.loss >= low.loss:
            high = now
            continue
        if abs(now.slope) <= -c2 * slope:
            return now.at, now.loss, now.gradient, calls
        if now.slope * (high.at - low.at) >= 0:
            high = low
        low = now
    return low.at, low.loss, low.gradient, calls


def _inside(a: Point, b: Point) -> float:
    """The minimum of the cubic through both points, or the middle if that is too near an end."""
    width = b.at - a.at
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.at - b.at)
    square = d1 * d1 - a.slope * b.slope
    if np.isfinite(square) and square >= 0:
        d2 = np.copysign(np.sqrt(square), width)
        at = b.at - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2 or 1.0)
        if 0.1 <= (at - a.at) / width <= 0.9:
            return float(at)
    return a.at + width / 2
