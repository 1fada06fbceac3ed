"""What gradcheck measures with, and how it names what cannot be judged."""

import time

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import Function
from autograd_lite.testing import FAIL, PASS, UNDECIDED, adapters, check_laws, gradcheck

from .wrong_rules import Remembers

X = np.array([1.0, 3.0, -0.5])
RNG = np.random.default_rng(0)


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
        (lambda x: None, None, "f returns a NoneType, no tensor"),
        (lambda x: float(x.sum()), None, "f returns a float, no tensor"),
        (lambda x: x.__setitem__(0, 1.0) or x * 1, None, "f changes its input 0"),
        (None, lambda x: (x.tolist(), lambda u: u), "f returns a list of numbers"),
        (None, lambda x: ((), lambda u: u), "f returns nothing"),
        (lambda x: ((), ()), None, "f returns nothing"),
        (None, lambda x: (x, lambda u: u.tolist()), "The pullback returns a list of numbers"),
        (None, lambda x: (x, lambda u: None), "The pullback returns None"),
        (None, lambda x: (x, lambda u: u * RNG.random()), "The pullback gives other gradients when called again"),
        (None, slow, "one call takes about 0.02"),
    ],
)
def test_what_cannot_be_judged_is_named_and_never_called_wrong(f, vjp, words):
    verdict = gradcheck(f, X, vjp=vjp, time_limit=0.2)
    assert verdict.status is UNDECIDED
    assert words in verdict.reason


def test_a_list_of_numbers_is_several_outputs():
    assert gradcheck(lambda x: [x[0] * 2.0, x[1] * x[2]], X).status is PASS


def test_outputs_may_be_tuples_in_tuples_as_those_of_an_lstm():
    lstm = nn.LSTM(3, 2)
    assert gradcheck(lstm, X.reshape(1, 1, 3)).status is PASS
    assert check_laws(lstm, X.reshape(1, 1, 3), skip="single_precision") == {}
    nested = lambda x: ((x, (x * x, x)), lambda u: u[0] + 3 * x * u[1] + u[2])  # noqa: E731
    verdict = gradcheck(None, X, vjp=nested)
    assert verdict.status is FAIL
    assert verdict.where.output == 1


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


# -- Right derivatives that rounding, edges and kinks close by make hard to see ----------------------------------------


def cancelling(x):
    y = np.tanh(x)
    return x * y, lambda u: u * (y + x * (1 - y * y))


def one_minus_cos(x):
    return 1 - np.cos(x), lambda u: u * np.sin(x)


def root(x):
    return np.sqrt(x), lambda u: u * 0.5 / np.sqrt(x)


def rounded_inside(x):
    return (x.astype(np.float32) * 2).astype(np.float64), lambda u: 2 * u


def largest(x):
    return np.max(x), lambda u: u * (np.arange(x.size) == np.argmax(x))


def arcsin(x):
    return np.arcsin(x), lambda u: u / np.sqrt(1 - x * x)


def exponential(x):
    return np.exp(x), lambda u: u * np.exp(x)


