"""Derivatives from values alone: differences, extrapolated, with a bar that says how far they may be off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..gradients import no_grad
from ..tensor import Tensor
from .problem import plain

Vector = Any  # a one-dimensional array of doubles
FIRST_STEP, RATIO, LEVELS, COLUMNS = 2.0**-4, 4.0, 14, 6  # powers of 2, so that steps are exact; see exact()
TINY = 2.0**-30
LARGE = 2.0**-18  # steps much larger than the rounding of single precision
SAFETY = 4.0
NOISY = 8.0  # so many times its floor can rounding become in a table of extrapolation
SUPPORT = 1e-3  # how well one-sided differences must support central ones, and all of them a complex step, relatively
DOUBLE = float(np.finfo(np.float64).eps)


def numerical_gradient(f: Callable[[Any], Any], x: Any, h: float = 1e-4) -> np.ndarray:
    """The gradient of a number ``f(x)`` by central differences, element by element.

    ``(f(x + h) - f(x - h)) / (2 h)``, as in Deep Learning from Scratch, section 4.3. An array or tensor is perturbed in
    place, one element at a time, so ``f`` may also ignore its argument and read the same memory elsewhere, as the
    book's networks do. It is given back exactly as it was, also if ``f`` raises.

    Parameters
    ----------
    f : callable
        From ``x`` to a number, a 0-d array or a tensor of one element.
    x : ndarray or Tensor
        Of floating point numbers. Anything else that looks like an array is copied.
    h : float
        The step.

    Returns
    -------
    ndarray
        Of the shape of ``x``, in float64.

    Raises
    ------
    ShapeError
        If ``f`` returns more or less than one number.

    Examples
    --------
    >>> import numpy as np
    >>> numerical_gradient(lambda x: x[0] ** 2 + x[1] ** 2, np.array([3.0, 4.0])).round(6).tolist()
    [6.0, 8.0]
    """
    if not isinstance(x, Tensor) and not (isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.flags.writeable):
        x = np.array(x, np.float64)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        with no_grad():
            before = float(x[index])
            try:
                x[index] = before + h
                above = _number(f(x))
                x[index] = before - h
                below = _number(f(x))
            finally:
                x[index] = before
        gradient[index] = (above - below) / (2 * h)
    return gradient


def _number(value: Any) -> float:
    array = plain(value)
    if array.size != 1:
        raise ShapeError(f"f must return one number, and returned shape {array.shape}; sum it, or choose one element.")
    return float(array.item())


@dataclass(frozen=True)
class Slopes:
    """Derivatives at 0 of a vector-valued function of one number, as far as its values tell.

    ``value`` is accurate to ``bar``, which is infinite where nothing converged. At a kink the one-sided slopes
    ``left`` and ``right`` differ by more than both may be off. ``span`` is how far the values went. ``doubt`` is how
    far all this is from what larger steps said, where only very small ones refuted them: values that are rounded to
    steps of their own look like that too.
    """

    value: Vector
    bar: Vector
    left: Vector
    right: Vector
    side_bar: Vector
    span: Vector
    doubt: Vector

    @property
    def kink(self) -> Vector:
        """Where the slope from the left is not that from the right."""
        return np.abs(self.right - self.left) > 10 * self.side_bar

    def __getitem__(self, index: Any) -> Slopes:
        return Slopes(*(getattr(self, f.name)[index] for f in fields(self)))

    def distance(self, claimed: Vector) -> Vector:
        """How far ``claimed`` is from the slope, or at a kink from the interval between the one-sided slopes."""
        low, high = np.minimum(self.left, self.right), np.maximum(self.left, self.right)
        outside = np.maximum(np.maximum(low - claimed, claimed - high), 0)
        return np.where(self.kink, outside, np.abs(claimed - self.value))

    def nearest(self, claimed: Vector) -> Vector:
        """The true value closest to ``claimed``: the slope, or at a kink one of the one-sided slopes."""
        side = np.where(np.abs(claimed - self.left) < np.abs(claimed - self.right), self.left, self.right)
        return np.where(self.kink, side, self.value)

    def size(self) -> Vector:
        """How large the slope is, or at a kink the larger of the one-sided slopes."""
        return np.where(self.kink, np.maximum(np.abs(self.left), np.abs(self.right)), np.abs(self.value))

    def accuracy(self) -> Vector:
        """How far the slope, or at a kink the one-sided slopes, may be off."""
        return np.where(self.kink, self.side_bar, self.bar)


def slopes(f: Callable[[float], Vector], eps: float, target: float, noise: Vector | None = None) -> Slopes:
    """Slopes of ``f`` at 0, from differences over steps that shrink until all are accurate to ``target``, relatively.

    Central differences err by even powers of the step, one-sided ones by all powers; Richardson's extrapolation
    removes them one by one, and Ridders' rule takes from the table the entry that changed least. Rounding sets the
    floor: ``noise``, by default seen in differences over tiny steps. These also witness against slopes that hold at
    larger steps only, as beside a kink. Values that are not finite, outside the domain, are left out.
    """
    middle = f(0.0)
    tiny = Tiny(f, middle)
    noise = np.fmax(eps * np.abs(middle), tiny.rounding() if noise is None else noise)
    center, right, left = (Extrapolation(power, middle.shape, eps) for power in (2, 1, 1))
    step, span, seen = FIRST_STEP, np.zeros(middle.shape), [middle]
    for level in range(LEVELS):
        above, below = f(step), f(-step)
        seen += [above, below]
        span = np.fmax(span, np.fmax(np.abs(above - middle), np.abs(below - middle)))
        here = np.fmax(noise, eps * np.fmax(np.abs(above), np.abs(below)))
        center.add((above - below) / (2 * step), here, step)
        right.add((above - middle) / step, here, step)
        left.add((middle - below) / step, here, step)
        step /= RATIO
        enough = target * np.maximum(np.abs(right.best), np.abs(left.best)) + 1e-3 * target * np.abs(middle)
        enough = np.maximum(enough, SAFETY * noise / step)
        kink = np.abs(right.best - left.best) > 10 * (right.bar + left.bar)
        bar = np.where(kink, right.bar + left.bar, center.bar)
        settled = (bar <= enough) & np.isfinite(right.bar + left.bar)
        if level >= 3 and np.all(settled) and not tiny.refute(right, left, noise, 1e-6 * span):
            break
    value, bar = center.best, center.bar
    for side in (right, left):  # at the edge of the domain there is one side only
        value, bar = np.where(np.isinf(bar), side.best, value), np.where(np.isinf(bar), side.bar, bar)
    # Across a kink that is too close to be seen, central differences agree on a mean of what the sides do not agree on.
    gap, sides = np.abs(right.best - left.best), right.bar + left.bar
    split = gap > np.fmax(sides, SUPPORT * np.fmax(np.abs(right.best), np.abs(left.best)))
    bar = np.where(split, np.fmax(bar, gap), bar)
    diverging = right.known & left.known & np.isinf(sides)
    jumping = (noise > SUPPORT * span) & (noise > np.abs(middle) * eps / SUPPORT)
    stepping = few(seen) & (span > 10 * noise)
    bar = np.where(diverging | jumping | stepping, np.inf, bar)
    doubt = np.fmax(np.fmax(center.doubt(), right.doubt()), left.doubt())
    # What happens within the smallest step, such as another kink, is out of sight.
    sides = sides + TINY * np.abs(seen[1] + seen[2] - 2 * middle) / FIRST_STEP**2
    doubt = np.where((gap > 10 * sides) & (noise > 1e3 * eps * np.fmax(np.abs(middle), span)), np.inf, doubt)
    return Slopes(value, bar, left.best, right.best, sides, span, doubt)


def rounding(f: Callable[[float], Vector], middle: Vector) -> Vector:
    """The rounding of values of ``f`` around 0."""
    return Tiny(f, middle).rounding()


class Tiny:
    """Values of ``f`` so close to 0 that only rounding, a slope and a kink can be seen in them."""

    def __init__(self, f: Callable[[float], Vector], middle: Vector) -> None:
        self.middle = middle
        self.above, self.below = ([f(sign * k * TINY) for k in (1, 2, 3)] for sign in (1, -1))

    def rounding(self) -> Vector:
        """What no smooth function can show, nor a kink.

        The even part without terms ``abs(t)`` and ``t ** 2``, and the odd part without ``t`` and ``t ** 3``.
        """
        even = [a - 2 * self.middle + b for a, b in zip(self.above, self.below, strict=True)]
        odd = [a - b for a, b in zip(self.above, self.below, strict=True)]
        return np.fmax(np.abs(3 * even[0] - 3 * even[1] + even[2]) / 8, np.abs(5 * odd[0] - 4 * odd[1] + odd[2]) / 9)

    def refute(self, right: Extrapolation, left: Extrapolation, noise: Vector, slack: Vector) -> bool:
        """Whether slopes that larger steps gave are not those here."""
        ahead, behind = (self.above[2] - self.middle) / (3 * TINY), (self.middle - self.below[2]) / (3 * TINY)
        off = [np.abs(s - e.best) - e.bar for s, e in ((ahead, right), (behind, left))]
        return bool(np.any(np.fmax(*off) > SAFETY * noise / TINY + slack))


def few(seen: list[Vector]) -> Vector:
    """Whether values change, but are so few that they must be rounded to steps of their own."""
    changes = np.diff(np.sort(np.array(seen), 0), axis=0)
    return np.isin(np.sum(changes > 0, 0), [1, 2])


def scaled(s: Slopes, by: float) -> Slopes:
    """The slopes along a direction ``by`` times as long; ``by`` is positive."""
    return Slopes(s.value * by, s.bar * by, s.left * by, s.right * by, s.side_bar * by, s.span, s.doubt * by)


def choose(first: np.ndarray, a: Slopes, b: Slopes) -> Slopes:
    """Slopes of ``a`` where ``first`` holds, elsewhere of ``b``."""
    return Slopes(*(np.where(first, getattr(a, f.name), getattr(b, f.name)) for f in fields(Slopes)))


def refined(s: Slopes, step: Vector) -> Slopes:
    """``s`` with the slopes that a complex step gave, wherever differences are good enough to confirm them.

    A function such as ``abs`` takes complex numbers and computes something else of them; so nothing is believed that
    differences do not support to three digits.
    """
    bar = 100 * DOUBLE * np.maximum(np.abs(step), s.span)
    sharp = (np.abs(step - s.value) <= s.bar) & (s.bar <= SUPPORT * np.abs(step)) & ~s.kink & (bar < s.bar)
    return replace(s, value=np.where(sharp, step, s.value), bar=np.where(sharp, bar, s.bar))


def exact(direction: Vector, start: Vector) -> Vector:
    """``direction``, so rounded that ``start + step * direction`` is exact for all steps that :func:`slopes` takes."""
    unit = np.maximum(np.spacing(2 * np.abs(start)) / TINY, 2.0**-900)
    return np.round(direction / unit) * unit


class Extrapolation:
    """A growing table of Richardson's extrapolation to step 0, and its best entry so far, with an error bar.

    The errors of what is added are powers ``power``, ``2 * power``, ... of the step. Steps that are too large for a
    function that oscillates, or has a kink or its edge close by, may agree by chance; smaller ones refute them, by
    another value or by agreeing less than rounding explains.
    """

    def __init__(self, power: int, shape: tuple[int, ...], eps: float) -> None:
        self.power = power
        self.eps = 0.0 if eps <= DOUBLE else eps  # of the step itself, if the function rounds its input
        self.row: list[Vector] = []
        self.best, self.bar, self.latest = np.zeros(shape), np.full(shape, np.inf), np.full(shape, np.inf)
        self.early, self.early_bar = self.best, self.bar  # from large steps, at which something changed
        self.known = np.zeros(shape, bool)

    def add(self, estimate: Vector, noise: Vector, step: float) -> None:
        """Add the estimate for the next, smaller step, from values that are off by ``noise``."""
        floor = SAFETY * (noise + self.eps * np.abs(estimate)) / step
        row = [estimate]
        value, bar = estimate, np.full(estimate.shape, np.inf)
        for k, coarser in enumerate(self.row[: COLUMNS - 1], 1):
            weight = RATIO ** (self.power * k)
            row.append((weight * row[-1] - coarser) / (weight - 1))
            error = 2 * np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - coarser)) + floor
            value, bar = np.where(error < bar, row[-1], value), np.where(error < bar, error, bar)
        known = np.isfinite(bar)
        refuted = known & (np.abs(value - self.best) > 2 * (bar + self.bar))
        diverging = known & (bar > self.latest) & (bar > NOISY * floor) & (bar > SUPPORT * np.abs(value))
        self.known |= known
        if step >= LARGE:
            early = (bar < self.early_bar) | (known & (np.abs(value - self.early) > 2 * (bar + self.early_bar)))
            early &= (estimate != 0) | np.isinf(self.early_bar)
            self.early, self.early_bar = np.where(early, value, self.early), np.where(early, bar, self.early_bar)
        better = (bar < self.bar) | refuted | diverging
        self.best = np.where(better, value, self.best)
        self.bar = np.where(diverging, np.inf, np.where(better, bar, self.bar))
        self.row, self.latest = row, bar

    def doubt(self) -> Vector:
        """How far the result is from what large steps said, if it is not the same, and how far these may be off."""
        off = np.abs(self.best - self.early)
        return np.where(off > 2 * (self.bar + self.early_bar), off + 10 * self.early_bar, 0.0)
