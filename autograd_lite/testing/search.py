"""Searching for an input at which a gradient is wrong: ``falsify``, and the same as a test: ``given_gradients``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import update_wrapper
from random import Random
from time import monotonic
from typing import Any, TypeVar

import numpy as np
from hypothesis import event, find, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from . import ledger
from .check import Settings, gradcheck, judge
from .ledger import Tally
from .problem import is_float, plain, traced
from .profiles import fed
from .reproduce import reproduction
from .strategies import Inputs, together
from .verdict import FAIL, PASS, UNDECIDED, Verdict

Test = Callable[..., Any]
Drawn = TypeVar("Drawn")


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
    ValueError
        If not one input could be judged, with the reason; or for settings that :func:`gradcheck` refuses.
    TypeError, AttributeError, NameError
        As from :func:`gradcheck`.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_lite.testing import strategies as some
    >>> wrong = lambda x: (np.abs(x).sum(), lambda u: u * np.ones_like(x))
    >>> found = falsify(None, some.array("nonzero"), vjp=wrong)
    >>> found.arrays[0].size, bool(found.arrays[0].min() < 0)
    (1, True)
    """
    asked = Settings(vjp, order=order, tolerance=tolerance, check_dtype=check_dtype, seed=seed)
    tally = Tally()
    deadline = monotonic() + time_limit

    def check(inputs: Inputs) -> Verdict | None:
        left = deadline - monotonic()
        return judge(f, inputs.arrays, replace(asked, kwargs=inputs.keywords, time_limit=left)) if left > 0 else None

    inputs = first_failing(together(*descriptions), check, tally, max_examples, seed)
    if inputs is not None:
        return _counterexample(f, inputs, tally, asked)
    words = tally.undecided
    if monotonic() > deadline:
        words = f"The time limit of {time_limit:g} s was over after {tally.counts.total()} inputs."
    elif tally.judged and tally.counts[UNDECIDED] <= tally.counts[PASS]:
        return None
    if not tally.judged:
        raise ValueError(f"falsify could check nothing. {words}")
    warnings.warn(f"falsify found nothing, but looked at little. {words}", stacklevel=2)
    return None


def first_failing(
    description: SearchStrategy[Drawn], check: Callable[[Drawn], Verdict | None], tally: Tally, number: int, seed: int
) -> Drawn | None:
    """Of ``number`` things drawn the first that fails its check, made as small as it can be and still fail."""

    def fails(drawn: Drawn) -> bool:
        verdict = check(drawn)
        return verdict is not None and tally.note(verdict).status is FAIL

    rules = settings(max_examples=number, database=None, deadline=None, derandomize=False)
    try:
        return find(description, fails, settings=rules, random=Random(seed))
    except NoSuchExample:
        return None


def _counterexample(f: Any, inputs: Inputs, tally: Tally, asked: Settings) -> Counterexample:
    usual = Settings()
    names = ("order", "tolerance", "check_dtype", "seed")
    unusual = {name: value for name in names if (value := getattr(asked, name)) != getattr(usual, name)}
    verdict = gradcheck(f, *inputs.arrays, kwargs=inputs.keywords, vjp=asked.vjp, **unusual)
    code = reproduction(f, inputs.arrays, inputs.keywords, asked.vjp, **unusual)
    return Counterexample(inputs.arrays, inputs.keywords, verdict, code, tally.tried)


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
    the function is one of arrays. The test fails too if an assertion in it does, or if not one of its inputs could be
    judged.

    Examples
    --------
    >>> from autograd_lite.testing import strategies as some
    >>> @given_gradients(some.array("positive"))
    ... def test_the_gradient_of_log(x):
    ...     return x.log()
    >>> test_the_gradient_of_log()
    """
    asked = Settings(vjp, order=order, tolerance=tolerance, check_dtype=check_dtype)

    def decorate(f: Test) -> Test:
        tally = Tally()

        def test(*instance: Any, inputs: Inputs) -> None:
            __tracebackhide__ = True  # from pytest: the message says it all
            judged = f.__get__(*instance) if instance else f  # a method of a class of tests
            verdict = tally.note(judge(judged, inputs.arrays, replace(asked, kwargs=inputs.keywords)))
            if verdict.status is UNDECIDED:
                _assert_again(judged, inputs, of_tensors=vjp is None)
            event(str(verdict.status))
            ledger.note(f.__qualname__, verdict, "first" if order == 1 else "first and second")
            if verdict.status is FAIL:
                raise AssertionError(str(_counterexample(judged, inputs, tally, asked)))

        noted = getattr(f, "__dict__", {})  # by decorators below, such as settings and marks
        test.__dict__.update({name: value for name, value in noted.items() if name != "__wrapped__"})
        test.__name__, test.__qualname__, test.__doc__ = f.__name__, f.__qualname__, f.__doc__
        test.__module__ = f.__module__
        return _judging_something(fed(test, together(*descriptions)), tally)

    return decorate


def _assert_again(test: Test, inputs: Inputs, of_tensors: bool) -> None:
    """An assertion of a test that fails is no input outside of a domain, so it fails the test."""
    arrays = [traced(a) if of_tensors and is_float(a) else a for a in map(np.asarray, map(plain, inputs.arrays))]
    try:
        with np.errstate(all="ignore"):
            test(*arrays, **inputs.keywords)
    except AssertionError:
        raise
    except Exception:  # which is the reason in the verdict
        pass


def _judging_something(test: Test, tally: Tally) -> Test:
    """``test``, which fails too if all the inputs of a run stay undecided."""

    def run(*instance: Any) -> None:
        __tracebackhide__ = True
        tally.counts.clear()
        tally.why.clear()
        test(*instance)
        if tally.why and not tally.judged:
            raise AssertionError(f"{test.__name__} checks nothing. {tally.undecided}")

    update_wrapper(run, test)
    run.__dict__ = test.__dict__  # what decorators above set on the one, such as settings, holds for the other
    return run
