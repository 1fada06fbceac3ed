"""Counterexamples: found, shrunk, told with the guilty operation, and given as a program that shows them."""

import contextlib
import functools
import io

import numpy as np
import pytest
from hypothesis import settings

import autograd_lite as ag
from autograd_lite import Function
from autograd_lite.testing import FAIL, UNDECIDED, falsify, given_gradients, gradcheck, reproduction
from autograd_lite.testing import strategies as some

X = np.array([0.5, 1.0])

# -- Wrong gradients of the kinds that were published -----------------------------------------------------------------


def wrong_at_negatives(x):
    return np.abs(x), lambda u: u + 0 * x


def forgets_the_broadcast(a, b):
    y = a * b
    return y, lambda u: (fit(u * b, a.shape), (u * a).reshape(-1)[: b.size].reshape(b.shape))


def fit(g, shape):
    g = g.sum(tuple(range(g.ndim - len(shape))))
    return g.sum(tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1), keepdims=True)


def ignores_keepdims(x, axis=None, keepdims=False):
    y = np.sum(x * x, axis, keepdims=keepdims)
    flat = axis if isinstance(axis, int) else None
    return y, lambda u: 2 * x * (u if axis is None or keepdims else np.expand_dims(u, flat or 0))


def product_by_division(x):
    with np.errstate(all="ignore"):
        y = np.prod(x)
        return y, lambda u: np.nan_to_num(u * y / x)


def every_tie_gets_all(x):
    return np.max(x), lambda u: u * (x == np.max(x))


def tiles_along_the_first_axis(x):
    return np.tile(x, 2), lambda u: sum(np.split(u, 2, axis=0)).reshape(x.shape)


def repeats_along_an_axis_from_the_front(x):
    return np.repeat(x, 2, axis=-1), lambda u: u.reshape(*x.shape, 2).sum(-1 + 1).reshape(x.shape)


def deviation_without_a_care(x):
    with np.errstate(all="ignore"):
        return np.std(x), lambda u: u * (x - x.mean()) / (x.size * np.std(x))


WRONG = [
    (tiles_along_the_first_axis, [some.array(shape=some.shapes(1, 2, side=1))], 4),
    (repeats_along_an_axis_from_the_front, [some.array(shape=some.shapes(1, 2, side=1))], 6),
    (deviation_without_a_care, [some.array(shape=some.shapes(side=1))], 4),
    (wrong_at_negatives, [some.array()], 1),
    (forgets_the_broadcast, [some.broadcasting()], 4),
    (ignores_keepdims, [some.keywords(some.array(shape=some.shapes(side=1)), axis=some.axes, keepdims=some.flag)], 6),
    (product_by_division, [some.array("ties", some.shapes(side=1))], 2),
    (every_tie_gets_all, [some.array("ties", some.shapes(side=1))], 4),
    (lambda x: (x * x, lambda u: u * x * (2 + (np.abs(x) > 1e5))), [some.array()], 1),
]


@pytest.mark.parametrize(("vjp", "descriptions", "most"), WRONG)
def test_a_wrong_gradient_is_found_by_default_and_shrunk_to_a_few_elements(vjp, descriptions, most):
    found = search(vjp, *descriptions)
    assert found is not None
    assert found.verdict.status is FAIL
    assert sum(a.size for a in found.arrays) <= most, found


@functools.cache
def search(vjp, *descriptions):
    return falsify(None, *descriptions, vjp=vjp)


def test_the_same_seed_finds_the_same_counterexample():
    once, again = (falsify(None, some.array(), vjp=wrong_at_negatives, seed=5) for _ in range(2))
    assert once.code == again.code
    assert once.tried == again.tried


def test_a_right_gradient_is_not_falsified():
    assert falsify(ag.logaddexp, some.broadcasting("middle", "middle"), max_examples=60, order=2) is None
    assert falsify(ag.multiply, some.broadcasting(), max_examples=60) is None
    assert falsify(ag.max_pool2d, some.images("distinct"), max_examples=30) is None


