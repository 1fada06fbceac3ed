"""Traps that libraries like this one have fallen into, one test each."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Function, Tensor, grad, no_grad
from autograd_lite.testing import FAIL, PASS, gradcheck, numerical_gradient

RNG = np.random.default_rng(11)


def leaf(data, dtype=np.float64):
    return Tensor(np.asarray(data, dtype), requires_grad=True)


def slope(f, *arrays):
    """The gradients of ``f(*arrays).sum()``."""
    leaves = [leaf(a, np.asarray(a).dtype) for a in arrays]
    found = [g.numpy() for g in grad(f(*leaves).sum(), leaves)]
    return found[0] if len(found) == 1 else found


# -- Scalars and dtypes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (2,)])
def test_many_gradients_add_up_at_a_tensor_without_axes_as_at_any_other(shape):
    x = leaf(np.full(shape, 2.0))
    h = x * 1.0
    (h + h * h + h.exp() + h).sum().backward()  # four gradients meet at an interior tensor
    np.testing.assert_allclose(x.grad.numpy(), np.full(shape, 2 + 4 + np.exp(2)))
    (x * 3.0).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.full(shape, 2 + 4 + np.exp(2) + 3))


def test_a_gradient_of_a_number_that_somebody_holds_does_not_change_when_more_arrives():
    x = leaf(2.0)
    (x * x).backward()
    held = x.grad.numpy()
    (x * x).backward()
    assert (held, x.grad) == (4, 8)


@pytest.mark.parametrize("shape", [(), (1,), (3,)])
def test_numpys_double_is_strong_and_pythons_float_is_weak_in_values_and_gradients(shape):
    x = leaf(np.ones(shape), np.float32)
    for y, expected in [(x * 2.0, np.float32), (x * np.float64(2), np.float64), (2.0 * x, np.float32),
                        (x ** 2.0, np.float32), (x / 3.0, np.float32), (x + 1, np.float32),
                        (x * np.float64(2), (x.numpy() * np.float64(2)).dtype)]:  # fmt: skip
        assert y.dtype == expected
        (g,) = grad(y.sum(), x)
        assert g.dtype == np.float32


def test_pythons_numbers_inside_functions_widen_nothing():
    x = leaf([0.5, 1.5], np.float32)
    for y in (ag.maximum(x, 0.7), ag.where(x.numpy() > 1, x, 0.0), ag.clip(x, 0.6, 1.0), x.mean(), x.var(), ag.norm(x),
              ag.logsumexp(x), x.std(), ag.pad(x, 1), (x > 1) * x, 1 - x, 2.0**x):  # fmt: skip
        assert y.dtype == np.float32
        h = x * 1.0  # an interior tensor, whose gradient nobody casts
    for f in (lambda t: t.mean(), lambda t: t.var(), ag.norm, ag.logsumexp, ag.sigmoid, ag.softmax, lambda t: t**3):
        h = x * 1.0
        assert grad(f(h).sum(), h)[0].dtype == np.float32


# -- Memory -----------------------------------------------------------------------------------------------------------


def test_the_gradient_of_a_sum_or_broadcast_can_be_written_to():
    x = leaf(np.ones((2, 3)))
    for y in (x.sum(), x.mean(), ag.broadcast_to(x, (4, 2, 3)).sum(), x.sum(0).sum()):
        x.grad = None
        y.backward()
        x.grad[0, 0] = 7
        assert x.grad.numpy()[0].tolist()[0] == 7
        assert x.grad.numpy()[1, 1] != 7


def test_two_leaves_of_a_sum_do_not_share_their_gradient():
    a, b = leaf(np.ones(3)), leaf(np.ones(3))
    (a + b).sum().backward()
    assert a.grad is not b.grad
    assert not np.shares_memory(a.grad._data, b.grad._data)
    with no_grad():
        a.grad *= 5
    assert b.grad.tolist() == [1, 1, 1]


def test_the_callers_cotangent_is_neither_changed_nor_kept():
    a, u = leaf(np.ones(3)), np.array([1.0, 2.0, 3.0])
    ((a + a) + a).backward(u)
    assert u.tolist() == [1, 2, 3]
    u[:] = 0
    assert a.grad.tolist() == [3, 6, 9]


def test_a_rule_that_writes_into_the_cotangent_is_stopped():
    class Careless(Function):
        def forward(self, a):
            return a * 1.0

        def grad_a(self, g):
            g *= 2
            return g

    with pytest.raises(ValueError, match="read-only"):
        Careless()(leaf(np.ones(3))).sum().backward()


# -- Tests that test nothing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [ag.softmax, lambda x: ag.normalize(x, -1)[0]], ids=["softmax", "normalize"])
def test_a_cotangent_of_ones_sees_nothing_of_softmax_and_normalisation_but_a_random_one_does(f):
    x = RNG.standard_normal((2, 3))
    t = leaf(x)
    np.testing.assert_allclose(grad(f(t), t, np.ones((2, 3)))[0].numpy(), 0, atol=1e-12)
    zero = gradcheck(None, x, vjp=lambda a: (f(Tensor(a)).numpy(), lambda u: np.zeros_like(u)))
    assert zero.status is FAIL
    assert gradcheck(f, x, order=2).status is PASS


# -- Shapes -----------------------------------------------------------------------------------------------------------


def test_where_sums_the_gradient_of_a_branch_that_was_broadcast():
    condition = np.array([[True, False, True], [False, False, True]])
    a, b = slope(lambda a, b: ag.where(condition, a, b), np.zeros((2, 1)), np.float64(0))
    assert (a.tolist(), b) == ([[2], [1]], 3)
    a, b = slope(lambda a, b: ag.where(condition[0], a, b), np.zeros(()), np.zeros((2, 3)))
    assert (a, b.tolist()) == (4, [[0, 1, 0], [0, 1, 0]])


@pytest.mark.parametrize("axis", [None, 0, -1, (0, -1), (-2,), (), [0, 1]])
@pytest.mark.parametrize("keepdims", [False, True])
def test_axes_may_be_negative_or_tuples_or_none(axis, keepdims):
    axis = tuple(axis) if isinstance(axis, list) else axis
    x, u = RNG.standard_normal((2, 3, 2)), RNG.standard_normal((2, 3, 2)).sum(axis, keepdims=keepdims)
    for f in (ag.sum, ag.mean, ag.max, ag.prod, ag.var, ag.logsumexp):
        t = leaf(x)
        (g,) = grad(f(t, axis, keepdims=keepdims), t, u)
        slopes = numerical_gradient(lambda a, f=f: (f(a, axis, keepdims=keepdims).numpy() * u).sum(), x.copy())
        np.testing.assert_allclose(g.numpy(), slopes, rtol=1e-5, atol=1e-7)


def test_tensors_without_elements_have_gradients_without_elements():
    x = leaf(np.zeros((0, 3)))
    y = (x @ np.ones((3, 2))).sum() + x.prod() + ag.concatenate([x, x]).exp().sum() + x[0:0].sum() + x.cumsum(0).sum()
    y.backward()
    assert x.grad.shape == (0, 3)
    w = leaf(np.ones((3, 2)))
    (np.zeros((0, 3)) @ w).sum().backward()
    assert w.grad.tolist() == [[0, 0]] * 3


def layouts(a):
    spread = np.zeros((a.shape[0] * 2, a.shape[1] * 2))
    spread[::2, ::2] = a
    return [np.asfortranarray(a), a[::-1].copy()[::-1], a.T.copy().T, spread[::2, ::2]]


@pytest.mark.parametrize("k", range(4))
def test_inputs_and_cotangents_need_not_lie_in_order(k):
    x, w, u = RNG.standard_normal((4, 3)), RNG.standard_normal((3, 5)), RNG.standard_normal((4, 5))

    def slopes(x, w, u):
        a, b = (Tensor(v, requires_grad=True, copy=False) for v in (x, w))
        y = ag.softmax((a @ b).tanh().reshape(2, 10)).reshape(4, 5)
        return [g.numpy() for g in grad(y, [a, b], Tensor(u, copy=False))]

    for found, expected in zip(slopes(*(layouts(v)[k] for v in (x, w, u))), slopes(x, w, u), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_cotangent_with_stride_0_is_as_good_as_any():
    x = leaf(RNG.standard_normal((3, 4)))
    u = Tensor(np.broadcast_to(np.float64(2), (3, 4)), copy=False)
    for f in (lambda t: t.reshape(2, 6).reshape(3, 4), lambda t: t.T.T, lambda t: t * t, lambda t: ag.sort(t)):
        (found,), (expected,) = grad(f(x), x, u), grad(f(x), x, np.full((3, 4), 2.0))
        np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_the_same_tensor_twice_counts_twice():
    x = np.array([2.0, 3.0])
    assert slope(lambda t: t * t, x).tolist() == [4, 6]
    assert slope(lambda t: t / t, x).tolist() == [0, 0]
    assert slope(lambda t: t - t, x).tolist() == [0, 0]
    assert slope(lambda t: ag.maximum(t, t), x).tolist() == [1, 1]
    assert slope(lambda t: ag.concatenate([t, t, t]), x).tolist() == [3, 3]
    assert slope(lambda t: t @ t, x).tolist() == [4, 6]
    assert slope(lambda t: ag.where([True, False], t, t), x).tolist() == [1, 1]


# -- Zeros ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([2.0, 3.0, 4.0], [12, 8, 6]),
        ([0.0, 3.0, 4.0], [12, 0, 0]),
        ([0.0, 0.0, 4.0], [0, 0, 0]),
        ([5.0], [1]),
        ([], []),
    ],
)
def test_the_derivative_of_a_product_is_right_where_factors_are_zero(x, expected):
    assert slope(ag.prod, np.array(x)).tolist() == expected


def test_the_second_derivative_of_a_product_is_right_where_factors_are_zero():
    h = ag.hessian(ag.prod, Tensor([0.0, 0.0, 4.0]))
    assert h.tolist() == [[0, 4, 0], [4, 0, 0], [0, 0, 0]]


def test_the_derivative_of_running_products_is_right_where_factors_are_zero():
    assert slope(ag.cumprod, np.array([0.0, 3.0, 0.0, 2.0])).tolist() == [4, 0, 0, 0]


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_whole_powers_of_zero_have_the_slopes_of_polynomials(n):
    for f in (lambda t: t**n, lambda t: t ** float(n), lambda t: ag.power(t, Tensor(float(n)))):
        x = leaf(0.0)
        (first,) = grad(f(x), x, create_graph=True)
        assert first.item() == {1: 1}.get(n, 0)
        if first.requires_grad:
            assert grad(first, x)[0].item() == {2: 2}.get(n, 0)


def test_zero_to_a_power_has_slope_zero_along_the_power():
    b = leaf([1.0, 2.0, 0.5])
    assert grad((0.0**b).sum(), b)[0].tolist() == [0, 0, 0]
    a = leaf(0.0)
    assert [g.tolist() for g in grad((a**b).sum(), [b])] == [[0, 0, 0]]


def test_a_logarithm_of_zero_behind_where_does_no_harm():
    x = leaf([0.0, 1.0, 2.0])
    with np.errstate(divide="ignore"):  # of the value, NumPy warns as always
        y = ag.where(x.numpy() > 0, x.log(), 0.0)
    (first,) = grad(y.sum(), x, create_graph=True)
    assert first.tolist() == [0, 1, 0.5]
    (second,) = grad(first.sum(), x)
    assert second.tolist() == [0, -1, -0.25]


@pytest.mark.parametrize(
    ("f", "x"),
    [(lambda t: t.sqrt(), 0.0), (ag.norm, [0.0, 0.0]), (abs, 0.0), (lambda t: t.std(), [1.0, 1.0]), (ag.relu, 0.0)],
    ids=["sqrt", "norm", "abs", "std", "relu"],
)
def test_slopes_at_zero_that_do_not_exist_count_as_zero(f, x):
    assert not slope(f, np.array(x)).any()


@pytest.mark.parametrize("f", [ag.sigmoid, ag.softmax, ag.log_softmax, ag.logsumexp, ag.tanh, ag.log1p])
def test_large_inputs_give_finite_gradients(f):
    x = np.array([700.0, 0.0, 800.0]) * (1 if f is ag.log1p else RNG.choice([1, 10]))
    assert np.isfinite(slope(f, x)).all()
    assert f is ag.log1p or np.isfinite(slope(f, -x)).all()


# -- Indices ----------------------------------------------------------------------------------------------------------


def test_indices_that_repeat_add_up():
    x = np.zeros(3)
    assert slope(lambda t: t[[0, 0, 2]], x).tolist() == [2, 0, 1]
    assert slope(lambda t: t[np.array([[0, -3], [2, 2]])], x).tolist() == [2, 0, 2]
    assert slope(lambda t: ag.take(t, [1, 1, 1]), x).tolist() == [0, 3, 0]
    matrix = np.zeros((2, 2))
    assert slope(lambda t: t[[0, 0], [1, 1]], matrix).tolist() == [[0, 2], [0, 0]]
    assert slope(lambda t: t[[0, 1, 0]][:, [1]], matrix).tolist() == [[0, 2], [0, 1]]


def test_of_repeated_places_only_the_last_assignment_counts():
    v = leaf([1.0, 2.0, 3.0])
    y = leaf([0.0, 0.0]) * 1.0
    y[[0, 0, 1]] = v
    assert y.tolist() == [2, 3]
    assert grad((y * np.array([10.0, 100.0])).sum(), v)[0].tolist() == [0, 10, 100]


def test_distinct_slices_are_put_back_without_adding_element_by_element(monkeypatch):
    class Refused:
        def at(self, *args):
            raise AssertionError("np.add.at is slow, and not needed for slices")

    monkeypatch.setattr(np, "add", Refused())
    x = leaf(np.zeros((3, 4)))
    assert grad(x[1:, ::2].sum(), x)[0].tolist() == [[0] * 4, [1, 0, 1, 0], [1, 0, 1, 0]]
    assert grad(x[x.numpy() == 0].sum(), x)[0].numpy().all()


# -- Windows ----------------------------------------------------------------------------------------------------------


def test_padding_never_wins_a_maximum_of_negative_numbers():
    x = leaf(-np.arange(1.0, 10.0).reshape(1, 1, 3, 3))
    y = ag.max_pool2d(x, 3, stride=2, padding=1)
    assert (y.numpy() < 0).all()
    assert grad(y.sum(), x)[0].numpy().sum() == y.size


def test_overlapping_windows_add_up():
    x = leaf(np.array([[[[1.0, 9.0, 2.0]]]]))
    assert grad(ag.max_pool2d(x, (1, 2), stride=1).sum(), x)[0].tolist() == [[[[0, 2, 0]]]]
    assert grad(ag.avg_pool2d(x, (1, 2), stride=1).sum(), x)[0].tolist() == [[[[0.5, 1, 0.5]]]]


def test_the_first_of_ties_takes_the_gradient_of_a_window():
    x = leaf(np.ones((1, 1, 2, 2)))
    assert grad(ag.max_pool2d(x, 2).sum(), x)[0].tolist() == [[[[1, 0], [0, 0]]]]


def test_height_and_width_are_not_confused_in_rectangular_convolutions():
    x, w = RNG.standard_normal((2, 2, 7, 4)), RNG.standard_normal((3, 2, 3, 2))
    options = {"stride": (2, 1), "padding": (0, 1), "dilation": (1, 2)}
    assert ag.conv2d(x, w, **options).shape == (2, 3, 3, 4)
    assert gradcheck(ag.conv2d, x, w, order=2, kwargs=options)


def test_pooling_over_rectangles_keeps_height_and_width_apart():
    x = RNG.permutation(2 * 7 * 5).reshape(1, 2, 7, 5) / 10.0
    for f in (ag.max_pool2d, ag.avg_pool2d):
        options = {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)}
        assert f(x, **options).shape == (1, 2, 4, 4)
        assert gradcheck(f, x, order=2, kwargs=options)


# -- Normalisation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, -1, (0, 1)])
def test_normalisation_differentiates_its_standard_deviation_also_the_second_time(axis):
    x, gamma, beta = RNG.standard_normal((4, 3)), RNG.standard_normal(3), RNG.standard_normal(3)
    verdict = gradcheck(lambda x, g, b: ag.normalize(x, axis, g, b, eps=0.1)[0], x, gamma, beta, order=2)
    assert verdict, verdict


def test_normalising_a_batch_of_one_gives_beta_and_no_gradient():
    x = leaf([[1.0, 5.0]])
    y, _, var = ag.normalize(x, 0, np.array([2.0, 2.0]), np.array([3.0, 4.0]))
    assert y.tolist() == [[3, 4]]
    assert var.tolist() == [[0, 0]]
    assert grad((y * np.array([1.0, 7.0])).sum(), x)[0].tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("labels", "words"), [([[0], [1]], "labels of shape"), ([0, 3], "Label 3"), ([-1, 0], "Label -1")]
)
def test_labels_of_another_shape_or_out_of_range_are_named(labels, words):
    with pytest.raises(ag.ShapeError, match=words):
        ag.softmax_cross_entropy(np.zeros((2, 3)), labels, [1.0, 1.0])


def test_a_complex_gradient_is_refused_instead_of_losing_half_of_it():
    x = leaf([2.0])
    with pytest.raises(ag.DTypeError, match="complex"):
        abs(x * (3 + 4j)).sum().backward()


def test_a_by_product_may_be_a_view_of_an_array_that_its_owner_changes():
    class Weighted(Function):
        def by_p(self, a, b):
            return b[:]

        def forward(self, a, b, p):
            return a * p

        def grad_a(self, g, p):
            return g * p

    x, b = leaf([1.0, 2.0]), np.array([3.0, 4.0])
    y = Weighted()(x, b)
    b[:] = 0
    y.sum().backward()
    assert x.grad.tolist() == [3, 4]


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("product", [np.multiply, lambda x, other: ag.normalize(x, 0, other)[0]])
def test_arrays_of_a_subclass_are_plain_arrays_in_backward_too_and_kept_as_they_were(product):
    def gradient(other, change):
        x = Tensor(np.eye(2) + 1, requires_grad=True)
        y = product(x, other)
        if change:
            other[:] = 0
        y.backward(np.array([[1.0, 2.0], [3.0, 4.0]]))
        return x.grad.numpy()

    values = [[1.0, 2.0], [3.0, 5.0]]
    np.testing.assert_array_equal(gradient(np.matrix(values), True), gradient(np.array(values), False))


@pytest.mark.parametrize("bias", [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]]])
def test_a_bias_of_another_length_than_the_channels_is_refused(bias):
    images = np.ones((1, 2, 3, 3))
    for function in (ag.conv2d, ag.conv_transpose2d):
        with pytest.raises(ag.ShapeError, match=r"bias of shape \(2,\)"):
            function(images, np.ones((2, 2, 1, 1)), bias)


def test_a_margin_that_requires_a_gradient_is_refused_as_it_would_lose_it():
    with pytest.raises(ag.GradError, match="lose its gradient"):
        ag.pad([1.0, 2.0], 1, constant_values=leaf(3.0))


def test_the_books_call_of_im2col_is_refused_as_it_means_something_else_here():
    with pytest.raises(TypeError, match="positional"):
        ag.im2col(np.ones((1, 1, 6, 6)), 2, 2, 1, 1)


def test_numpys_whole_numbers_are_sizes_of_windows_and_others_are_not():
    images = np.arange(16.0).reshape(1, 1, 4, 4)
    assert ag.max_pool2d(images, np.int64(2)).tolist() == ag.max_pool2d(images, np.array([2, 2])).tolist()
    for wrong in (2.5, None, (1, 2, 3), "ab"):
        with pytest.raises(ag.ShapeError, match="kernel_size must be a whole number"):
            ag.max_pool2d(images, wrong)


def test_the_third_place_of_numpys_cross_is_not_the_axis():
    a, b = leaf(np.eye(3)), leaf(np.ones((3, 3)))
    with pytest.raises(TypeError, match="positional"):  # NumPy's is the axis of the first operand alone
        np.cross(a, b, 0)
    np.testing.assert_array_equal(np.cross(a, b, axis=0).data, np.cross(a.data, b.data, axis=0))
