"""``gradcheck``: is this derivative right? Yes, no, or cannot tell, with an error bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from numbers import Integral, Real
from time import monotonic
from typing import Any

import numpy as np

from ..tensor import Tensor
from .locate import Elements
from .numerical import Slopes, exact, refined, slopes
from .problem import (
    OUTSIDE,
    FirstOrder,
    Misuse,
    Problem,
    SecondOrder,
    Vector,
    WrongGradient,
    is_float,
    join,
    split,
    tensor_vjp,
)
from .verdict import FAIL, PASS, UNDECIDED, Status, Verdict

# How wrong, relatively, a derivative may be that was computed with so many bytes a number.
TOLERANCES = {2: 5e-2, 4: 1e-3, 8: 1e-7}
STALE = (
    "The gradient is another after f was called elsewhere; let f remember nothing between calls: what a gradient of a "
    "rule needs, its signature names."
)


def gradcheck(
    f: Callable[..., Any] | None,
    *arrays: Any,
    vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    order: int = 1,
    kwargs: Mapping[str, Any] | None = None,
    tolerance: float | None = None,
    directions: int = 2,
    check_dtype: bool | None = None,
    time_limit: float = 60.0,
    seed: int = 0,
) -> Verdict:
    """Compare a claimed derivative with what the values of the function do.

    Random cotangents ``u`` and directions ``v`` turn the function into one of a single number,
    ``t -> u . f(x + t v)``. Its slope at 0 is measured by central differences with Richardson's extrapolation, with an
    error bar, and where the function takes complex numbers sharpened by a complex step; then it is compared with the
    claim. Where they disagree, or the slopes from left and right differ (a kink), the derivatives are compared element
    by element. At a kink exactly the values between the one-sided slopes are right.

    Parameters
    ----------
    f : callable
        Of tensors to a tensor or a tuple of tensors, which may nest. With ``vjp``, of arrays to arrays; None takes the
        values that ``vjp`` returns.
    *arrays : array_like
        Where to check. Those of floating point numbers are differentiated, others passed as they are. The layout in
        memory is kept for the claim, and the order of axes in it for the values; these are computed in double precision
        where ``f`` follows the dtype of its inputs, so single precision is judged by its own error only.
    vjp : callable, optional
        ``vjp(*arrays) -> (value, pullback)``, where ``pullback(cotangent)`` gives one gradient an input: the
        derivative to check, of any make.
    jvp : callable, optional
        ``jvp(arrays, tangents) -> tangents of the outputs``, forward mode of a make of its own: it decides where
        differences cannot. (``autograd_lite.jvp`` uses the rules of backward, so it would prove nothing here.)
    order : {1, 2}
        With 2, also the derivative of the gradient, as ``create_graph`` computes it; for functions of tensors only.
    kwargs : mapping, optional
        Keyword arguments for ``f`` and ``vjp``.
    tolerance : float, optional
        How large the relative error may be; by default 1e-7, in single precision 1e-3.
    directions : int
        How many random directions to try for each input.
    check_dtype : bool, optional
        Whether gradients must have the dtype of their inputs, if these and the outputs have one in common; by default
        for functions of tensors only, elsewhere a gradient may be wider than its input, but never narrower.
    time_limit : float
        After so many seconds the check gives up, undecided.
    seed : int
        The same seed gives the same verdict.

    Returns
    -------
    Verdict
        True if the derivative passed. ``UNDECIDED`` says why nothing can be said: the slope cannot be measured there,
        ``f`` is random, changes its input, ...

    Raises
    ------
    TypeError
        If no array is of floating point numbers: there is nothing to differentiate.
    ValueError
        If ``order`` is not 1 or 2, or is 2 with a ``vjp``; if ``tolerance`` is not above 0, or ``directions`` below 1.
    TypeError, AttributeError, NameError
        If ``f`` or ``vjp`` raises them: that is a mistake in the program, not an input outside of its domain.

    Examples
    --------
    >>> gradcheck(lambda x, y: x * y, [1.0, 2.0], 3.0).status
    PASS
    >>> cube = lambda x: (x**3, lambda u: 2 * x**2 * u)
    >>> verdict = gradcheck(None, np.array([1.0, 2.0]), vjp=cube)
    >>> verdict.status, verdict.where.input_index in {(0,), (1,)}
    (FAIL, True)
    """
    verdict = judge(
        f, arrays, Settings(vjp, jvp, order, kwargs or {}, tolerance, directions, check_dtype, time_limit, seed)
    )
    if verdict.status is FAIL and vjp is None and f is not None:
        from .blame import culprits  # it judges with what is here

        verdict = replace(verdict, culprits=tuple(culprits(f, arrays, kwargs, verdict.order)))
    return verdict


@dataclass(frozen=True)
class Settings:
    """How to check: what :func:`gradcheck` is told by keywords, refused where the check could not fail."""

    vjp: Callable[..., Any] | None = None
    jvp: Callable[..., Any] | None = None
    order: int = 1
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float | None = None
    directions: int = 2
    check_dtype: bool | None = None
    time_limit: float = 60.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.order not in (1, 2) or (self.order == 2 and self.vjp is not None):
            given = f"{self.order}{' with a vjp' if self.vjp else ''}"
            raise ValueError(f"order is 1, or 2 for functions of tensors; got {given}.")
        if self.tolerance is not None and not (isinstance(self.tolerance, Real) and 0 < self.tolerance < np.inf):
            raise ValueError(
                "tolerance is the largest relative error that passes, a number above 0 such as 1e-6, or None for what "
                f"fits the dtype; got {self.tolerance!r}."
            )
        if not isinstance(self.directions, Integral) or self.directions < 1:
            raise ValueError(f"directions is how many to try, 1 or more; got {self.directions!r}.")
        if not isinstance(self.time_limit, Real) or np.isnan(self.time_limit):
            raise ValueError(f"time_limit is a number of seconds; got {self.time_limit!r}.")

    @property
    def strict_dtype(self) -> bool:
        """Whether a gradient may not be wider than its input."""
        return self.vjp is None if self.check_dtype is None else self.check_dtype


def judge(f: Callable[..., Any] | None, arrays: Sequence[Any], settings: Settings) -> Verdict:
    """``gradcheck`` that does not ask which operation is to blame."""
    vjp, kwargs, seed = settings.vjp, settings.kwargs, settings.seed
    if f is None and vjp is None:
        raise ValueError("gradcheck needs a function f, or vjp=..., or both.")
    args = [_array(a) for a in arrays]
    rng = np.random.default_rng(seed)
    deadline = monotonic() + settings.time_limit
    with np.errstate(all="ignore"):
        try:
            claim = partial(vjp, **kwargs) if vjp else tensor_vjp(f, kwargs)  # type: ignore[arg-type]
            values = _values_of(f, vjp, kwargs)
            first = FirstOrder(claim, values, args, settings.strict_dtype, deadline, settings.jvp)
            verdict = Check(first, rng, settings, 1).verdict()
            if settings.order == 2 and verdict:
                u = join(_cotangents(first, rng))
                second = SecondOrder(f, first, kwargs, u)  # type: ignore[arg-type]
                verdict = verdict.and_then(Check(second, rng, settings, 2).verdict())
        except Misuse as misuse:
            return Verdict(UNDECIDED, reason=str(misuse), seed=seed)
        except WrongGradient as wrong:
            return Verdict(FAIL, reason=str(wrong), seed=seed)
    return verdict


def _array(a: Any) -> Any:
    return np.asarray(a.numpy() if isinstance(a, Tensor) else a)


def _values_of(f: Any, vjp: Any, kwargs: Mapping[str, Any]) -> Callable[..., Any]:
    """The function that the values are taken from."""
    if f is None:
        return lambda *arrays: vjp(*arrays, **kwargs)[0]
    if vjp is not None:
        return lambda *arrays: f(*arrays, **kwargs)
    return lambda *arrays: f(*(Tensor(a, copy=False) if is_float(a) else a for a in arrays), **kwargs)


def _cotangents(first: FirstOrder, rng: np.random.Generator) -> list[np.ndarray]:
    """Random cotangents that the dtypes of the outputs can hold exactly, none of them near 0."""
    size = sum(int(np.prod(shape)) for shape in first.output_shapes)
    return [
        a.astype(dtype)
        for a, dtype in zip(split(signs(rng, size), first.output_shapes), first.output_dtypes, strict=True)
    ]


def signs(rng: np.random.Generator, size: int) -> Vector:
    """Random numbers of either sign between 1/2 and 3/2 in size: never near 0, where nothing would be tested."""
    return rng.choice([-1.0, 1.0], size) * (np.round(512 * rng.random(size)) / 512 + 0.5)


class Check:
    """The check of one problem: along random directions first, by elements where that leaves a question."""

    def __init__(self, problem: Problem, rng: np.random.Generator, settings: Settings, order: int) -> None:
        self.problem, self.rng, self.settings, self.order = problem, rng, settings, order
        base = problem.value(problem.start)
        self.base = np.where(np.abs(base) > problem.largest, np.inf, base)  # what the function itself would give
        width = {float(np.finfo(d).eps): np.dtype(d).itemsize for d in (np.float16, np.float32, np.float64)}
        self.tolerance = settings.tolerance or TOLERANCES[width.get(problem.claimed_eps, 8)]
        self.worst = Verdict(PASS, seed=settings.seed, order=order)

    def verdict(self) -> Verdict:
        """The graver of what random directions and, where needed, single elements say."""
        try:
            if reason := self._unfit():
                return self.say(UNDECIDED, reason)
            questions = self.questions()
            found = Elements(self).verdict(questions) if questions else self.worst
            return found.mentioning(self._unchecked()) if found else found
        except WrongGradient as wrong:
            return self.say(FAIL, str(wrong))

    def questions(self) -> list[str]:
        """What random directions leave open."""
        return [q for part in self._parts() for _ in range(self.settings.directions) if (q := self._try(part))]

    def wider(self) -> Check | None:
        """The same check in wider precision, if the function follows."""
        problem = self.problem.wider()
        same = replace(self.settings, tolerance=self.tolerance)
        return None if problem is None else Check(problem, self.rng, same, self.order)

    def _unfit(self) -> str:
        """Why this function cannot be judged at all, if so."""
        aside = exact(0.01 * signs(self.rng, self.problem.start.size), self.problem.start)  # many start at f(0) = 0
        u = signs(self.rng, self.base.size)
        claimed = self.problem.pull(u)
        for offset in (0 * aside, aside):
            once, again = self.values(offset), self.values(offset)
            if once.shape != again.shape or not np.array_equal(once, again, equal_nan=True):
                return "f gives other values when called again; freeze its random numbers, say by a seed in each call."
        later = self.problem.pull(u)
        if not np.array_equal(later, self.problem.pull(u), equal_nan=True):
            return (
                "The pullback gives other gradients when called again; freeze its random numbers, or let it keep none."
            )
        if not np.array_equal(claimed, later, equal_nan=True):
            if self.settings.vjp is None:
                raise WrongGradient(STALE)
            return "The pullback gives other gradients after f was called elsewhere; let each call keep its own values."
        if self.base.size and not np.isfinite(self.base).any():
            return OUTSIDE
        return ""

    def _unchecked(self) -> str:
        """Which outputs random directions and single elements leave out."""
        n = int(np.sum(~np.isfinite(self.base)))
        return f"{n} of {self.base.size} outputs {'is' if n == 1 else 'are'} not finite and not checked." if n else ""

    def _parts(self) -> list[slice]:
        """Where each input lies in the flat vector; empty ones are left out, but something is always tried."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.problem.input_shapes]).tolist()
        parts = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True) if a < b]
        return parts or [slice(0, 0)]

    def _try(self, part: slice) -> str:
        """Compare along one random direction, within one input: '' if fine, else 'kink', 'mismatch' or 'unclear'."""
        u = signs(self.rng, self.base.size) * np.isfinite(self.base)
        base = np.where(np.isfinite(self.base), self.base, 0)
        gradient = self.problem.pull(u)
        if not base.size or part.start == part.stop:
            return "" if np.all(gradient == 0) else "mismatch"
        v = np.zeros(gradient.size)
        v[part] = signs(self.rng, part.stop - part.start)
        size = float(np.abs(u) @ np.abs(base))
        question = "unclear"
        for reach in self.reaches(part):
            d = exact(v * reach, self.problem.start)
            claimed = float(gradient @ d)
            slope = self.measure(lambda values: u @ np.where(u == 0, 0, values), d)
            scale = max(float(np.linalg.norm(gradient * d)), abs(float(slope.value)), 1e-300)
            error, bar = abs(claimed - float(slope.value)), float(slope.bar)
            question = self._judge(slope, error, scale, size)
            if question == "unclear" and self._forward_mode_agrees(claimed, u, d, scale):
                question = ""
            if question in ("", "kink"):
                break
        if question == "mismatch" and error <= 3 * (shaky := self.unsteadiness(u, d, slope)) + 10 * bar:
            question = "" if shaky <= 0.1 * scale else "unclear"
        if not question:
            self._note(error / scale, bar / scale)
        return question

    def _judge(self, slope: Slopes, error: float, scale: float, size: float) -> str:
        bar = float(slope.bar)
        if slope.kink:
            return "kink"
        if not np.isfinite(bar):
            return "unclear"
        if not np.isfinite(error):  # no slope is claimed; where there is no value, 0 times infinity may be the reason
            return "mismatch" if np.isfinite(self.base).all() else "unclear"
        excess = error - self.tolerance * scale - 10 * bar - 30 * self.problem.claimed_eps * size
        if excess > self.problem.smallest:
            return "mismatch" if excess > float(slope.doubt) else "unclear"
        return "" if bar <= self.tolerance * max(scale, size, float(slope.span)) else "unclear"

    def reaches(self, part: slice | None = None) -> list[Vector]:
        """How far to go along each element: by its size or at least 1; by its size; by 1 or little more."""
        size = np.abs(self.problem.start)
        typical = float(size[part].max(initial=0.0)) if part else float(size.max(initial=0.0))
        return [np.maximum(size, 1.0), np.where(size > 0, size, typical or 1.0), np.maximum(2.0**-18 * size, 1.0)]

    def measure(self, of: Callable[[Vector], Any], direction: Vector) -> Slopes:
        """The slopes of ``of(outputs)`` at 0 along ``direction``; outside the domain there are no values."""
        found = slopes(lambda t: np.asarray(of(self.values(t * direction))), self.problem.eps, 0.01 * self.tolerance)
        step = self.problem.complex_step(direction)
        return found if step is None else refined(found, np.asarray(of(step)))

    def values(self, offset: Vector) -> Vector:
        """The outputs at some distance; nan outside the domain."""
        try:
            return self.problem.value(self.problem.start + offset)
        except Misuse:
            raise
        except Exception:
            return np.full(self.base.shape, np.nan)

    def _forward_mode_agrees(self, claimed: float, u: Vector, direction: Vector, scale: float) -> bool:
        tangent = self.problem.push(direction)
        return tangent is not None and bool(abs(u @ np.where(u == 0, 0, tangent) - claimed) <= self.tolerance * scale)

    def unsteadiness(self, u: Vector, direction: Vector, slope: Slopes) -> float:
        """How much the claim along ``direction`` changes when the inputs change in their last digit.

        It counts as 0 if the claim is right everywhere around: then it is wrong at this very number, and no wonder that
        it changes.
        """
        here = self.problem.pull(u) @ direction
        around = np.array([self.problem.pull(u, z) @ direction for z in self.nearby()])
        if self.isolated(around, slope):
            return 0.0
        return float(np.fmax.reduce(np.abs(around - here), initial=0.0))

    def isolated(self, around: Vector, slope: Slopes) -> Any:
        """Whether all claims ``around`` the inputs, one a row, agree with the slope there."""
        off = np.abs(around - slope.value)
        return np.all(off <= self.tolerance * np.abs(slope.value) + 10 * slope.bar, axis=0) & np.isfinite(slope.bar)

    def nearby(self) -> list[Vector]:
        """Inputs that differ from the given ones in the last digit."""
        start, eps = self.problem.start, self.problem.claimed_eps
        return [start * (1 + eps * self.rng.choice([-1, 1], start.size)) for _ in range(3)]

    def _note(self, error: float, bar: float) -> None:
        self.worst = self.worst.and_then(Verdict(PASS, error, bar, self.order, seed=self.settings.seed))

    def say(self, status: Status, reason: str, **facts: Any) -> Verdict:
        """A verdict on this problem."""
        return Verdict(status, order=self.order, reason=reason, seed=self.settings.seed, **facts)
