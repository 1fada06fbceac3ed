"""How good is a check of gradients? Plant typical mistakes into derivatives, and count those that it finds.

>>> import autograd_lite as ag
>>> from autograd_lite.testing import gradcheck
>>> def vjp(x): return x * x, lambda u: 2 * x * u
>>> score = mutation_score(mutants_of(vjp), lambda vjp: bool(gradcheck(None, np.array([1.0, -2.0, 3.0]), vjp=vjp)))
>>> print(score)
7 of 7 planted mistakes found (100.0 %); 1 changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._arrays import Piece
from ..function import Function
from ..tensor import Tensor
from .problem import listed

Mistake = Callable[["Planted", Any], Any]

# -- The mistakes: from a right gradient to a wrong one, written for arrays and for tensors alike ----------------------


def _sign(mutant: Planted, g: Any) -> Any:
    return -g


def _factor(mutant: Planted, g: Any) -> Any:
    return g * 1.5


def _dropped(mutant: Planted, g: Any) -> Any:
    return g * 0


def _transposed(mutant: Planted, g: Any) -> Any:
    return g.swapaxes(-1, -2) if g.ndim >= 2 and g.shape[-1] == g.shape[-2] else g


def _wrong_axis(mutant: Planted, g: Any) -> Any:
    """Reversed along the first axis instead of not at all."""
    return g[::-1] if g.ndim else g


def _stale(mutant: Planted, g: Any) -> Any:
    """What came out of an earlier call with the same shape."""
    before = mutant.memory.get(g.shape)
    mutant.memory[g.shape] = np.array(g)
    return g if before is None else before


def _off_by_one(mutant: Planted, g: Any) -> Any:
    return np.roll(g, 1, -1) if g.ndim else g


def _unsummed(mutant: Planted, g: Any) -> Any:
    """The first of what should be summed up over a leading axis."""
    if not g.ndim or len(g) < 2:
        return g
    return g * (np.arange(len(g)) == 0).reshape(-1, *[1] * (g.ndim - 1))


def _dtype(mutant: Planted, g: Any) -> Any:
    return g.astype(np.float32 if g.dtype == np.float64 else np.float64)


def _detached(mutant: Planted, g: Any) -> Any:
    """The right numbers, of which nobody knows how they were computed."""
    return g.detach()


MISTAKES: dict[str, Mistake] = {
    "sign": _sign,
    "factor": _factor,
    "dropped branch": _dropped,
    "transposed": _transposed,
    "wrong axis": _wrong_axis,
    "stale value": _stale,
    "off by one": _off_by_one,
    "missing sum": _unsummed,
    "wrong dtype": _dtype,
}
RECORDED: dict[str, Mistake] = {name: m for name, m in MISTAKES.items() if m is not _stale} | {"detached": _detached}


@dataclass
class Planted:
    """One mistake in one gradient.

    Attributes
    ----------
    name : str
        What is wrong where.
    mistake : str
        A key of ``MISTAKES``, or of ``RECORDED``.
    changed : int
        How many gradients it made different so far; one that changes nothing is no mistake.
    recorded : bool
        Whether it is in gradients that ``create_graph`` records, so that only the next derivative is wrong.
    """

    name: str
    mistake: str
    changed: int = 0
    recorded: bool = False
    memory: dict[Any, Any] = field(default_factory=dict)

    def __call__(self, gradient: Any) -> Any:
        """The wrong gradient in place of a right one."""
        if not isinstance(gradient, np.ndarray | np.generic | Tensor) or gradient.dtype.kind != "f":
            return gradient
        wrong = (MISTAKES | RECORDED)[self.mistake](self, gradient)
        self.changed += _is_other(wrong, gradient)
        return wrong


def _is_other(wrong: Any, right: Any) -> bool:
    if isinstance(right, Tensor):
        return wrong.requires_grad != right.requires_grad or _is_other(wrong.numpy(), right.numpy())
    return wrong.dtype != right.dtype or not np.array_equal(wrong, right, equal_nan=True)


# -- Planting ---------------------------------------------------------------------------------------------------------


def mutants_of(vjp: Callable[..., Any], inputs: int = 1) -> Iterator[tuple[Planted, Callable[..., Any]]]:
    """Every mistake in every gradient of a callable ``vjp(*arrays) -> (value, pullback)``.

    ``missing sum`` is left to rules, where it is known what is summed.
    """
    for i in range(inputs):
        for mistake in MISTAKES:
            if mistake == "missing sum":
                continue
            planted = Planted(f"gradient {i}: {mistake}", mistake)
            yield planted, _mutant(vjp, i, planted)


def _mutant(vjp: Callable[..., Any], i: int, planted: Planted) -> Callable[..., Any]:
    def wrong(*arrays: Any, **kwargs: Any) -> Any:
        value, pullback = vjp(*arrays, **kwargs)

        def pull(u: Any) -> Any:
            gradients = listed(pullback(u))
            gradients[i] = planted(np.asarray(gradients[i]))
            return gradients

        return value, pull

    return wrong


@contextmanager
def planted_in(rule: type[Function], i: int, wrap: Callable[[Any], Any], recorded: bool = False) -> Iterator[None]:
    """Inside the block, gradient number ``i`` of a rule is what ``wrap`` makes of it; in this process, everywhere.

    Only the arrays of first order are wrapped, and gradients that are recorded stay right; or with ``recorded`` only
    those, which are tensors.
    """
    plan: Any = rule.plan  # it changes what nothing else does
    before = plan.gradients, plan.left, plan.right
    right = plan.gradients[i]

    def wrong(*args: Any) -> Any:
        gradient = right(*args)
        if isinstance(gradient, Piece):
            gradient = gradient.array()
        return wrap(gradient) if isinstance(gradient, Tensor) == recorded else gradient

    try:
        plan.gradients = (*plan.gradients[:i], wrong, *plan.gradients[i + 1 :])
        plan.left, plan.right = (wrong if i == 0 else plan.left), (wrong if i == 1 else plan.right)
        yield
    finally:
        plan.gradients, plan.left, plan.right = before


def mutants_of_rules(
    rules: Iterable[type[Function]], recorded: bool = False
) -> Iterator[tuple[Planted, tuple[type[Function], int]]]:
    """Every mistake in every gradient of some rules; :func:`planted_in` plants one.

    With ``recorded``, those that leave first derivatives right: ``planted_in(rule, i, planted, planted.recorded)``.
    """
    for rule in rules:
        for i, gradient in enumerate(rule.plan.gradients):
            for mistake in (RECORDED if recorded else MISTAKES) if gradient is not None else ():
                name = f"{rule.__name__}.{getattr(gradient, '__name__', '')}: {mistake}" + ", recorded" * recorded
                yield Planted(name, mistake, recorded=recorded), (rule, i)


# -- Counting ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """What became of planted mistakes: their names, by what a check made of them."""

    killed: tuple[str, ...]
    survived: tuple[str, ...]
    inert: tuple[str, ...]

    @property
    def rate(self) -> float:
        """The share of mistakes that were found, of those that changed anything."""
        return len(self.killed) / max(1, len(self.killed) + len(self.survived))

    def __str__(self) -> str:
        total = len(self.killed) + len(self.survived)
        head = f"{len(self.killed)} of {total} planted mistakes found ({100 * self.rate:.1f} %)"
        lines = [f"{head}; {len(self.inert)} changed nothing."]
        return "\n".join([*lines, *(f"  survived: {name}" for name in self.survived)])


def mutation_score(mutants: Iterable[tuple[Planted, Any]], passes: Callable[[Any], bool]) -> Score:
    """How many planted mistakes a check finds.

    Parameters
    ----------
    mutants : iterable of pairs
        From :func:`mutants_of` or :func:`mutants_of_rules`.
    passes : callable
        Your check: given the second of a pair, True if it is content. An error counts as found.

    Returns
    -------
    Score
    """
    fates: dict[str, list[str]] = {"killed": [], "survived": [], "inert": []}
    for planted, mutant in mutants:
        try:
            content = passes(mutant)
        except Exception:
            content = False
        fate = "killed" if not content else "survived" if planted.changed else "inert"
        fates[fate].append(planted.name)
    return Score(*(tuple(fates[fate]) for fate in ("killed", "survived", "inert")))
