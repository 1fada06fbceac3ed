"""Mistakes planted into every rule of the library: the check finds them.

By default a sample; all of them with ``--hypothesis-profile=thorough``.
"""

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.ops.elementwise import Exp
from autograd_lite.testing import FAIL, gradcheck
from autograd_lite.testing.check import judge
from autograd_lite.testing.mutation import MISTAKES, mutants_of, mutants_of_rules, mutation_score, planted_in
from tests.rules.table import ROWS
from tests.rules.test_completeness import rule_classes

RULES = sorted((rule for rule in rule_classes() if any(rule.plan.gradients)), key=lambda rule: rule.__name__)
ALL = settings.default.max_examples > 100
EVERY = 1 if ALL else 11

# Mistakes that no check of the library's functions can find, and why.
EXPLAINED = {
    "ChannelSums.grad_u: wrong dtype": "it is added to other gradients, whose dtype is wider; 1e-8 is within tolerance",
}


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
    """For each gradient of each rule, the order and the rows of the table in which it is called on arrays."""
    found = {}
    for order in (1, 2):
        for row in ROWS:
            if order == 2 and not ALL and "pool" not in row.name and "conv" not in row.name:
                continue
            called = set()
            with called_gradients(called):
                for arrays, keywords in cases_of(row, (8 if ALL else 3) if order == 1 else 4):
                    judge(lambda *xs: row(ag, xs, keywords), *arrays, directions=1, order=order)  # noqa: B023
            for place in called:
                found.setdefault(place, (order, []))
                if found[place][0] == order:
                    found[place][1].append(row)
    return found


class called_gradients:
    """Notes which gradients are called inside a block."""

    def __init__(self, called):
        self.called, self.blocks = called, []

    def __enter__(self):
        for rule in RULES:
            for i, gradient in enumerate(rule.plan.gradients):
                if gradient is not None:
                    block = planted_in(rule, i, self.noting((rule, i)))
                    block.__enter__()
                    self.blocks.append(block)

    def noting(self, place):
        def note(g):
            self.called.add(place)
            return g

        return note

    def __exit__(self, *error):
        for block in reversed(self.blocks):
            block.__exit__(None, None, None)


def test_the_table_finds_mistakes_in_every_rule(reaching):
    def passes(pair):
        planted, place = pair
        order, rows = reaching[place]
        with planted_in(*place, planted):
            for number in (4, 100):  # few cases find nearly all, many only what needs a square matrix, say
                for row in rows:
                    for arrays, keywords in cases_of(row, number):
                        verdict = judge(lambda *xs: row(ag, xs, keywords), *arrays, order=order)  # noqa: B023
                        if verdict.status is FAIL:
                            return False
                if not planted.changed:
                    break
        return True

    mutants = [(planted, (planted, place)) for planted, place in mutants_of_rules(RULES) if place in reaching]
    score = mutation_score(mutants[::EVERY], passes)
    if ALL:
        reached = {rule for rule, _ in reaching}
        print(score, "Reached by third derivatives or rare cases only:", *(set(RULES) - reached), sep="\n")
    assert score.rate >= 0.99, str(score)
    assert set(score.survived) <= EXPLAINED.keys(), str(score)
