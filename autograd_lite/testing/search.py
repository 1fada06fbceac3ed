"""Searching for an input at which a gradient is wrong: ``falsify``, and the same as a test: ``given_gradients``."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, event, find, settings
from hypothesis.errors import NoSuchExample

from . import ledger
from .check import gradcheck, judge
from .problem import is_float
from .profiles import fed
from .reproduce import reproduction
from .strategies import Inputs, together
from .verdict import FAIL, UNDECIDED, Verdict

Test = Callable[..., Any]


@dataclass(frozen=True, repr=False)
class Counterexample:
    """An input at which a gradient is wrong, as small as it could be made.

    Attributes
    ----------
    arrays : list
    keywords : dict
    verdict : Verdict
        What is wrong there.
    code : str
        A program that shows it.
    tried : dict
        How many inputs passed, failed or stayed undecided in the search.
    """

    arrays: list[Any]
    keywords: dict[str, Any]
    verdict: Verdict
    code: str
    tried: dict[str, int]

    def __str__(self) -> str:
        return f"{self.verdict}\nTo see it:\n\n{self.code}\n"

    __repr__ = __str__


def falsify(
    f: Callable[..., Any] | None,
    *descriptions: Any,
    vjp: Callable[..., Any] | None = None,
    max_examples: int = 200,
    seed: int = 0,
    order: int = 1,
    tolerance: float | None = None,
    check_dtype: bool | None = None,
    time_limit: float = 300.0,
) -> Counterexample | None:
    """Search for an input with a wrong gradient.

    Parameters
    ----------
    f, vjp, order, tolerance
        As for :func:`gradcheck`. Arrays are positional, keywords of the descriptions go to both functions.
    *descriptions
        Of the arguments; see :mod:`autograd_lite.testing.strategies`. What is no strategy is passed as it is.
    max_examples : int
        How many inputs to try, before those that make a counterexample smaller.
    seed : int
        The same seed searches the same way.
    check_dtype : bool, optional
        By default only for functions of tensors; see :func:`gradcheck`.
    time_limit : float
        In seconds, for all inputs together.

    Returns
    -------
    Counterexample or None
        None if no input was found at which the gradient is wrong.

    Warns
    -----
    UserWarning
        If nothing was found, but most inputs could not be judged, with the reason, or the time was over.

    Raises
    ------
    TypeError
        If the descriptions give no array of floating point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_lite.testing import strategies as some
    >>> wrong = lambda x: (np.abs(x).sum(), lambda u: u * np.ones_like(x))
    >>> found = falsify(None, some.array("nonzero"), vjp=wrong)
    >>> found.arrays[0].size, bool(found.arrays[0].min() < 0)
    (1, True)
    """
    tried = {"PASS": 0, "FAIL": 0, "UNDECIDED": 0}
    options: dict[str, Any] = {"order": order, "tolerance": tolerance, "seed": seed}
    if check_dtype is not None:
        options["check_dtype"] = check_dtype
    reasons: Counter[str] = Counter()
    deadline = monotonic() + time_limit

    def fails(inputs: Inputs) -> bool:
        refuse_without_floats(inputs)
        left = deadline - monotonic()
        if left <= 0:
            return False
        verdict = judge(f, *inputs.arrays, kwargs=inputs.keywords, vjp=vjp, time_limit=left, **options)
        tried[str(verdict.status)] += 1
        reasons[verdict.reason] += verdict.status is UNDECIDED
        return verdict.status is FAIL

    rules = settings(
        max_examples=max_examples,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        inputs = find(together(*descriptions), fails, settings=rules, random=Random(seed))
    except NoSuchExample:
        if monotonic() > deadline:
            _warn(f"The time limit of {time_limit:g} s was over after {sum(tried.values())} inputs.")
        elif tried["UNDECIDED"] > tried["PASS"]:
            reason, _ = reasons.most_common(1)[0]
            _warn(f"{tried['UNDECIDED']} of {sum(tried.values())} inputs could not be judged, mostly because: {reason}")
        return None
    return _counterexample(f, vjp, inputs, tried, options)


def refuse_without_floats(inputs: Inputs) -> None:
    """Without floating point numbers there is no gradient to test."""
    if not any(is_float(a) for a in inputs.arrays):
        raise TypeError(
            "The descriptions give no array of floating point numbers, so there is no gradient to test; "
            "describe at least one argument by some.array(...)."
        )


def _warn(text: str) -> None:
    warnings.warn(f"falsify found nothing, but looked at little. {text}", stacklevel=3)


def _counterexample(f: Any, vjp: Any, inputs: Inputs, tried: dict[str, int], options: dict[str, Any]) -> Counterexample:
    verdict = gradcheck(f, *inputs.arrays, kwargs=inputs.keywords, vjp=vjp, **options)
    unusual = {"order": 1, "tolerance": None, "seed": 0, "check_dtype": None}
    shown = {name: value for name, value in options.items() if value != unusual[name]}
    code = reproduction(f, inputs.arrays, inputs.keywords, vjp, **shown)
    return Counterexample(inputs.arrays, inputs.keywords, verdict, code, tried)


def given_gradients(
    *descriptions: Any,
    vjp: Callable[..., Any] | None = None,
    order: int = 1,
    tolerance: float | None = None,
    check_dtype: bool | None = None,
) -> Callable[[Test], Test]:
    """Make a function of tensors a test of its own gradient, which hypothesis feeds.

    The number of examples and the database are hypothesis' own: ``@settings(max_examples=...)`` above works as on
    every other test, failing examples are replayed. There is no deadline, unless these settings have one. With ``vjp``
    the function is one of arrays.

    Examples
    --------
    >>> from autograd_lite.testing import strategies as some
    >>> @given_gradients(some.array("positive"))
    ... def test_the_gradient_of_log(x):
    ...     return x.log()
    >>> test_the_gradient_of_log()
    """
    options: dict[str, Any] = {"order": order, "tolerance": tolerance}
    if check_dtype is not None:
        options["check_dtype"] = check_dtype

    def decorate(f: Test) -> Test:
        def test(*instance: Any, inputs: Inputs) -> None:
            __tracebackhide__ = True  # from pytest: the message says it all
            refuse_without_floats(inputs)
            judged = f.__get__(*instance) if instance else f  # a method of a class of tests
            verdict = judge(judged, *inputs.arrays, kwargs=inputs.keywords, vjp=vjp, **options)
            event(str(verdict.status))
            ledger.note(f.__qualname__, verdict, "first" if order == 1 else "first and second")
            if verdict.status is FAIL:
                raise AssertionError(str(_counterexample(judged, vjp, inputs, {}, {**options, "seed": 0})))

        test.__name__, test.__qualname__, test.__doc__ = f.__name__, f.__qualname__, f.__doc__
        test.__module__ = f.__module__
        return fed(test, together(*descriptions))

    return decorate
