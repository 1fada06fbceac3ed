"""Numerical gradients, and the gradient check of a whole network."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Function, GradError, Tensor
from autograd_lite.testing import check_gradients, numerical_gradient

RNG = np.random.default_rng(7)
X, Y = RNG.standard_normal((3, 4)), RNG.standard_normal((3, 4))


class WrongFactor(Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        return g * a


def test_numerical_gradient_is_the_books_and_leaves_its_input_as_it_was():
    x = np.array([3.0, 4.0])
    before = x.copy()
    slopes = numerical_gradient(lambda x: (x**2).sum(), x)
    np.testing.assert_allclose(slopes, [6, 8], rtol=1e-9)
    np.testing.assert_array_equal(x, before)


def test_numerical_gradient_sees_functions_that_ignore_their_argument():
    w = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    np.testing.assert_allclose(numerical_gradient(lambda _: (w * w).sum(), w), [2, 4], rtol=1e-8)
    np.testing.assert_array_equal(w.numpy(), [1, 2])


def test_numerical_gradient_puts_the_element_back_when_the_function_raises():
    x = np.array([0.3, 0.1])
    with pytest.raises(ZeroDivisionError):
        numerical_gradient(lambda x: 1 / 0, x)
    np.testing.assert_array_equal(x, [0.3, 0.1])


@pytest.mark.parametrize("x", [np.array([0.3, 0.1]), Tensor([0.3, 0.1])], ids=["array", "tensor"])
def test_numerical_gradient_of_more_than_one_number_is_refused_with_its_shape(x):
    with pytest.raises(ag.ShapeError, match=r"one number, and returned shape \(2,\)"):
        numerical_gradient(lambda x: x**2, x)
    assert x.tolist() == [0.3, 0.1]
    assert numerical_gradient(lambda x: (x**2).sum(keepdims=True), x) == pytest.approx(np.array([0.6, 0.2]))


def network(dtype=np.float64):
    rng = np.random.default_rng(0)
    shapes = {"w1": (8, 6), "b1": (6,), "w2": (6, 3), "b2": (3,)}
    parameters = {n: Tensor(0.5 * rng.standard_normal(s), requires_grad=True, dtype=dtype) for n, s in shapes.items()}
    x, labels = rng.standard_normal((5, 8)).astype(dtype), rng.integers(0, 3, 5)

    def loss():
        h = (x @ parameters["w1"] + parameters["b1"]).relu()
        return ag.softmax_cross_entropy(h @ parameters["w2"] + parameters["b2"], labels, np.full(5, 0.2))

    return loss, parameters


def test_a_network_is_checked_parameter_by_parameter_and_given_back_unchanged():
    loss, parameters = network()
    before = {name: t.numpy().copy() for name, t in parameters.items()}
    report = check_gradients(loss, parameters.items(), elements=10)
    assert [(p.name, p.checked) for p in report.parameters] == [("w1", 10), ("b1", 6), ("w2", 10), ("b2", 3)]
    assert 0 < report.relative_error < 1e-6
    assert all(p.mean_error < 1e-8 for p in report.parameters)
    for name, t in parameters.items():
        np.testing.assert_array_equal(t.numpy(), before[name])
        assert t.grad is None
    assert "w1" in str(report)
    assert report.worst.name in str(report).splitlines()[-1]


def test_a_network_with_a_wrong_layer_is_found_out_and_only_there():
    w, v = (Tensor(a, requires_grad=True) for a in (X, Y))
    report = check_gradients(lambda: (WrongFactor()(w) + v * v).sum(), {"w": w, "v": v})
    wrong, right = report.parameters
    assert wrong.relative_error == pytest.approx(0.5, rel=1e-3)
    assert right.relative_error < 1e-6
    assert report.worst is wrong


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_no_number_is_infinitely_wrong(wrong):
    class Broken(Function):
        def forward(self, a):
            return a * 2

        def grad_a(self, g):
            return g * np.where(np.arange(g.size).reshape(g.shape) == 5, wrong, 2.0)

    w = Tensor(X, requires_grad=True)
    with ag.no_grad():
        report = check_gradients(lambda: Broken()(w).sum(), {"w": w})
    assert report.relative_error == np.inf


def test_a_network_in_single_precision_is_good_for_some_digits():
    report = check_gradients(*network(np.float32))
    assert report.relative_error < 0.05


def test_a_loss_that_changes_between_calls_and_missing_parameters_are_refused():
    w = Tensor(X, requires_grad=True)
    with pytest.raises(ValueError, match="changed from"):
        check_gradients(lambda: (w * RNG.random()).sum(), {"w": w})
    with pytest.raises(ValueError, match="no parameters"):
        check_gradients(lambda: w.sum(), {})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_no_number_is_refused_as_such(value):
    w = Tensor(X, requires_grad=True)
    with pytest.raises(ValueError, match=f"The loss is {value}"):
        check_gradients(lambda: (abs(w) * value).sum(), {"w": w})


def test_parameters_without_names_or_gradients_are_refused_with_what_to_pass():
    w = Tensor(np.ones((2, 3)), requires_grad=True)  # of two rows, which must not pass for a name and a tensor
    for given in ([w], (t for t in [w]), [("w", X)]):
        with pytest.raises(TypeError, match=r"named_parameters\(\)"):
            check_gradients(lambda: w.sum(), given)
    with pytest.raises(GradError, match="'v'"):
        check_gradients(lambda: w.sum(), {"w": w, "v": Tensor(X)})
