"""What counts as the slope where there is none: at kinks, ties, singularities and in branches not taken."""

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite import Tensor

inf, nan = np.inf, np.nan


def slopes(function, *inputs):
    """The gradient of the sum of ``function`` at each input."""
    leaves = [Tensor(values, requires_grad=True) for values in inputs]
    with np.errstate(all="ignore"):
        al.sum(function(*leaves)).backward()
    return [leaf.grad.tolist() for leaf in leaves]


@pytest.mark.parametrize(
    ("function", "at", "expected"),
    [
        (al.relu, [-1.0, 0.0, 1.0], [0, 0, 1]),
        (al.abs, [-1.0, 0.0, 1.0], [-1, 0, 1]),
        (lambda x: al.clip(x, 0.0, 1.0), [-1.0, 0.0, 1.0, 2.0], [0, 1, 1, 0]),
        (al.sqrt, [0.0, 4.0], [0, 0.25]),
        (al.cbrt, [0.0, 8.0], [0, 1 / 12]),
        (al.norm, [0.0, 0.0], [0, 0]),
        (lambda x: al.norm(x, 3), [0.0, 0.0], [0, 0]),
        (al.std, [2.0, 2.0], [0, 0]),
        (al.max, [1.0, 3.0, 3.0], [0, 0.5, 0.5]),
        (al.min, [1.0, 1.0, 3.0], [0.5, 0.5, 0]),
        (lambda x: x**0, [0.0, 2.0], [0, 0]),
        (lambda x: 0.0**x, [0.0, 2.0], [0, 0]),
        (al.prod, [0.0, 2.0, 3.0], [6, 0, 0]),
        (al.prod, [0.0, 0.0, 3.0], [0, 0, 0]),
        (al.cumprod, [2.0, 0.0, 3.0], [1, 8, 0]),
        (al.logsumexp, [-inf, 0.0], [0, 1]),
        (al.logsumexp, [-inf, -inf], [0, 0]),
        (al.sigmoid, [-1000.0, 1000.0], [0, 0]),
        (al.median, [1.0, 3.0, 2.0, 9.0], [0, 0.5, 0.5, 0]),
    ],
)
def test_slopes_where_there_are_none_are_the_documented_ones(function, at, expected):
    np.testing.assert_allclose(slopes(function, at)[0], expected)


@pytest.mark.parametrize(
    ("function", "expected"),
    [(al.maximum, (0.5, 0.5)), (al.minimum, (0.5, 0.5)), (al.hypot, (0, 0)), (al.arctan2, (0, 0))],
)
def test_two_equal_zeros_share_or_have_no_slope(function, expected):
    assert slopes(function, 0.0, 0.0) == list(expected)


@pytest.mark.parametrize(
    ("function", "at"),
    [
        (al.log, 0.0),
        (al.log, -1.0),
        (al.sqrt, -1.0),
        (al.reciprocal, 0.0),
        (lambda x: x / x, 0.0),
        (lambda x: x**0.5, -1.0),
        (lambda x: x**x, -1.0),
        (lambda x: x * al.log(x), 0.0),
        (al.exp, 1000.0),
        (al.arcsin, 2.0),
        (al.arccosh, 0.0),
    ],
)
@pytest.mark.parametrize("shape", [(), (2,)])
def test_no_nan_comes_out_of_the_branch_that_was_not_taken(function, at, shape):
    x = np.full(shape, at)
    assert slopes(lambda x: al.where(x == at, 3 * x, function(x)), x)[0] == np.full(shape, 3.0).tolist()


def test_a_bound_that_is_a_tensor_gets_the_gradient_of_what_it_bounds():
    low, high = Tensor(0.0, requires_grad=True), Tensor(1.0, requires_grad=True)
    x = Tensor([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0], requires_grad=True)
    al.clip(x, low, high).sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 1, 0, 0]
    assert (low.grad.item(), high.grad.item()) == (1, 2)


@pytest.mark.parametrize("function", [al.floor, al.ceil, al.trunc, al.rint, al.round, al.sign, al.isnan, al.argsort])
def test_functions_that_move_in_steps_leave_the_graph(function):
    assert not function(Tensor([1.5, -2.5], requires_grad=True)).requires_grad


def test_what_a_nan_is_among_decides():
    assert np.isnan(al.median([1.0, nan, 2.0]).item())
    assert al.sort([2.0, nan, 1.0]).tolist()[:2] == [1, 2]


@pytest.mark.parametrize(
    ("function", "at", "expected"),
    [
        (al.relu, [-1.0, 4.0], [0, 0.25]),
        (al.relu, np.linspace(-1, 4, 300_000), None),
        (lambda x: al.clip(x, 0.0, None), [-1.0, 4.0], [0, 0.25]),
        (lambda x: al.maximum(x, 0.0), [-1.0, 4.0], [0, 0.25]),
        (lambda x: -al.minimum(-x, 0.0), [-1.0, 4.0], [0, 0.25]),
        (al.min, [0.0, 1.0, 4.0], [inf, 0, 0]),
        (lambda x: -al.max(-x), [0.0, 1.0, 4.0], [inf, 0, 0]),
    ],
)
def test_an_infinite_cotangent_goes_to_what_was_chosen_alone(function, at, expected):
    (found,) = slopes(lambda x: function(x) ** 0.5, at)
    if expected is None:
        expected = np.where(at > 0, 0.5 / np.sqrt(np.abs(at)), 0)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(
    "far",
    [
        lambda x: al.softmax(1 / x).sum(),
        lambda x: al.einsum("i,i->", 1 / x, 1 / x),
        lambda x: al.softmax_cross_entropy((1 / x).reshape(1, 2), [0], 1.0),
        lambda x: (1 / x)[0] * 0.0,
    ],
)
def test_no_nan_comes_out_of_a_branch_not_taken_whatever_is_in_it(far):
    assert slopes(lambda x: al.where(np.array(False), far(x), x.sum()), [0.0, 4.0]) == [[1, 1]]
