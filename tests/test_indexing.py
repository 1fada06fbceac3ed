"""Reading and writing parts of tensors: NumPy's values, the right gradients, nothing changed behind anybody's back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd_lite import Tensor, grad, no_grad
from autograd_lite.errors import DTypeError, GradError, ShapeError

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)


@st.composite
def shape_and_index(draw):
    """A shape and any index into it: slices, numbers, new axes, arrays with repetitions, masks."""
    shape = draw(SHAPES)
    basic = hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
    mask = hnp.arrays(bool, shape)
    kinds = [basic, mask]
    if 0 not in shape:
        kinds.append(hnp.integer_array_indices(shape))
        kinds.append(st.lists(st.integers(-shape[0], shape[0] - 1), max_size=5))
    return shape, draw(st.one_of(kinds))


def numbers(shape, start=1.0):
    return np.arange(start, start + np.prod(shape, dtype=int)).reshape(shape)


@given(shape_and_index())
def test_reading_gives_numpys_elements_and_each_takes_its_gradient_home(case):
    shape, index = case
    array = numbers(shape)
    x = Tensor(array, requires_grad=True)
    y = x[index]
    np_index = np.array(index, np.intp) if isinstance(index, list) else index
    np.testing.assert_array_equal(y.numpy(), array[np_index], strict=True)
    cotangent = numbers(y.shape)
    y.backward(cotangent)
    expected = np.zeros(shape)
    np.add.at(expected, np_index, cotangent)
    np.testing.assert_array_equal(x.grad.numpy(), expected)


@given(shape_and_index(), st.booleans())
def test_writing_keeps_the_old_gradient_elsewhere_and_gives_the_new_value_its_own(case, one_value):
    shape, index = case
    np_index = np.array(index, np.intp) if isinstance(index, list) else index
    array = numbers(shape)
    values = np.array(-1.0) if one_value else -numbers(array[np_index].shape)
    x, v = Tensor(array, requires_grad=True), Tensor(values, requires_grad=True)
    y = x * 2
    y[index] = v
    expected = array * 2
    expected[np_index] = values
    np.testing.assert_array_equal(y.numpy(), expected)

    cotangent = numbers(shape)
    y.backward(cotangent)
    # What was written is linear in old and new values, so each gradient is the cotangent where that one is left.
    owner = np.full(shape, -1)
    owner[np_index] = np.arange(array[np_index].size).reshape(array[np_index].shape)
    np.testing.assert_array_equal(x.grad.numpy(), np.where(owner < 0, 2 * cotangent, 0))
    parts = np.bincount(owner[owner >= 0], cotangent[owner >= 0], array[np_index].size)
    np.testing.assert_array_equal(v.grad.numpy(), parts.sum() if one_value else parts.reshape(values.shape))


def test_values_broadcast_when_written():
    x, row = Tensor(np.zeros((3, 2))), Tensor([1.0, 2.0], requires_grad=True)
    x[1:] = row
    x.backward(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert x.tolist() == [[0, 0], [1, 2], [1, 2]]
    assert row.grad.tolist() == [8, 10]


def test_of_repeated_places_the_last_value_stays_and_gets_the_gradient():
    x, v = Tensor([0.0, 0.0]), Tensor([1.0, 2.0, 3.0], requires_grad=True)
    x[[0, 0, 1]] = v
    x.sum().backward()
    assert x.tolist() == [2, 3]
    assert v.grad.tolist() == [0, 1, 1]


def test_writing_can_be_differentiated_twice():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * x
    y[0] = x[1] ** 3
    (y * x).sum().backward(create_graph=True)
    first = x.grad
    np.testing.assert_allclose(first.numpy(), [8, 3 * 4 * 1 + 3 * 4, 3 * 9])
    x.grad = None
    first.sum().backward()
    # d/dx of x0 x1^3 + x1^3 + x2^3, twice, in the direction of ones
    np.testing.assert_allclose(x.grad.numpy(), [12, 12 + 6 * 2 * 1 + 6 * 2, 6 * 3])


@pytest.mark.parametrize("values", [[[3.0, 4.0]], [[[5.0]]]])
def test_writing_values_with_axes_of_length_one_in_front_can_be_differentiated_twice(values):
    x, v = Tensor(np.zeros((3, 2))), Tensor(values, requires_grad=True)
    x[1] = v
    (slope,) = grad((x**3).sum(), v, create_graph=True)
    (bend,) = grad(slope.sum(), v)
    np.testing.assert_array_equal(slope.numpy(), 3 * v.numpy() ** 2 * (2 // v.size))
    np.testing.assert_array_equal(bend.numpy(), 6 * v.numpy() * (2 // v.size))


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_what_was_written_over_at_once_gets_no_gradient_however_large():
    x, v = Tensor([1.0, 1.0]), Tensor([0.0, 0.0], requires_grad=True)
    x[[0, 0]] = v
    x.log().sum().backward()
    assert v.grad.tolist() == [0, np.inf]


def test_what_was_read_before_keeps_its_values_and_gradient():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    before = y[:1]
    y[0] = 7.0
    assert before.tolist() == [1]
    (before * 10 + y).sum().backward()
    assert x.grad.tolist() == [20, 1]


def test_views_of_tensors_outside_any_graph_share_memory_as_arrays_do():
    x = Tensor([1.0, 2.0, 3.0, 4.0])
    view = x.reshape(2, 2)[0]
    x[1] = 7
    assert view.tolist() == [1, 7]


def test_an_index_may_change_after_it_was_used():
    x, rows = Tensor([1.0, 2.0, 3.0], requires_grad=True), np.array([0, 0])
    y = x[rows]
    rows[:] = 2
    y.sum().backward()
    assert x.grad.tolist() == [2, 0, 0]


@pytest.mark.parametrize("kind", [Tensor, np.array])
def test_the_bounds_of_a_slice_may_count_on_after_it_was_used(kind):
    x, i, y = Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True), kind(0), 0.0
    while i < 4:
        y = y + (x[i : i + 2] * [1.0, 10.0]).sum()
        i += 2
    y.backward()
    assert x.grad.tolist() == [1, 10, 1, 10]


def test_tensors_index_tensors():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x[x > 1.5].sum() + x[Tensor([0, 0])].sum() + x[Tensor(2)]
    y.backward()
    assert x.grad.tolist() == [2, 1, 2]


def test_a_mask_is_written_through():
    x = Tensor([1.0, -2.0, 3.0], requires_grad=True)
    y = x * 2
    y[x < 0] = 0
    y.sum().backward()
    assert y.tolist() == [2, 0, 6]
    assert x.grad.tolist() == [2, 0, 2]


def test_a_number_is_written_as_a_whole():
    x = Tensor(1.0, requires_grad=True)
    with no_grad():
        x[...] = 3
        x[()] += 1
    assert x.item() == 4
    assert x.is_leaf


@pytest.mark.parametrize("index", [3, -4, (0, 0), [5]])
def test_an_index_out_of_range_is_refused(index):
    x = Tensor([1.0, 2.0, 3.0])
    with pytest.raises(IndexError):
        x[index]
    with pytest.raises(IndexError):
        x[index] = 0
    assert x.tolist() == [1, 2, 3]


@pytest.mark.parametrize("values", [np.ones(3), Tensor(np.ones(3), requires_grad=True)], ids=["array", "leaf"])
def test_values_that_do_not_fit_are_refused_with_both_shapes(values):
    x = Tensor(np.zeros((2, 2)))
    with pytest.raises(ShapeError, match=r"\(3,\).*\(2,\)"):
        x[0] = values
    assert x.tolist() == [[0, 0], [0, 0]]


def test_integers_do_not_take_values_with_gradients():
    x = Tensor([1, 2])
    with pytest.raises(DTypeError, match="int64"):
        x[0] = Tensor(1.5, requires_grad=True)
    assert x.tolist() == [1, 2]


@pytest.mark.parametrize("value", ["a", None])
def test_what_is_no_number_is_not_written(value):
    with pytest.raises(DTypeError):
        Tensor([1.0])[0] = value


def test_backward_refuses_a_kept_value_that_was_written_over():
    w = Tensor([1.0, 2.0], requires_grad=True)
    x = Tensor([3.0, 4.0])
    y = (w * x).sum()
    x[0] = 7
    with pytest.raises(GradError, match=r"\(2,\)"):
        y.backward()
