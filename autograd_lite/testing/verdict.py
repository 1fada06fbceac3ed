"""What a gradient check found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any


class Status(Enum):
    """The three things a check can say. Undecided is no failure: it is an honest "cannot tell", with the reason."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNDECIDED = "UNDECIDED"

    def __repr__(self) -> str:
        return self.value

    __str__ = __repr__


PASS, FAIL, UNDECIDED = Status


@dataclass(frozen=True)
class Location:
    """One derivative: of an element of an output along an element of an input.

    Attributes
    ----------
    input, output : int
        Which argument, counting differentiable ones only, and which output.
    input_index, output_index : tuple of int
        Which element of it.
    claimed, true : float
        What was returned, and what the values of the function say. At a kink ``true`` is the nearer one-sided slope.
    """

    input: int
    input_index: tuple[int, ...]
    output: int
    output_index: tuple[int, ...]
    claimed: float
    true: float

    def __str__(self) -> str:
        return (
            f"d output {self.output}{_subscript(self.output_index)} / d input {self.input}"
            f"{_subscript(self.input_index)}: claimed {self.claimed:.8g}, measured {self.true:.8g}"
        )


def _subscript(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


@dataclass(frozen=True)
class Verdict:
    """The result of a gradient check; true exactly if the check passed.

    Attributes
    ----------
    status : Status
        ``PASS``, ``FAIL`` or ``UNDECIDED``.
    relative_error : float
        The worst disagreement seen, relative to the derivative along the direction tried.
    error_bar : float
        How far the measurement itself may be off there, on the same scale.
    order : int
        The order of the derivative that this is about.
    reason : str
        Why it failed or could not be decided; for a pass, what deserves mention, such as kinks.
    where : Location, optional
        The worst element, if it was looked for.
    seed : int
        Passed to ``gradcheck`` again, it repeats the check.
    culprits : tuple of Culprit
        For a failure of a function of tensors: the recorded operations that are wrong by themselves.
    """

    status: Status
    relative_error: float = 0.0
    error_bar: float = 0.0
    order: int = 1
    reason: str = ""
    where: Location | None = None
    seed: int = 0
    culprits: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return self.status is PASS

    def __str__(self) -> str:
        nth = {1: "first", 2: "second"}.get(self.order, f"order {self.order}")
        measured = self or self.relative_error or self.error_bar
        numbers = f", worst relative error {self.relative_error:.1e}, measured to {self.error_bar:.1e}"
        lines = [f"{self.status}: {nth} derivative{numbers if measured else ''} (seed {self.seed})"]
        lines += [f"  {part}" for part in (self.reason, self.where, *self.culprits) if part]
        return "\n".join(lines)

    __repr__ = __str__

    def and_then(self, later: Verdict) -> Verdict:
        """Of two verdicts the graver one; of equals the one with the larger error, and what both mention."""
        grave = (FAIL, UNDECIDED, PASS)
        one, other = sorted((self, later), key=lambda v: (grave.index(v.status), -v.relative_error))
        return one.mentioning(other.reason) if one.status is other.status else one

    def mentioning(self, words: str) -> Verdict:
        """The same with another sentence in its reason, unless it says that already."""
        return self if words in self.reason else replace(self, reason=f"{self.reason} {words}".strip())
