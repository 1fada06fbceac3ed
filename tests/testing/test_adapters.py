"""Derivatives of other makes, judged by one check. This library stands in for the frameworks."""

import builtins
import contextlib
import functools
import sys
import types

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.testing import FAIL, PASS, adapters, falsify, gradcheck
from autograd_lite.testing import strategies as some

# -- Stand-ins --------------------------------------------------------------------------------------------------------


class Unrecorded(types.SimpleNamespace):
    """A tensor that has yet to hear whether it is a leaf."""

    def requires_grad_(self, on):
        return ag.Tensor(self.data, requires_grad=on)


def torch():
    return {
        "torch": types.SimpleNamespace(
            from_numpy=lambda a: Unrecorded(data=a, __array__=lambda: a),
            as_tensor=lambda y: y,
            zeros_like=lambda x: ag.Tensor(np.zeros(x.shape, x.dtype)),
            autograd=types.SimpleNamespace(
                grad=lambda ys, xs, us, **options: ag.grad(ys, xs, [u.data for u in us], **options)
            ),
        )
    }


def jax():
    """Double precision has to be asked for, as in the model."""
    precision = [np.float32]

    @contextlib.contextmanager
    def enable_x64(new):
        precision.append(np.float64 if new else np.float32)
        yield
        precision.pop()

    def asarray(a):
        wide = a.dtype.itemsize > precision[-1]().itemsize and a.dtype.kind == "f"
        return np.asarray(a, precision[-1] if wide else None)

    def vjp(f, *inputs):
        leaves = [ag.Tensor(asarray(a), requires_grad=True) for a in inputs]
        ys = f(*leaves)

        def pull(us):
            assert {asarray(u).dtype for u in us} == {y.dtype for y in ys}
            found = ag.grad(ys, leaves, us, retain_graph=True, allow_unused=True)
            return [np.zeros(x.shape, x.dtype) if g is None else g.numpy() for x, g in zip(leaves, found, strict=True)]

        return [y.numpy() for y in ys], pull

    return {"jax": types.SimpleNamespace(vjp=vjp, enable_x64=enable_x64, numpy=types.SimpleNamespace(asarray=asarray))}


def autograd():
    def make_vjp(f, places):
        def at(*arrays):
            leaves = [ag.Tensor(a, requires_grad=True) if i in places else a for i, a in enumerate(arrays)]
            inputs, ys = [leaves[i] for i in places], f(*leaves)

            def pull(us):
                found = ag.grad(ys, inputs, us, retain_graph=True, allow_unused=True)
                return tuple(
                    np.zeros(x.shape, x.dtype) if g is None else g.numpy() for x, g in zip(inputs, found, strict=True)
                )

            return pull, [y.numpy() for y in ys]

        return at

    return {
        "autograd": types.SimpleNamespace(make_vjp=make_vjp),
        "autograd.builtins": types.SimpleNamespace(tuple=builtins.tuple),
    }


def mygrad():
    return {"mygrad": types.SimpleNamespace(tensor=functools.partial(ag.Tensor, requires_grad=True))}


MODULES = {
    adapters.from_torch: torch,
    adapters.from_jax: jax,
    adapters.from_autograd: autograd,
    adapters.from_mygrad: mygrad,
}


@pytest.fixture(params=MODULES, ids=lambda adapter: adapter.__name__)
def adapter(request, monkeypatch):
    for name, module in MODULES[request.param]().items():
        monkeypatch.setitem(sys.modules, name, module)
    return request.param


# -- Frameworks -------------------------------------------------------------------------------------------------------


