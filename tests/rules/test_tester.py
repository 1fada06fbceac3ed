"""The tester tested: wrong derivatives of every common kind are found, right ones in hard places raise no alarm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Function, Tensor
from autograd_lite.testing import FAIL, PASS, UNDECIDED, gradcheck

RNG = np.random.default_rng(7)
X, Y = RNG.standard_normal((3, 4)), RNG.standard_normal((3, 4))
POSITIVE = np.exp(X)


# -- Planted errors ---------------------------------------------------------------------------------------------------


class WrongSign(Function):
    def forward(self, a):
        return np.cos(a)

    def grad_a(self, g, a):
        return g * ag.sin(a) if isinstance(a, Tensor) else g * np.sin(a)


class WrongFactor(Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        return g * a


class SlightlyWrongFactor(Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        return g * a * 2.00001


class WrongInOneElement(Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        slope = 2 * np.asarray(a)
        slope.reshape(-1)[-1] *= 1.1
        return g * slope


class MissingSumOverBroadcast(Function):
    """Takes the gradient of the first row for that of the bias."""

    def forward(self, a, bias):
        return a + bias

    def grad_a(self, g):
        return g

    def grad_bias(self, g):
        return g[0]


class DroppedBranch(Function):
    """y = x * tanh(x), where one of the two factors is forgotten."""

    def forward(self, a):
        return a * np.tanh(a)

    def grad_a(self, g, a):
        return g * np.tanh(a)


class Transposed(Function):
    def forward(self, a, b):
        return a @ b

    def grad_a(self, g, b):
        return g @ b

    def grad_b(self, g, a):
        return a.transpose() @ g


class WrongAxis(Function):
    def forward(self, a):
        return np.cumsum(a, 0)

    def grad_a(self, g):
        return np.flip(np.cumsum(np.flip(g, 1), 1), 1)


class StaleValue(Function):
    """Uses the exponential of an earlier input."""

    first = None

    def forward(self, a):
        StaleValue.first = np.exp(a) if StaleValue.first is None else StaleValue.first
        return np.exp(a)

    def grad_a(self, g):
        return g * (StaleValue.first + 0 * g)


class OffByOne(Function):
    def forward(self, a):
        return a[1:] * 2.0

    def grad_a(self, g, shape_a):
        y = np.zeros(shape_a)
        y[:-1] = g * 2
        return y


class LastOfRepeated(Function):
    """Assigns where it should add: repeated indices count once."""

    def forward(self, a):
        return a[[0, 0, 2]]

    def grad_a(self, g, shape_a):
        y = np.zeros(shape_a)
        y[[0, 0, 2]] = g
        return y


class OnlyRightForOnes(Function):
    """Softmax, whose gradient takes the cotangent for constant."""

    def forward(self, a):
        return ag.softmax(a).numpy()

    def grad_a(self, g, y):
        return y * (g - g.mean(-1, keepdims=True))


class WrongDtype(Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        return (g * a * 2).astype(np.float64)


PLANTED = [
    (WrongSign(), [X]),
    (WrongFactor(), [X]),
    (SlightlyWrongFactor(), [X]),
    (WrongInOneElement(), [X]),
    (MissingSumOverBroadcast(), [X, Y[0]]),
    (DroppedBranch(), [X]),
    (Transposed(), [X[:, :3], Y[:, :3]]),
    (WrongAxis(), [X]),
    (OffByOne(), [X]),
    (LastOfRepeated(), [X]),
    (OnlyRightForOnes(), [X]),
    (WrongDtype(), [X.astype(np.float32)]),
]


@pytest.mark.parametrize(("rule", "arrays"), PLANTED, ids=lambda value: repr(value) if hasattr(value, "plan") else "")
@pytest.mark.parametrize("seed", range(5))
def test_a_planted_error_is_found_with_every_seed(rule, arrays, seed):
    verdict = gradcheck(rule, *arrays, seed=seed)
    assert verdict.status is FAIL, verdict


def test_a_stale_value_is_found():
    StaleValue.first = None
    StaleValue()(Tensor(Y, requires_grad=True))
    assert gradcheck(StaleValue(), X).status is FAIL


class ConstantInSecondOrder(Function):
    """Right once; the second time the derivative is taken for a constant."""

    def forward(self, a):
        return np.exp(a)

    def grad_a(self, g, y):
        return g * (y.numpy() if isinstance(y, Tensor) else y)


class FixedDeviation(Function):
    """Standardises, with a gradient that takes the standard deviation for a constant when it is differentiated."""

    def forward(self, a):
        return (a - a.mean()) / a.std()

    def grad_a(self, g, a, y):
        deviation = float(np.std(a.numpy() if isinstance(a, Tensor) else a))
        return (g - g.mean() - y * (g * y).mean()) / deviation


@pytest.mark.parametrize("rule", [ConstantInSecondOrder(), FixedDeviation()], ids=repr)
@pytest.mark.parametrize("seed", range(5))
def test_what_is_constant_in_the_second_order_only_is_found_there(rule, seed):
    assert gradcheck(rule, X, seed=seed).status is PASS
    verdict = gradcheck(rule, X, order=2, seed=seed)
    assert (verdict.status, verdict.order) == (FAIL, 2), verdict


def test_a_failure_names_the_worst_element_what_was_claimed_and_what_is_true():
    verdict = gradcheck(WrongInOneElement(), X)
    where, last = verdict.where, X[-1, -1]
    assert (where.input, where.input_index, where.output_index) == (0, (2, 3), (2, 3))
    assert where.true == pytest.approx(2 * last)
    assert where.claimed == pytest.approx(2.2 * last)
    assert "FAIL: first derivative" in str(verdict)
    assert "d output 0[2, 3] / d input 0[2, 3]" in str(verdict)


@pytest.mark.parametrize(
    ("gradient", "words"),
    [
        (lambda u: u[0], "has shape (4,)"),
        (lambda u: (u, u), "2 gradients came back for 1"),
        (lambda u: u.astype(np.float32), "has dtype float32"),
    ],
)
def test_a_gradient_of_another_shape_number_or_dtype_is_a_failure_that_says_so(gradient, words):
    verdict = gradcheck(None, X, vjp=lambda x: (x * 1.0, gradient))
    assert verdict.status is FAIL
    assert words in verdict.reason


# -- Derivatives of any make ------------------------------------------------------------------------------------------


def test_a_hand_written_gradient_of_a_numpy_function_is_checked():
    def vjp(x, w, b):
        y = np.tanh(x @ w + b)

        def pullback(u):
            inner = u * (1 - y * y)
            return inner @ w.T, x.T @ inner, inner.sum(0)

        return y, pullback

    assert gradcheck(None, X, Y.T, Y[:, 0], vjp=vjp)
    assert gradcheck(lambda x, w, b: np.tanh(x @ w + b), X, Y.T, Y[:, 0], vjp=vjp)


def test_several_outputs_and_integer_arguments_are_taken_as_they_are():
    verdict = gradcheck(lambda x, i: (x[i.tolist()] * 2, x.sum()), X, np.array([0, 0, 1]), order=2)
    assert verdict, verdict


def test_keyword_arguments_are_passed_on():
    assert gradcheck(ag.sum, X, kwargs={"axis": -1, "keepdims": True}, order=2)


def test_the_same_seed_gives_the_same_verdict():
    verdicts = [gradcheck(SlightlyWrongFactor(), X, seed=3) for _ in range(2)]
    assert verdicts[0] == verdicts[1]


# -- Right derivatives in hard places ---------------------------------------------------------------------------------

SINGLE = np.float32
HARD = {
    "numbers of all sizes": (lambda x: x.log(), [np.array([1e-30, 1e-8, 1.0, 1e6])]),
    "an oscillation far from 0": (lambda x: x.sin(), [np.array([1e6, -3e5, 1.0])]),
    "tiny numbers": (lambda x: x * x, [np.array([1e-30, -3e-25])]),
    "huge numbers": (lambda x: x * x, [np.array([1e30, -3e25])]),
    "close to the edge of the domain": (lambda x: x.sqrt(), [np.array([1e-9, 1.0])]),
    "close to both edges": (ag.arcsin, [np.array([1 - 1e-7, -1 + 1e-7])]),
    "close to a kink": (lambda x: x.relu() * x, [np.array([1e-9, -1e-9, 1e-4])]),
    "a saturated sigmoid": (lambda x: x.sigmoid(), [np.array([-40.0, 40.0, 0.1])]),
    "a cancellation": (lambda x: x - x.mean(), [1e6 + X]),
    "a flat function": (lambda x: x * 0.0 + 3.0, [X]),
    "a gradient whose parts cancel": (ag.softmax, [X * 20]),
    "single precision": (lambda x, w: (x @ w).tanh(), [X.astype(SINGLE), Y.T.astype(SINGLE)]),
    "single precision, softmax": (ag.log_softmax, [(X * 20).astype(SINGLE)]),
    "single precision, large numbers": (lambda x: x.log(), [np.float32([1e6, 1e-6])]),
    "single precision, standardised": (lambda x: (x - x.mean()) / x.std(), [X.astype(SINGLE)]),
    "single precision, far from 0": (lambda x: x.var(), [(1e4 + X).astype(SINGLE)]),
    "half precision": (lambda x: x.exp(), [X.astype(np.float16)]),
    "a zero power": (lambda x: x**0, [np.array([0.0, 1.0])]),
    "zeros in a product": (lambda x: x.prod(), [np.array([0.0, 2.0, 0.0])]),
    "nothing at all": (lambda x: x.exp(), [np.zeros((0, 3))]),
    "a single number": (lambda x: x.exp(), [np.float64(0.5)]),
    "no dependence on one input": (lambda x, y: y * 2, [X, Y]),
    "an infinite value elsewhere": (lambda x: x.log(), [np.array([0.0, 1.0])]),
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("seed", range(4))
def test_a_right_derivative_raises_no_alarm(name, seed):
    f, arrays = HARD[name]
    with np.errstate(all="ignore"):
        verdict = gradcheck(f, *arrays, order=2, seed=seed)
    assert verdict.status is not FAIL, verdict
    if "edge" not in name and "elsewhere" not in name and "kink" not in name:
        assert verdict.status is PASS, verdict


@pytest.mark.parametrize("seed", range(40))
def test_a_function_of_many_kinds_of_steps_passes_with_every_seed(seed):
    x = np.random.default_rng(seed).standard_normal((3, 3))
    verdict = gradcheck(lambda t: ag.logsumexp((t @ t.T).relu() * t.sigmoid(), 0) / (t * t).sum(), x, seed=seed)
    assert verdict, verdict


# -- Kinks ------------------------------------------------------------------------------------------------------------


def relu_with(slope):
    return lambda x: (np.maximum(x, 0), lambda u: u * np.where(x == 0, slope, x > 0))


@pytest.mark.parametrize(("slope", "right"), [(0, True), (0.3, True), (1, True), (1.01, False), (-0.01, False)])
def test_at_a_kink_exactly_the_values_between_the_one_sided_slopes_are_right(slope, right):
    verdict = gradcheck(None, np.array([0.0, 1.0, -1.0, 0.0]), vjp=relu_with(slope))
    assert verdict.status is (PASS if right else FAIL)
    assert "kink" in verdict.reason


@pytest.mark.parametrize("f", [lambda x: x[0].relu() - x[1].relu(), lambda x: abs(x).sum(), ag.fabs])
def test_kinks_of_opposite_curvature_do_not_disturb_each_other(f):
    assert gradcheck(f, np.zeros(2)).status is PASS


def test_a_maximum_must_share_its_gradient_among_ties():
    def maximum(share):
        return lambda x: (x.max(), lambda u: u * share(x == x.max()))

    ties = np.array([1.0, 1.0, 0.0, 1.0])
    assert gradcheck(None, ties, vjp=maximum(lambda hit: hit / hit.sum())).status is PASS
    assert gradcheck(None, ties, vjp=maximum(lambda hit: hit * np.array([1, 0, 0, 0]))).status is PASS
    assert gradcheck(None, ties, vjp=maximum(lambda hit: hit * 1.0)).status is FAIL


@pytest.mark.parametrize("n", [3, 4, 5])
@pytest.mark.parametrize("seed", range(5))
def test_where_several_pieces_meet_nothing_is_decided(n, seed):
    assert gradcheck(ag.sort, np.ones(n), seed=seed).status is UNDECIDED


def test_a_tie_of_two_in_sort_is_decided():
    assert gradcheck(ag.sort, np.array([1.0, 2.0, 1.0])).status is PASS


def test_an_error_beside_a_kink_is_still_found():
    def vjp(x):
        return np.maximum(x, 0) + x * x, lambda u: u * ((x > 0) + np.where(x > 2.9, 2.01, 2) * x)

    verdict = gradcheck(None, np.array([0.0, -1.0, 3.0]), vjp=vjp)
    assert verdict.status is FAIL
    assert verdict.where.input_index == (2,)


# -- Functions that cannot be judged ----------------------------------------------------------------------------------


def changes_its_input(x):
    x[0] = 1
    return x * 2, lambda u: 2 * u


@pytest.mark.parametrize(
    ("vjp", "words"),
    [
        (lambda x: (x * RNG.random(), lambda u: u), "freeze its random numbers"),
        (lambda x: (x * np.nan, lambda u: u), "inside its domain"),
        (lambda x: ((x > 0).astype(int), lambda u: u), "returns data of dtype int"),
        (changes_its_input, "changes its argument 0"),
    ],
)
def test_what_makes_a_derivative_impossible_to_judge_is_named_and_is_no_failure(vjp, words):
    verdict = gradcheck(None, X.copy(), vjp=vjp)
    assert verdict.status is UNDECIDED
    assert words in verdict.reason


def test_arguments_without_floating_point_numbers_are_an_error_that_names_them_with_the_remedy():
    with pytest.raises(TypeError, match=r"only int64, bool; .*x\.astype\(float\)"):
        gradcheck(lambda x, y: x * 2, np.arange(3), np.array(True))
    with pytest.raises(TypeError, match="only no arguments at all"):
        gradcheck(lambda: 1.0)


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("tolerance", [0, -1, np.nan, np.inf, "a", 1j]),
        ("directions", [0, -1, 1.5, "2", None]),
        ("time_limit", [np.nan, None, "1"]),
    ],
)
def test_a_setting_with_which_no_check_can_fail_is_refused(option, values):
    for value in values:
        with pytest.raises(ValueError, match=f"{option} is .*; got {value!r}"):
            gradcheck(WrongFactor(), X, **{option: value})


@given(st.lists(st.booleans(), min_size=2, max_size=6).filter(any), st.sampled_from([1, 2]))
def test_outputs_that_are_not_finite_are_counted_as_unchecked(inside, order):
    x = np.where(inside, 2.0, -1.0)
    verdict = gradcheck(lambda t: t.log(), x, order=order)
    outside = inside.count(False)
    assert verdict.status is PASS
    assert (f"{outside} of {x.size} outputs" in verdict.reason) == (outside > 0)


def test_all_that_deserves_mention_is_mentioned():
    verdict = gradcheck(lambda x: (x[0].relu(), x[1].log()), np.array([0.0, -1.0]))
    assert "At a kink" in verdict.reason
    assert "1 of 2 outputs is not finite and not checked." in verdict.reason


@pytest.mark.parametrize("options", [{"order": 3}, {"order": 2, "vjp": relu_with(0)}])
def test_an_order_that_cannot_be_checked_is_refused(options):
    with pytest.raises(ValueError, match="order is 1"):
        gradcheck(None, X, **options)


def test_a_verdict_says_in_one_line_how_well_it_knows():
    text = str(gradcheck(lambda x: x.exp(), X))
    assert text.startswith("PASS: first derivative, worst relative error")
    assert "(seed 0)" in text


def test_a_verdict_that_measured_nothing_shows_no_numbers():
    text = str(gradcheck(lambda x: float(x.sum()), X))
    assert text.startswith("UNDECIDED: first derivative (seed 0)\n")


@pytest.mark.parametrize("f", [np.exp, ag.sigmoid, np.tanh])
def test_what_float32_cannot_hold_is_no_error_of_the_gradient(f):
    x = np.array([[-110.0, 102.8], [-268.0, 5.0], [0.5, 88.0]], np.float32)
    with np.errstate(over="ignore", under="ignore"):
        verdict = gradcheck(f, x)
    assert verdict.status is not FAIL, verdict
