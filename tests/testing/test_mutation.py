"""Mistakes planted into every rule of the library: the check finds them.

By default a sample; all of them with ``--hypothesis-profile=thorough``.
"""

from contextlib import ExitStack
from copy import copy
from functools import cache, partial
from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Function, Tensor
from autograd_lite.ops.elementwise import Exp
from autograd_lite.ops.index import GetItem
from autograd_lite.testing import FAIL, gradcheck, laws
from autograd_lite.testing.check import Settings, judge
from autograd_lite.testing.mutation import MISTAKES, mutants_of, mutants_of_rules, mutation_score, planted_in
from autograd_lite.testing.problem import is_float
from tests.rules.table import ROWS
from tests.rules.test_completeness import rule_classes, rules_of
from tests.rules.test_rules import gradients, leaves_of

RULES = sorted((rule for rule in rule_classes() if any(rule.plan.gradients)), key=lambda rule: rule.__name__)
PLACES = [(rule, i) for rule in RULES for i, gradient in enumerate(rule.plan.gradients) if gradient is not None]
ALL = settings.default.max_examples > 100
EVERY = 1 if ALL else 17
DRAWN = 60 if ALL else 6

# Mistakes that no check of the library's functions can find, and why.
EXPLAINED: dict[str, str] = {}


def vjp(a, b):
    return a @ b, lambda u: (u @ b.T, a.T @ u)


A, B = np.arange(9.0).reshape(3, 3), np.array([[1.0, -2.0, 0.5], [0.25, 3.0, 1.5], [2.0, 1.0, -1.0]])


def test_gradcheck_finds_every_mistake_in_a_product_of_matrices():
    score = mutation_score(mutants_of(vjp, 2), lambda wrong: bool(gradcheck(None, A, B, vjp=wrong)))
    assert score.rate == 1
    assert not score.survived
    assert len(score.killed) == 2 * (len(MISTAKES) - 1)


def test_a_check_with_a_cotangent_of_ones_at_one_point_lets_mistakes_survive_and_they_are_named():
    def naive(wrong):
        y, pullback = wrong(np.ones((3, 3)), np.ones((3, 3)))
        return bool(np.allclose(pullback(np.ones_like(y))[0], 3.0))

    score = mutation_score(mutants_of(vjp, 2), naive)
    assert score.rate < 0.5
    assert "gradient 1: sign" in score.survived
    assert "survived: gradient 1: sign" in str(score)


def test_a_mistake_that_changes_nothing_is_not_counted():
    score = mutation_score(mutants_of(lambda x: (x, lambda u: u)), lambda wrong: bool(wrong(np.ones(2))))
    assert "gradient 0: transposed" in score.inert


def test_a_rule_is_wrong_inside_the_block_and_right_again_afterwards():
    with planted_in(Exp, 0, lambda g: -g):
        assert gradcheck(ag.exp, A).status is FAIL
    assert gradcheck(ag.exp, A)


def test_mistakes_in_recorded_gradients_leave_the_first_derivative_right_and_are_found_in_the_second():
    score = mutation_score(
        mutants_of_rules([Exp], recorded=True),
        lambda place: planted_judge(place, 1),
    )
    assert not score.killed
    detached = next(planted for planted, _ in mutants_of_rules([Exp], recorded=True) if planted.mistake == "detached")
    with planted_in(Exp, 0, detached, recorded=True):
        verdict = gradcheck(ag.exp, A, order=2)
    assert (verdict.status, verdict.order) == (FAIL, 2)


def planted_judge(place, order):
    with planted_in(*place, lambda g: -g, recorded=True):
        return bool(judge(ag.exp, [A], Settings(order=order)))


def test_a_piece_of_a_gradient_is_wrapped_as_a_whole_array():
    seen = []
    with planted_in(GetItem, 0, lambda g: seen.append(g.tolist()) or g):
        gradcheck(lambda x: x[1], np.array([1.0, 2.0]), directions=1)
    assert seen[0][0] == 0.0


# -- Every rule of the library ----------------------------------------------------------------------------------------


