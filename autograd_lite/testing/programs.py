"""Random programs: expression graphs out of all functions, checked against dual numbers and against differences.

A program is arrays and lines of code. It runs on tensors with ``ag`` for ``autograd_lite``, and once more, one scalar
at a time, on dual numbers with ``ag`` for :mod:`~autograd_lite.testing.reference`. That knows no rule, no broadcasting
of gradients and no graph: every element carries its own derivative along one direction.

>>> program = Program([np.array([1.0, 2.0])], ["v1 = ag.sin(v0)", "v2 = v0 * v1"])
>>> check_program(program).status
PASS
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

import autograd_lite

from ..derivatives import grad
from ..tensor import Tensor
from . import reference, reproduce
from .check import signs
from .duals import Dual, duals
from .numerical import DOUBLE, slopes
from .verdict import FAIL, PASS, UNDECIDED, Location, Verdict

CLOSE = 1e-9  # how far a derivative may be off, by the size of its terms
NEAR = 1e-6  # the same against differences


@dataclass(frozen=True, repr=False)
class Program:
    """Lines of code on arrays v0, v1, ...: the inputs first, then one array a step.

    Attributes
    ----------
    inputs : list of ndarray
    steps : list of str
        One or more lines each, the last array of which is named by its number.
    names : dict
        What the lines use besides ``ag`` and ``np``: functions of your own that take tensors as well as arrays of
        objects, such as a :class:`Function`.
    """

    inputs: Sequence[np.ndarray]
    steps: Sequence[str]
    names: Mapping[str, Any] = field(default_factory=dict)

    def run(self, ag: Any, inputs: Sequence[Any], after: Callable[[int, Any], Any] | None = None) -> list[Any]:
        """All arrays, inputs included; ``after(k, array)`` may put another in the place of array ``k``."""
        space: dict[str, Any] = {"ag": ag, "np": np, **self.names}
        space |= {f"v{k}": a for k, a in enumerate(inputs)}
        for k, step in enumerate(self.steps, len(inputs)):
            exec(compiled(step), space)
            if after is not None:
                space[f"v{k}"] = after(k, space[f"v{k}"])
        return [space[f"v{k}"] for k in range(len(inputs) + len(self.steps))]

    def __str__(self) -> str:
        """A program that checks this one."""
        script = reproduce.Script()
        script.imports = ["import numpy as np", "from autograd_lite.testing import Program, check_program"]
        names = [f"{name!r}: {name}" for name, value in self.names.items() if script.bind(name, value)]
        steps = [f"    {step!r}," for step in self.steps]
        inputs = ", ".join(map(reproduce.array, self.inputs))
        end = f"], {{{', '.join(names)}}})" if names else "])"
        script.lines += [f"program = Program([{inputs}], [", *steps, end, "print(check_program(program))"]
        return str(script)

    __repr__ = __str__

    def without(self, k: int) -> Program | None:
        """The program without array ``k``, if none is computed from it."""
        at, n = k - len(self.inputs), len(self.inputs)
        inputs = [a for i, a in enumerate(self.inputs) if i != k]
        steps = [step for i, step in enumerate(self.steps) if i != at]
        if not inputs or any(re.search(rf"\bv{k}\b", step) for step in (steps if k < n else steps[at:])):
            return None

        def renumbered(match: re.Match[str]) -> str:
            return f"v{int(match[1]) - (int(match[1]) > k)}"

        return replace(self, inputs=inputs, steps=[re.sub(r"\bv(\d+)\b", renumbered, step) for step in steps])


@lru_cache(maxsize=512)
def compiled(step: str) -> CodeType:
    """A step as code."""
    return compile(step, "<program>", "exec")


# -- Checking ---------------------------------------------------------------------------------------------------------


class Seeing:
    """``autograd_lite`` in which nothing is hidden from gradients, as nothing is from differences."""

    no_grad = enable_grad = staticmethod(nullcontext)

    class Tensor:
        """What :class:`~autograd_lite.Tensor` is asked for by steps."""

        detach = staticmethod(autograd_lite.copy)

    def __getattr__(self, name: str) -> Any:
        return getattr(autograd_lite, name)


def check_program(program: Program, *, order: int = 1, differences: bool = True, seed: int = 0) -> Verdict:
    """Compare the gradients of all that a program computes with dual numbers, and with differences.

    Parameters
    ----------
    program : Program
    order : {1, 2}
        The derivative that differences are asked about.
    differences : bool
        Whether to ask them at all; dual numbers are faster.
    seed : int
        Of cotangents and directions.

    Returns
    -------
    Verdict
        For a failure with the first step that is wrong and its worst element.

    Examples
    --------
    >>> from autograd_lite import Function
    >>> class Half(Function):
    ...     def forward(self, a): return a * a
    ...     def grad_a(self, g, a): return g * a
    >>> program = Program([np.array([1.0, 2.0])], ["v1 = half(v0 + 1)"], {"half": Half()})
    >>> print(check_program(program))
    FAIL: first derivative, worst relative error 4.6e-01, measured to 1.0e-09 (seed 0)
      The first wrong step is v1 = half(v0 + 1).
      d output 0[1] / d input 0[1]: claimed 3, measured 6
    """
    verdict = judge_program(program, order=order, differences=differences, seed=seed)
    if verdict.status is FAIL:
        for k in range(len(program.steps)):
            shorter = replace(program, steps=program.steps[: k + 1])
            found = judge_program(shorter, differences=False, seed=seed)
            if found.status is FAIL:
                where = None if found.reason else _worst(shorter)
                reason = f"The first wrong step is {program.steps[k]}. {found.reason}".rstrip()
                return replace(verdict, reason=reason, where=where)
    return verdict


def judge_program(program: Program, *, order: int = 1, differences: bool = True, seed: int = 0) -> Verdict:
    """``check_program`` that does not ask which step is wrong."""
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        try:
            tensors = _on_tensors(program)
            cotangents = [random_like(y, rng) for y in tensors]
            gradients = _gradients(tensors, cotangents, len(program.inputs))
        except Exception as error:
            return Verdict(FAIL, reason=f"{type(error).__name__}: {error}", seed=seed)
        try:
            verdict = _by_duals(program, tensors, cotangents, gradients, rng, seed)
        except (ArithmeticError, ValueError):
            return Verdict(UNDECIDED, reason="A slope is not finite here.", seed=seed)
        if differences and verdict:
            verdict = verdict.and_then(_by_differences(program, order, rng, seed))
    return verdict


def _by_duals(
    program: Program,
    tensors: Sequence[Tensor],
    cotangents: Sequence[np.ndarray],
    gradients: Sequence[np.ndarray],
    rng: np.random.Generator,
    seed: int,
) -> Verdict:
    """The verdict on gradients along a random direction, and on values."""
    directions = [random_like(a, rng) for a in program.inputs]
    claimed = sum(float(np.sum(g * d)) for g, d in zip(gradients, directions, strict=True))
    true = size = 0.0
    for k, (y, u, tensor) in enumerate(zip(_on_duals(program, directions, tensors), cotangents, tensors, strict=True)):
        if y.shape != tensor.shape:
            return Verdict(FAIL, reason=f"v{k} has shape {tensor.shape}, not {y.shape}.", seed=seed)
        for x, weight, v in zip(y.flat, u.flat, tensor.numpy().flat, strict=True):
            if not abs(x.v - v) <= CLOSE * max(1.0, abs(v)):
                return Verdict(FAIL, reason=f"A value of v{k} is {v:.17g}, not {x.v:.17g}.", seed=seed)
            true += weight * x.d
            size += abs(weight) * x.size
    if not np.isfinite(size):
        return Verdict(UNDECIDED, reason="A slope is not finite here.", seed=seed)
    error = abs(claimed - true) / max(size, 1e-300)
    return Verdict(PASS if error <= CLOSE else FAIL, error, CLOSE, seed=seed)


def random_like(a: Any, rng: np.random.Generator) -> np.ndarray:
    """Random numbers in the shape of ``a``, none near 0."""
    return signs(rng, a.size).reshape(a.shape)


def _on_tensors(program: Program, ag: Any = autograd_lite) -> list[Tensor]:
    return program.run(ag, [Tensor(a, requires_grad=True) for a in program.inputs])


def _gradients(tensors: Sequence[Tensor], cotangents: Sequence[np.ndarray], inputs: int) -> list[np.ndarray]:
    """The gradients of the inputs, which come first in ``tensors``."""
    recorded = [(y, u) for y, u in zip(tensors, cotangents, strict=True) if y.requires_grad]
    found = grad([y for y, _ in recorded], tensors[:inputs], [u for _, u in recorded], retain_graph=True)
    return [g.numpy() for g in found]  # type: ignore[union-attr]


def _on_duals(program: Program, directions: Sequence[np.ndarray], tensors: Sequence[Tensor]) -> list[np.ndarray]:
    """What a program computes on dual numbers.

    Each step starts from the library's own values, so that both see the same ties; they are compared later.
    """
    original: list[np.ndarray] = [duals(a, d) for a, d in zip(program.inputs, directions, strict=True)]

    def adopt(k: int, y: Any) -> Any:
        y = duals(y)
        original.append(y)
        if y.shape != tensors[k].shape:
            return y
        out = np.empty(y.shape, object)
        pairs = zip(y.reshape(-1), tensors[k].numpy().reshape(-1).tolist(), strict=True)
        out.reshape(-1)[:] = [Dual(v, x.d, x.size) for x, v in pairs]
        return out

    program.run(reference, list(original), adopt)
    return original


def _by_differences(program: Program, order: int, rng: np.random.Generator, seed: int) -> Verdict:
    """The verdict by what values, or gradients, do along a direction; a little aside, where no numbers tie."""
    start = [a + 1e-3 * random_like(a, rng) for a in program.inputs]
    way, weights = ([random_like(a, rng) for a in start] for _ in range(2))
    cotangents = [random_like(y, rng) for y in _on_tensors(program, Seeing())]

    def total(inputs: Sequence[Tensor]) -> Any:
        computed = program.run(Seeing(), inputs)
        value = sum((y * u).sum() for y, u in zip(computed, cotangents, strict=True))
        if order == 1:
            return value
        return sum((g * w).sum() for g, w in zip(grad(value, inputs, create_graph=True), weights, strict=True))

    def along(t: float) -> np.ndarray:
        moved = [a + t * d for a, d in zip(start, way, strict=True)]
        return np.array([float(total([Tensor(a, requires_grad=order == 2) for a in moved]))])

    leaves = [Tensor(a, requires_grad=True) for a in start]
    value = total(leaves)
    gradients = grad(value, leaves, allow_unused=True) if value.requires_grad else ()
    parts = [g.numpy() * d for g, d in zip(gradients, way, strict=False) if g is not None]
    claimed, scale = (sum(float(np.sum(part)) for part in some) for some in (parts, map(np.abs, parts)))
    scale += abs(float(value))
    measured = slopes(along, DOUBLE, 0.01 * NEAR)
    error, bar = (float(found[0]) for found in (measured.distance(np.array([claimed])), measured.accuracy()))
    if not bar <= NEAR * scale:
        return Verdict(PASS, order=order, seed=seed)  # differences cannot tell
    status = PASS if error <= NEAR * scale + 10 * bar else FAIL
    nearest = float(measured.nearest(np.array([claimed]))[0])
    reason = "" if status is PASS else f"Differences give {nearest:.8g} along a direction, not {claimed:.8g}."
    return Verdict(status, error / max(scale, 1e-300), bar / max(scale, 1e-300), order, reason, seed=seed)


def _worst(program: Program) -> Location:
    """The derivative of an element of the last array that is wrong by most."""
    tensors = _on_tensors(program)
    inputs, last = program.inputs, tensors[-1]
    places = [(i, place) for i, a in enumerate(inputs) for place in np.ndindex(a.shape)]
    columns: list[Any] = [_on_duals(program, _unit(inputs, i, place), tensors)[-1] for i, place in places]
    found = []
    for at in np.ndindex(last.shape):
        gradients = _gradients(tensors, _unit(tensors, len(tensors) - 1, at), len(inputs))
        for (i, place), true in zip(places, columns, strict=True):
            claimed = float(gradients[i][place])
            found.append(Location(i, place, len(program.steps) - 1, at, claimed, true[at].d))
    return max(found, key=lambda where: abs(where.claimed - where.true))


def _unit(arrays: Sequence[Any], i: int, place: tuple[int, ...]) -> list[np.ndarray]:
    """Zeros in the shapes of some arrays, but a 1 at one place of array ``i``."""
    zeros = [np.zeros(a.shape) for a in arrays]
    zeros[i][place] = 1.0
    return zeros
