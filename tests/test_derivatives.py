"""Products with derivatives, and derivatives in full, agree with each other and with closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import GradError, Tensor, enable_grad, grad, hessian, hvp, jacobian, jvp, no_grad, sin, vjp, where

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)


def functions(rng, n, m):
    """Functions of a vector of n numbers, with their Jacobians."""
    w = rng.normal(size=(m, n))
    yield lambda x: w @ x, lambda x: w
    yield lambda x: sin(w @ x) * (w @ x), lambda x: (np.cos(w @ x) * (w @ x) + np.sin(w @ x))[:, None] * w
    yield lambda x: Tensor(w[:, 0]), lambda x: np.zeros((m, n))  # which do not depend on it
    yield lambda x: (x * 0.0)[:1] + w[:, 0], lambda x: np.zeros((m, n))


@given(sizes, sizes, seeds, st.sampled_from([no_grad, enable_grad]))
def test_products_with_jacobians_are_products_with_the_matrix_wherever_they_are_asked_for(n, m, seed, mode):
    rng = np.random.default_rng(seed)
    x, u, v = rng.normal(size=n), rng.normal(size=m), rng.normal(size=n)
    for f, slope in functions(rng, n, m):
        with mode():
            matrix = jacobian(f, Tensor(x))
            value, (back,) = vjp(f, Tensor(x), u)
            same, along = jvp(f, Tensor(x), v)
        np.testing.assert_allclose(matrix.data, slope(x), atol=1e-12)
        np.testing.assert_allclose(back.data, u @ slope(x), atol=1e-12)
        np.testing.assert_allclose(along.data, slope(x) @ v, atol=1e-12)
        np.testing.assert_array_equal(value.data, f(Tensor(x)).data)
        np.testing.assert_array_equal(same.data, value.data)


@given(sizes, seeds)
def test_products_with_hessians_are_products_with_the_matrix(n, seed):
    rng = np.random.default_rng(seed)
    a, x, v = rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=n)
    number = Tensor(3.0)
    for f, second in [
        (lambda x: x @ a @ x, a + a.T),
        (lambda x: (x**3).sum(), np.diag(6 * x)),
        (lambda x: (a @ x).sum(), np.zeros((n, n))),
        (lambda x: number, np.zeros((n, n))),
    ]:
        calls = []
        value, product = hvp(lambda x, f=f, calls=calls: calls.append(x) or f(x), Tensor(x), v)
        np.testing.assert_allclose(hessian(f, Tensor(x)).data, second, atol=1e-12)
        np.testing.assert_allclose(product.data, second @ v, atol=1e-12)
        np.testing.assert_array_equal(value.data, f(Tensor(x)).data)
        assert len(calls) == 1


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_a_singularity_of_one_element_leaves_the_tangents_of_the_others_alone():
    x = Tensor([0.0, 1.0, 2.0])
    assert jvp(lambda x: x.log(), x, [1.0, 1.0, 1.0])[1].tolist() == [np.inf, 1, 0.5]
    assert jvp(lambda x: where(x > 0, x.log(), 0.0), x, [1.0, 1.0, 1.0])[1].tolist() == [0, 1, 0.5]


def test_a_jacobian_can_be_differentiated_at_those_inputs_that_require_it():
    x, c = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0])
    by_x, by_c = jacobian(lambda a, b: a**2 * b, [x, c], create_graph=True)
    assert by_c.tolist() == [[1, 0], [0, 4]]
    by_x.sum().backward()
    assert x.grad.tolist() == [6, 8]


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_jacobian_is_that_of_one_argument_wherever_else_the_function_reads_the_same_tensor(create_graph):
    x = Tensor([1.0, 2.0], requires_grad=True)
    partial = [[1, 0], [0, 2]]
    assert jacobian(lambda a: a * x, x, create_graph).tolist() == partial
    assert [j.tolist() for j in jacobian(lambda a, b: a * b, [x, x], create_graph)] == [partial, partial]


def test_a_gradient_that_was_not_recorded_says_how_to_record_it():
    t = Tensor(2.0, requires_grad=True)
    (slope,) = grad(t**3, t)
    with pytest.raises(GradError, match="create_graph=True"):
        grad(slope, t)
    with pytest.raises(GradError, match="grad_outputs"):
        grad(Tensor([1.0, 2.0], requires_grad=True) * t, t)


@pytest.mark.parametrize(
    "result", [lambda x: float(x.sum()), lambda x: x.numpy() ** 2, lambda x: (x, x), lambda x: None]
)
def test_a_function_that_returns_no_tensor_is_refused_and_not_called_flat(result):
    x, v = Tensor([1.0, 2.0]), [1.0, 1.0]
    for derivative in [
        lambda f: vjp(f, x, v), lambda f: jvp(f, x, v), lambda f: jacobian(f, x), lambda f: hessian(f, x),
        lambda f: hvp(f, x, v),
    ]:  # fmt: skip
        with pytest.raises(GradError, match=r"returns .*(float|ndarray|tuple|NoneType).* no tensor"):
            derivative(result)


def test_what_is_no_tensor_has_no_gradient_and_is_named():
    t = Tensor(2.0, requires_grad=True)
    with pytest.raises(GradError, match="Output 1 .* float"):
        grad([t * t, (t * t).item()], t)


def test_inputs_may_come_from_a_generator_and_one_array_is_one_input():
    x, y = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    assert [g.item() for g in grad(x * y, (t for t in (x, y)))] == [3.0, 2.0]
    assert [g.item() for g in jacobian(lambda a, b: a * b, (t for t in (x, y)))] == [3.0, 2.0]
    array = np.array([1.0, 2.0])
    assert jacobian(lambda x: x * x, array).tolist() == [[2, 0], [0, 4]]
    assert hessian(lambda x: (x**3).sum(), array).tolist() == [[6, 0], [0, 12]]
    assert jvp(lambda x: x * x, array, [1.0, 10.0])[1].tolist() == [2, 40]