RIGHT = {
    "a pullback that cancels, in single precision": (lambda x: 1 - ag.tanh(x) ** 2, None, np.float32(-9.64785099)),
    "values that cancel": (None, one_minus_cos, np.array([5.6e-10, -2.2e-8, 2.7e-8])),
    "values in steps": (None, rounded_inside, np.array([-0.9999999439871397, 0.5000001120257206])),
    "nearer to the edge than any step": (None, arcsin, np.array([-0.138, 0.9999999999009226])),
    "nearer to the other edge": (None, arcsin, np.array([-0.9999999998036894])),
    "a jump close by": (lambda x: ag.arctan2(x[:1], x[1:]), None, np.array([0.0, -2.9e-8])),
    "0 times infinity beside a root of 0": (None, root, np.array([0.0, 0.0, 1.26])),
    "0 times infinity beside an overflow": (None, exponential, np.array([6410.8, -86273.8, 1.0])),
    "kinks closer than any step": (
        lambda x: ag.clip(x, -1.0, 0.5),
        None,
        0.5 + np.array([1e-9, -1e-9]),
    ),
    "a tie nearly": (None, largest, np.array([0.25, 0.25 + 1e-10, 0.25 - 3e-9, -1.0])),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("seed", range(4))
def test_what_cannot_be_seen_is_not_called_wrong(name, seed):
    f, vjp, x = RIGHT[name]
    assert gradcheck(f, x, vjp=vjp, seed=seed).status is not FAIL


SATURATED = [
    (ag.tanh, np.float64(17.33208999016607)),
    (ag.tanh, np.float64(-15.723233936627384)),
    (ag.sigmoid, np.array([16.637710996496565, 17.87760928582773])),
    (ag.softmax, np.array([47.33705862914144, 99.81374546289724, -33.447199299372336])),
    (ag.softmax, np.float32([5.595054626464844, -7.718979835510254])),
    (lambda x: ag.hypot(x[0], x[1]), np.array([[2.3e-9, 0.0], [0.0, 0.0]])),
]


@pytest.mark.parametrize(("f", "x"), SATURATED)
@pytest.mark.parametrize("seed", range(4))
def test_a_second_derivative_lost_in_rounding_is_not_called_wrong(f, x, seed):
    assert gradcheck(f, x, order=2, seed=seed).status is not FAIL


@pytest.mark.parametrize("x", [1e-9, -1e-9, 1e-6, 1e-4])
def test_near_a_kink_the_slope_on_its_own_side_passes_and_that_of_the_other_fails(x):
    x = np.array([x])
    assert gradcheck(None, x, vjp=lambda x: (np.abs(x), lambda u: u * np.sign(x))).status is PASS
    assert gradcheck(None, x, vjp=lambda x: (np.abs(x), lambda u: -u * np.sign(x))).status is FAIL


@pytest.mark.parametrize("x", [20.0, 1e-6, 700.0])
def test_a_mistake_where_values_are_tiny_or_huge_is_still_found(x):
    wrong = gradcheck(None, np.array([-x]), vjp=lambda x: (np.exp(x), lambda u: u * np.exp(x) * 1.001))
    assert wrong.status is FAIL


def test_a_gradient_may_be_wider_than_its_input_but_not_narrower_unless_told_otherwise():
    def leaky(x):
        return np.where(x > 0, x, x / 4), lambda u: u * np.where(x > 0, 1.0, 0.25)  # in double precision

    assert gradcheck(None, X.astype(np.float32), vjp=leaky).status is PASS
    assert gradcheck(None, X.astype(np.float32), vjp=leaky, check_dtype=True).status is FAIL
    assert gradcheck(None, X, vjp=lambda x: (x * 2, lambda u: np.float32(2) * u.astype(np.float32))).status is FAIL


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (ag.sigmoid, [30.185990912851704, 32.576038637417646]),
        (ag.tanh, [-38.808649202753216, 117.0429082926823, -18.320936911737]),
        (ag.tanh, [40.38697644938773, 15.248140272876293]),
        (lambda x: 1 - ag.tanh(x) ** 2, [22.288971479209366, 18.226235273728005, -17.204925878912817]),
    ],
)
def test_a_second_derivative_below_the_rounding_of_the_function_is_not_called_wrong(f, x):
    assert all(gradcheck(f, np.array(x), order=2, seed=seed).status is not FAIL for seed in (101067, 106938, 0, 1))


def test_a_gradient_that_raises_where_there_is_a_value_fails():
    class Half(Function):
        def forward(self, a):
            return a * 2

        def grad_a(self, g):
            if g.ndim == 2:
                raise IndexError("no such axis")
            return g * 2

    assert gradcheck(Half(), [1.0, 2.0]).status is PASS
    verdict = gradcheck(Half(), [[1.0, 2.0]])
    assert verdict.status is FAIL
    assert "IndexError (no such axis)" in verdict.reason


def test_checks_record_also_where_nothing_else_does():
    with ag.no_grad():
        assert gradcheck(lambda x: x * x, [1.0, 2.0]).status is PASS


class Layer:
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, u):
        return 2 * self.x * u


def test_what_a_later_call_overwrites_is_wrong_in_a_rule_and_cannot_be_judged_in_a_pullback():
    verdict = gradcheck(Remembers(), X)
    assert verdict.status is FAIL
    assert "another after f was called elsewhere" in verdict.reason
    layer = Layer()
    verdict = gradcheck(None, X, vjp=lambda x: (layer.forward(x), layer.backward))
    assert verdict.status is UNDECIDED
    assert "other gradients after f was called elsewhere; let each call keep its own values" in verdict.reason


@pytest.mark.parametrize("turned", [np.asfortranarray, lambda x: np.moveaxis(x.copy(), 0, -1)])
def test_values_are_measured_in_the_layout_in_which_the_gradient_was_claimed(turned):
    x, weights = turned(np.arange(1.0, 13.0).reshape(2, 2, 3)), np.arange(12)
    flat = adapters.from_backward(lambda x: x.ravel("K") * weights, lambda u, x: (u * weights).reshape(x.shape))
    assert gradcheck(None, x, vjp=flat).status is FAIL
    assert gradcheck(None, x.copy("C"), vjp=flat).status is PASS
    right = adapters.from_backward(lambda x: x.ravel() * weights, lambda u, x: (u * weights).reshape(x.shape))
    assert gradcheck(None, x, vjp=right).status is PASS


def test_a_wrong_gradient_is_found_where_the_function_refuses_extended_precision():
    class Inverse(Function):
        def forward(self, a):
            return np.linalg.inv(a)  # LAPACK takes single and double precision only

        def grad_a(self, g, y):
            return y.T @ g @ y.T  # the sign is wrong

    assert gradcheck(Inverse(), [[2.0, 0.5], [0.3, 1.0]]).status is FAIL

    def doubles_only(x):
        if x.dtype != np.float64:
            raise TypeError(f"can't convert an array of {x.dtype}")
        return np.sin(x), lambda u: 2 * u * np.cos(x)

    assert gradcheck(None, X, vjp=doubles_only).status is FAIL