class Tripled(ag.Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        return g * (3 * a)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_right_derivative_of_a_framework_passes_and_a_wrong_one_fails(adapter, dtype):
    x = np.array([0.5, -2.0], dtype)
    assert gradcheck(None, x, vjp=adapter(ag.exp)).status is PASS
    assert gradcheck(None, x, vjp=adapter(lambda x: Tripled()(x))).status is FAIL


def test_several_inputs_and_outputs_and_keywords_go_through(adapter):
    def both(a, b, axis):
        return (a * b).sum(axis), a - b

    a, b = np.arange(6.0).reshape(2, 3)[::-1, ::-1], np.broadcast_to(2.0, (2, 3))
    vjp = adapter(both)
    assert gradcheck(None, a, b, vjp=vjp, kwargs={"axis": 0}).status is PASS
    (total, difference), pullback = vjp(a, b, axis=0)
    gradients = pullback((np.ones_like(total), np.zeros_like(difference)))
    np.testing.assert_array_equal([np.asarray(g) for g in gradients], [b, a])


def test_the_dtype_of_the_input_is_kept_all_the_way(adapter):
    for dtype in (np.float32, np.float64):
        value, pullback = adapter(lambda x: x * x)(np.ones(2, dtype))
        assert (value.dtype, pullback(value)[0].dtype) == (dtype, dtype)


def test_whole_numbers_are_passed_on_and_unused_inputs_have_no_slope(adapter):
    def chosen(x, unused, labels):
        return x[np.asarray(getattr(labels, "data", labels))]

    arrays = np.array([1.0, 2.0, 3.0]), np.ones(2), np.array([0, 0, 2])
    value, pullback = adapter(chosen)(*arrays)
    gradients = pullback(np.array([1.0, 10.0, 100.0]))
    np.testing.assert_array_equal(value, [1, 1, 3])
    np.testing.assert_array_equal(gradients[0], [11, 0, 100])
    np.testing.assert_array_equal(gradients[1], [0, 0])


def test_a_pullback_can_be_called_again(adapter):
    value, pullback = adapter(ag.exp)(np.array([0.0, 1.0]))
    once, again = pullback(value), pullback(value)
    np.testing.assert_array_equal(once[0], again[0])


def test_a_value_that_does_not_depend_on_the_input_has_slope_zero_in_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", torch()["torch"])
    _, pullback = adapters.from_torch(lambda x: ag.Tensor([1.0, 2.0]))(np.ones(3))
    np.testing.assert_array_equal(pullback(np.ones(2))[0], np.zeros(3))


def test_a_wrong_derivative_of_a_framework_is_found_and_shrunk(adapter):
    found = falsify(None, some.array(), vjp=adapter(lambda x: Tripled()(x)), max_examples=50)
    assert found.arrays[0].size == 1


@pytest.mark.parametrize("adapter", MODULES, ids=lambda adapter: adapter.__name__)
def test_without_its_framework_an_adapter_says_what_to_install(adapter, monkeypatch):
    package = adapter.__name__.removeprefix("from_")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"pip install {package}$"):
        adapter(ag.exp)


# -- Written by hand --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "gradient", "shapes"),
    [
        (lambda x: (x**2).sum(), lambda x: 2 * x, [(2, 3)]),  # the gradient of a loss
        (lambda x: x**2, lambda x: 2 * x, [(2, 3)]),  # of each element
        (lambda x: x**2, lambda x: 2 * x, [()]),
        (lambda x: x * np.ones(3), lambda x: np.ones(3), [()]),  # the Jacobian of a vector
        (lambda a, x: a @ x, lambda a, x: (np.einsum("ik,j->ikj", np.eye(2), x), a), [(2, 3), (3,)]),
        (lambda a, b: a * b, lambda a, b: (b, a), [(2, 2), (2, 2)]),
    ],
)
def test_a_gradient_written_by_hand_may_be_that_of_a_number_of_elements_or_a_jacobian(f, gradient, shapes):
    arrays = [0.5 + np.arange(float(np.prod(shape))).reshape(shape) for shape in shapes]
    vjp = adapters.from_gradient(f, gradient)
    assert gradcheck(None, *arrays, vjp=vjp).status is PASS
    doubled = adapters.from_gradient(f, lambda *xs: [2 * g for g in listed(gradient(*xs))])
    assert gradcheck(None, *arrays, vjp=doubled).status is FAIL


def listed(gradients):
    return gradients if isinstance(gradients, tuple) else [gradients]


def test_a_gradient_written_by_hand_leaves_out_whole_numbers():
    vjp = adapters.from_gradient(lambda x, n: x**n, lambda x, n: n * x ** (n - 1))
    assert gradcheck(None, np.array([1.0, 2.0]), np.array(3), vjp=vjp).status is PASS


def test_a_backward_pass_written_by_hand_gets_the_cotangent_and_keywords():
    def backward(u, x, axis):
        return np.broadcast_to(np.expand_dims(u, axis), x.shape)

    vjp = adapters.from_backward(np.sum, backward)
    assert gradcheck(None, np.ones((2, 3)), vjp=vjp, kwargs={"axis": 1}).status is PASS
    wrong = adapters.from_backward(np.sum, lambda u, x, axis: 2 * backward(u, x, axis))
    assert gradcheck(None, np.ones((2, 3)), vjp=wrong, kwargs={"axis": 1}).status is FAIL