class AlwaysDouble(Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        return np.asarray(2 * g * a, np.float64)


def test_a_gradient_of_the_wrong_dtype_is_found_by_default():
    found = falsify(AlwaysDouble(), some.array())
    assert "dtype float32" in found.verdict.reason


def refuses_matrices(x):
    if x.ndim:
        raise ag.ShapeError("one number only")
    return ag.exp(x)


def test_a_search_that_judged_next_to_nothing_says_so_and_why():
    with pytest.warns(UserWarning, match=r"could not be judged, mostly because: f raises ShapeError \(one number only"):
        assert falsify(refuses_matrices, some.array("middle"), max_examples=40) is None


CANNOT_BE_JUDGED = [
    (lambda x: {}[0], "f raises KeyError"),
    (lambda x: np.sin(x.numpy()), "f returns data of dtype float.*, no tensor"),
    (lambda x: x * np.random.default_rng().random(), "f gives other values when called again; freeze"),
]


@pytest.mark.parametrize(("f", "words"), CANNOT_BE_JUDGED)
def test_a_search_that_could_judge_nothing_is_an_error_that_says_why(f, words):
    description = some.array("positive", shape=some.shapes(side=1))
    with pytest.raises(ValueError, match=f"5 of 5 inputs could not be judged, mostly because: {words}"):
        falsify(f, description, max_examples=5)


def test_a_search_without_time_is_an_error():
    with pytest.raises(ValueError, match="time limit of 0 s was over after 0 inputs"):
        falsify(ag.exp, some.array(), max_examples=5, time_limit=0)


def misspells_a_method(x):
    return x.foo()


def misspells_a_name(x):
    return undefined(x)  # noqa: F821


def takes_two(x, y):
    return x * y


def takes_none():
    return 1.0


MISTAKES = [
    (misspells_a_method, "foo", AttributeError),
    (misspells_a_name, "undefined", NameError),
    (takes_two, "'y'", TypeError),
    (takes_none, "positional", TypeError),
]


@pytest.mark.parametrize(("f", "words", "error"), MISTAKES)
def test_a_mistake_in_the_function_is_raised_as_it_is_and_not_taken_for_an_input_outside_of_the_domain(f, words, error):
    with pytest.raises(error, match=words):
        gradcheck(f, X)
    with pytest.raises(error, match=words):
        gradcheck(None, X, vjp=f)
    with pytest.raises(error, match=words):
        falsify(f, some.array("positive"))
    with pytest.raises(error, match=words):
        given_gradients(some.array("positive"))(f)()


def test_a_function_that_takes_single_precision_only_is_undecided_with_the_remedy():
    def single(x):
        if x.dtype != np.float32:
            raise TypeError("float32 only")
        return x * 2

    verdict = gradcheck(single, X.astype(np.float32))
    assert verdict.status is UNDECIDED
    assert "float32 only) in double precision; write it so that it follows the dtype" in verdict.reason
    with pytest.raises(TypeError, match="float32 only"):
        gradcheck(single, X)


def test_a_mistake_in_the_pullback_is_raised_as_it_is():
    with pytest.raises(AttributeError, match="foo"):
        gradcheck(None, X, vjp=lambda x: (x * 2, lambda u: u.foo))
    with pytest.raises(AttributeError, match="foo"):
        falsify(None, some.array(), vjp=lambda x: (x * 2, lambda u: u.foo))


def test_settings_with_which_no_check_can_fail_are_refused_before_the_search():
    for searching in (falsify, lambda f, *descriptions, **options: given_gradients(*descriptions, **options)):
        with pytest.raises(ValueError, match="tolerance is .* got nan"):
            searching(ag.exp, some.array(), tolerance=np.nan)


def test_arguments_that_are_no_strategy_are_passed_as_they_are():
    assert falsify(lambda x, n: x**n, some.array("positive"), 3, max_examples=20) is None


def test_descriptions_without_floating_point_numbers_are_refused():
    with pytest.raises(TypeError, match="floating point"):
        falsify(lambda x: x, some.labels(3))


# -- The report -------------------------------------------------------------------------------------------------------


class Halved(Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        return g * a


def composite(x):
    y = ag.exp(x) + 1
    z = Halved()(y)  # the guilty line
    return (z * x).sum()


def test_the_report_names_the_guilty_operation_its_line_the_element_and_both_values():
    text = str(gradcheck(composite, np.array([0.5, 1.0])))
    assert "claimed" in text
    assert "measured" in text
    assert "the rule Halved is wrong by itself" in text
    assert "z = Halved()(y)  # the guilty line" in text
    assert "Exp" not in text


def test_no_operation_is_blamed_for_a_second_order_that_only_one_of_them_has_wrong():
    class Constant(Function):
        def forward(self, a):
            return np.exp(a)

        def grad_a(self, g, y):
            return g * (y.numpy() if hasattr(y, "numpy") else y)

    verdict = gradcheck(lambda x: Constant()(x * 2).sin(), np.array([0.5]), order=2)
    assert [found.rule for found in verdict.culprits] == ["Constant"]


def executed(code):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue()


@pytest.mark.parametrize("k", range(len(WRONG)))
def test_the_reproduction_runs_and_shows_the_failure(k):
    vjp, descriptions, _ = WRONG[k]
    code = search(vjp, *descriptions).code.replace("from tests.testing.test_search", f"from {__name__}")
    assert executed(code).startswith("FAIL")


LAYOUTS = [
    np.arange(6.0).reshape(2, 3)[::-1, ::-1],
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.broadcast_to(np.array([[1.0, 2.0]]), (3, 2)),
    np.zeros((0, 3), np.float32),
    np.array([np.nan, np.inf, -0.0]),
    np.float32(1.5),
]


@pytest.mark.parametrize("array", LAYOUTS)
def test_a_reproduction_has_the_very_same_array_in_its_layout(array):
    scope = {}
    exec(reproduction(ag.exp, [array, array]).rpartition("\n")[0], scope)
    np.testing.assert_array_equal(scope["x0"], array)
    assert scope["x0"].dtype == array.dtype
    assert scope["x0"].strides == np.asarray(array).strides
    assert scope["x1"] is scope["x0"]


# -- As tests ---------------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given_gradients(some.array("positive"), order=2)
def test_a_function_becomes_a_test_of_its_gradient(x):
    return ag.log(x)


def test_a_wrong_function_becomes_a_failing_test_that_prints_its_reproduction():
    @given_gradients(some.array(shape=some.shapes(side=1)))
    def wrong(x):
        return Halved()(x)

    with pytest.raises(AssertionError, match=r"(?s)FAIL.*Halved.*print\(gradcheck\(f, x0"):
        wrong()


@pytest.mark.parametrize(("f", "words"), CANNOT_BE_JUDGED)
def test_a_test_that_could_judge_nothing_fails_every_time_and_says_why(f, words):
    test = settings(max_examples=6, database=None)(given_gradients(some.array(shape=some.shapes(side=1)))(f))
    for _ in range(2):
        with pytest.raises(AssertionError, match=f"checks nothing. 6 of 6 inputs .* because: {words}"):
            test()


@given_gradients(some.array("middle"))
def test_some_inputs_may_stay_undecided(x):
    return refuses_matrices(x)


def test_a_derivative_of_any_make_becomes_a_test():
    @given_gradients(some.array(), vjp=wrong_at_negatives)
    def absolute(x):
        return np.abs(x)

    with pytest.raises(AssertionError, match="wrong_at_negatives"):
        absolute()


def test_what_decorators_below_say_holds_as_what_those_above_do():
    def with_two(f):
        return functools.wraps(f)(lambda x: f(x, 2.0))

    @given_gradients(some.array())
    @settings(max_examples=6, database=None)
    @pytest.mark.xfail
    @with_two
    def scaled(x, by):
        return float(by)

    with pytest.raises(AssertionError, match="checks nothing. 6 of 6 inputs .* because: f returns a float"):
        scaled()
    assert [mark.name for mark in scaled.pytestmark] == ["xfail"]


@pytest.mark.parametrize("vjp", [None, lambda x: (x * 2, lambda u: u * 2)])
def test_an_assertion_in_a_test_that_fails_for_some_inputs_fails_it(vjp):
    @given_gradients(some.array(), vjp=vjp)
    def doubled(x):
        assert x.ndim != 2, "no matrices"
        return x * 2

    with pytest.raises(AssertionError, match="no matrices"):
        doubled()