@cache
def cases_of(row, number):
    """Some cases of a row, the same every time."""
    found = []

    @settings(max_examples=number, phases=[Phase.generate], database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(data=st.data())
    def collect(data):
        found.append(data.draw(row.cases))

    collect()
    return [case for case in found if sum(a.size for a in case[0])]


@pytest.fixture(scope="module")
def reaching():
    """For each gradient of each rule, the cases in which it is called on arrays, those of different rows in turn."""
    found, called = {}, set()
    with ExitStack() as stack, np.errstate(all="ignore"):
        for place in PLACES:
            stack.enter_context(planted_in(*place, partial(noting, called, place)))
        for turn in zip_longest(*([(row, case) for case in cases_of(row, DRAWN)] for row in ROWS)):
            for row, (arrays, keywords) in filter(None, turn):
                called.clear()
                gradients(row, leaves_of(arrays), keywords)
                for place in called:
                    found.setdefault(place, []).append((row, arrays, keywords))
    return found


def noting(called, place, gradient):
    called.add(place)
    return gradient


@pytest.fixture(scope="module")
def uses():
    """For each rule, how it is used where it is called by name: by a function, or in gradients up to the third."""
    found = {}
    call = Function.__call__

    def noted(self, *inputs):
        arrays = [a.numpy() if isinstance(a, Tensor) else a for a in inputs]
        shapes = tuple(np.shape(a) for a in arrays)
        if sum(np.size(a) for a in arrays) > 1:
            found.setdefault(type(self), {}).setdefault(shapes, (self, arrays))
        return call(self, *inputs)

    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(Function, "__call__", noted)
        for row in ROWS:
            for arrays, keywords in cases_of(row, 8 if ALL else 3):
                rules_of(row, arrays, keywords)
    return {rule: list(some.values())[:8] for rule, some in found.items()}


def functions(place, planted, cases, uses):
    """Functions that use a rule, then the rule alone, each with arrays for it."""
    rows = {row.name: row for row, *_ in cases}.values()
    rest = ((row, *case) for row in rows for case in cases_of(row, 100))  # for what needs a square matrix, say
    for more in (cases[:40], rest):
        for row, arrays, keywords in more:
            yield partial(lambda row, keywords, *xs: row(ag, xs, keywords), row, keywords), arrays
        if not planted.changed:
            break
    rule, i = place
    for instance, inputs in uses:
        along = [k for k in (range(len(inputs)) if rule.plan.variadic else [i]) if is_float(inputs[k])]
        yield partial(alone, instance, inputs, along), [np.asarray(inputs[k]) for k in along]


def alone(rule, inputs, along, *tensors):
    given = dict(enumerate(inputs)) | dict(zip(along, tensors, strict=True))
    return copy(rule)(*given.values())  # some rules may be used only once


def fails(f, arrays, order):
    """Whether gradients break a law, or differ from differences."""
    broken = laws.linearity(f, *arrays) or (order == 2 and laws.create_graph(f, *arrays))
    return broken or judge(f, arrays, Settings(order=order)).status is FAIL


@pytest.mark.parametrize("recorded", [False, True], ids=["computed", "recorded"])
def test_checks_find_mistakes_in_every_rule(recorded, reaching, uses):
    def passes(pair):
        planted, place = pair
        order = 2 if recorded or place not in reaching else 1
        with planted_in(*place, planted, recorded):
            using = functions(place, planted, reaching.get(place, []), uses.get(place[0], ()))
            return not any(fails(f, arrays, order) for f, arrays in using)

    mutants = [(planted, (planted, place)) for planted, place in mutants_of_rules(RULES, recorded)]
    score = mutation_score(mutants[::EVERY], passes)
    if ALL:
        print(score)
        found = {name.partition(":")[0] for name in score.killed}
        assert found == {f"{rule.__name__}.{rule.plan.gradients[i].__name__}" for rule, i in PLACES}
    assert score.rate >= 0.99, str(score)
    assert set(score.survived) <= EXPLAINED.keys(), str(score)
