"""Which recorded operation is wrong: every node checked by itself, at the values that it was used with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .check import Settings, judge
from .problem import is_float, listed, traced
from .verdict import FAIL, Verdict


@dataclass(frozen=True)
class Culprit:
    """A recorded operation whose own rule is wrong.

    Attributes
    ----------
    rule : str
    source : str, optional
        The line of the program that used it.
    verdict : Verdict
        Of the rule alone.
    """

    rule: str
    source: str | None
    verdict: Verdict

    def __str__(self) -> str:
        return f"the rule {self.rule} is wrong by itself" + (f", used at {self.source}" if self.source else "")


def check_rule(
    rule: Any, inputs: Sequence[Any], differentiated: Sequence[int], tolerance: float | None = None, order: int = 1
) -> Verdict:
    """The verdict on one use of a rule, along the inputs whose numbers are ``differentiated``."""

    def function(*tensors: Any) -> Any:
        given = list(inputs)
        for i, tensor in zip(differentiated, tensors, strict=True):
            given[i] = tensor
        return copy.copy(rule)(*given)  # some rules may be used only once

    arrays = [np.asarray(inputs[i]) for i in differentiated]
    return judge(function, arrays, Settings(tolerance=tolerance, order=order))


def culprits(
    f: Callable[..., Any], arrays: Sequence[Any], kwargs: Mapping[str, Any] | None = None, order: int = 1
) -> list[Culprit]:
    """The operations inside ``f`` that are wrong by themselves, in the order in which they were computed.

    Examples
    --------
    >>> from autograd_lite import Function
    >>> class Half(Function):
    ...     def forward(self, a): return a * a
    ...     def grad_a(self, g, a): return g * a
    >>> [found.rule for found in culprits(lambda x: (Half()(x.exp()) * 3).sum(), [np.array([1.0, 2.0])])]
    ['Half']
    """
    from ..graph.watching import watch  # it takes longer to import than most checks take

    args = [traced(a) if is_float(a) else a for a in map(np.asarray, arrays)]
    with watch() as seen, np.errstate(all="ignore"):
        outputs = listed(f(*args, **(kwargs or {})))
    found = []
    for node, facts in seen.facts.items():
        if facts.inputs is None or not facts.parents:
            continue
        verdict = check_rule(facts.rule, facts.inputs[: len(facts.names)], [i for i, _ in facts.parents], order=order)
        if verdict.status is FAIL:
            found.append(Culprit(repr(facts.rule), seen.notes[node].source, verdict))
    del outputs
    return found
