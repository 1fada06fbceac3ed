"""What gradcheck measures with, and how it names what cannot be judged."""

import time

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Function
from autograd_lite.testing import FAIL, PASS, UNDECIDED, gradcheck

X = np.array([1.0, 3.0, -0.5])


def test_a_complex_step_measures_to_the_last_digits():
    verdict = gradcheck(None, X, vjp=lambda x: (np.sin(x), lambda u: u * np.cos(x)), tolerance=1e-12)
    assert verdict.status is PASS
    assert verdict.error_bar < 1e-12


@pytest.mark.parametrize("f", [np.abs, lambda x: (x * np.conj(x)).real * 0.5, lambda x: np.real(x) ** 2 / 2])
def test_a_complex_step_is_not_believed_where_complex_numbers_mean_something_else(f):
    slope = np.sign if f is np.abs else lambda x: x
    assert gradcheck(None, X, vjp=lambda x: (f(x), lambda u: u * slope(x))).status is PASS


def test_forward_mode_decides_where_differences_cannot():
    def f(x):
        return np.where(x == X, x * x, np.nan)  # no values beside

    options = {"vjp": lambda x: (f(x), lambda u: 2 * x * u)}
    assert gradcheck(f, X, **options).status is UNDECIDED
    assert gradcheck(f, X, **options, jvp=lambda arrays, tangents: 2 * X * tangents[0]).status is PASS
    assert gradcheck(f, X, **options, jvp=lambda arrays, tangents: tangents[0]).status is not PASS


@pytest.mark.parametrize("wrong", [100.0, np.nan, np.inf])
@pytest.mark.parametrize("special", [3.0, 1.0, -0.5])
def test_a_slope_that_is_wrong_at_one_number_only_is_found_there(special, wrong):
    verdict = gradcheck(None, X, vjp=lambda x: (x * x, lambda u: u * np.where(x == special, wrong, 2 * x)))
    assert verdict.status is FAIL
    assert X[verdict.where.input_index] == special


def slow(x):
    time.sleep(0.02)
    return x * 2, lambda u: 2 * u


def raises(u):
    raise KeyError("w")


def changes(u):
    u *= 2
    return u


@pytest.mark.parametrize(
    ("f", "vjp", "words"),
    [
        (None, lambda x: x * 2, "it must return a pair"),
        (None, lambda x: (x, x), "it must return a pair"),
        (None, lambda x: 1 / 0, "f raises ZeroDivisionError"),
        (None, lambda x: (x, raises), "The pullback raises KeyError"),
        (None, lambda x: (x * 1.0, changes), "changes its cotangent"),
        (None, lambda x: ("no number", lambda u: u), "returns data of dtype"),
        (lambda x: x.sum(), lambda x: (x, lambda u: u), "both must compute the same"),
        (lambda x: x[5], None, "f raises IndexError"),
        (lambda x: None, None, "returns data of dtype object"),
        (None, slow, "one call takes about 0.02"),
    ],
)
def test_what_cannot_be_judged_is_named_and_never_called_wrong(f, vjp, words):
    verdict = gradcheck(f, X, vjp=vjp, time_limit=0.2)
    assert verdict.status is UNDECIDED
    assert words in verdict.reason


def test_a_list_of_numbers_is_several_outputs():
    assert gradcheck(lambda x: [x[0] * 2.0, x[1] * x[2]], X).status is PASS


class WrongShape(Function):
    def forward(self, a):
        return a * 2

    def grad_a(self, g):
        return g[:2]


def test_a_rule_that_returns_a_gradient_of_another_shape_is_wrong():
    verdict = gradcheck(WrongShape(), X)
    assert verdict.status is FAIL
    assert "WrongShape" in verdict.reason


@pytest.mark.parametrize("f", [ag.exp, ag.tanh, ag.softmax, lambda x: (x**3).sum(), lambda x: ag.linear(x, x[None, :])])
def test_a_right_derivative_passes_with_every_seed(f):
    for seed in range(20):
        assert gradcheck(f, X, order=2, seed=seed).status is PASS


@pytest.mark.parametrize("seed", range(10))
def test_a_second_kink_close_by_and_the_rounding_of_rounding_raise_no_alarm(seed):
    assert gradcheck(ag.sort, np.array([-1.0002, -0.9998, -0.9998]), seed=seed).status is not FAIL
    saturated = np.array([[20.0, 1000.0, 0.3], [2000.0, 0.3, 1000.0], [-2e-5, 200.0, 9e4]])
    assert gradcheck(ag.softmax, saturated, order=2, seed=seed).status is not FAIL
