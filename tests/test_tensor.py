"""What a tensor is to its user: an array in NumPy's world, with copies, prints and comparisons like one."""

import copy
import operator
import pickle

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite import Tensor, no_grad
from autograd_lite.errors import DTypeError, GradError, RuleError, ShapeError


def leaf(values, dtype=None):
    return Tensor(values, requires_grad=True, dtype=dtype)


# -- Making tensors ---------------------------------------------------------------------------------------------------


def test_a_tensor_does_not_follow_the_array_it_was_made_from():
    array = np.ones(3)
    x = Tensor(array)
    array[0] = 7
    assert x.tolist() == [1, 1, 1]


def test_a_tensor_shares_memory_when_asked_to():
    array = np.ones(3)
    x = Tensor(array, copy=False)
    array[0] = 7
    assert x.tolist() == [7, 1, 1]


@pytest.mark.parametrize("data", [["a", "b"], None, [{}], np.array(["2020-01-01"], "datetime64[D]")])
def test_data_that_are_no_numbers_are_refused(data):
    with pytest.raises(DTypeError, match="numbers"):
        Tensor(data)


@pytest.mark.parametrize("dtype", [bool, np.int64, np.complex128])
def test_only_floating_point_tensors_can_require_gradients(dtype):
    with pytest.raises(DTypeError, match="floating point"):
        Tensor([1], requires_grad=True, dtype=dtype)


def test_a_tensor_of_tensors_without_gradients_is_their_array():
    assert Tensor([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).tolist() == [[1, 2], [3, 4]]


# -- Facts and conversions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (3,), (2, 0, 3)])
def test_facts_are_those_of_the_array(shape):
    array = np.zeros(shape, np.float32)
    x = Tensor(array)
    assert (x.shape, x.ndim, x.size, x.nbytes, x.dtype) == (
        array.shape,
        array.ndim,
        array.size,
        array.nbytes,
        array.dtype,
    )
    assert (np.shape(x), np.ndim(x), np.size(x)) == (x.shape, x.ndim, x.size)


@pytest.mark.parametrize("of", [Tensor.numpy, lambda x: x.data], ids=["numpy", "data"])
def test_values_are_handed_out_read_only_without_a_copy(of):
    x = leaf([1.0, 2.0])
    values = of(x)
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 7
    with no_grad():
        x += 1
    assert values.tolist() == [2, 3]


def test_setting_data_writes_into_the_same_memory():
    x = leaf([1.0, 2.0])
    before = x.numpy()
    x.data = [3, 4]
    assert before.tolist() == [3, 4]
    assert x.requires_grad


def test_data_of_another_shape_cannot_be_set():
    x = leaf([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        x.data = [1, 2, 3]
    assert x.tolist() == [1, 2]


def test_one_element_converts_to_python_numbers():
    x = Tensor([[2.5]])
    assert (x.item(), float(x), int(x), f"{x:.2f}", round(x).item()) == (2.5, 2.5, 2, "2.50", 2)
    assert type(x.item()) is float


@pytest.mark.parametrize("convert", [Tensor.item, float, int])
def test_many_elements_do_not_convert_to_one_number(convert):
    with pytest.raises(ShapeError, match=r"\(2,\)"):
        convert(Tensor([1.0, 2.0]))


def test_integers_serve_as_indices_and_floats_do_not():
    assert "abc"[Tensor(1)] == "b"
    with pytest.raises(TypeError):
        operator.index(Tensor(1.0))


def test_truth_is_that_of_the_one_element():
    assert Tensor([1.0])
    assert not Tensor(0.0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Tensor([1.0, 2.0]))


def test_length_and_iteration_go_along_the_first_axis():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    first, second = x
    assert len(x) == 2
    (first * 10 + second).sum().backward()
    assert x.grad.tolist() == [[10, 10], [1, 1]]


@pytest.mark.parametrize("use", [len, iter])
def test_a_number_has_no_length_and_does_not_iterate(use):
    with pytest.raises(TypeError, match="0-d"):
        use(Tensor(1.0))


def test_membership_compares_values_with_numbers_only():
    x = Tensor([1.0, 2.0])
    assert 2 in x
    assert 3 not in x
    assert "a" not in x


# -- Comparison and identity ------------------------------------------------------------------------------------------

COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("other", [2.0, [1, 2, 3], np.array([3.0, 2.0, 1.0]), np.float32(2)], ids=repr)
def test_comparison_gives_booleans_without_a_graph_from_both_sides(compare, other):
    x, array = leaf([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])
    for found, expected in [(compare(x, other), compare(array, other)), (compare(other, x), compare(other, array))]:
        assert found.tolist() == expected.tolist()
        assert not found.requires_grad


def test_tensors_equal_nothing_that_is_no_number_and_can_be_keys():
    x = Tensor([1.0])
    assert (x == None) is False  # noqa: E711
    assert (x == "a") is False
    assert {x: "x"}[x] == "x"


def test_masks_combine_bit_by_bit():
    x = Tensor([1.0, 2.0, 3.0])
    assert ((x > 1) & (x < 3)).tolist() == [False, True, False]
    assert ((x < 2) | (x > 2)).tolist() == [True, False, True]
    assert (~(x > 1) ^ True).tolist() == [False, True, True]


# -- Prints -----------------------------------------------------------------------------------------------------------


def test_repr_says_what_the_values_dtype_and_origin_are():
    x = leaf([1.0, 2.0], np.float32)
    assert repr(x) == "Tensor([1., 2.], dtype=float32, requires_grad=True)"
    assert repr(x.sum()) == "Tensor(3., dtype=float32, computed by Sum)"
    assert repr(Tensor([[1, 2], [3, 4]])) == "Tensor([[1, 2],\n        [3, 4]])"
    assert str(Tensor(True)) == f"{Tensor(True)}" == "Tensor(True)"


# -- Copies -----------------------------------------------------------------------------------------------------------

COPIES = [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]


@pytest.mark.parametrize("duplicate", COPIES, ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize("values", [2.0, [1.0, 2.0]], ids=["0-d", "1-d"])
def test_a_copied_leaf_is_a_leaf_of_its_own(duplicate, values):
    x = Tensor(values, requires_grad=True, dtype=np.float32, name="weights")
    (x * x).sum().backward()
    y = duplicate(x)
    assert (y.tolist(), y.dtype, y.requires_grad, y.is_leaf, y.name, y.grad) == (
        x.tolist(),
        x.dtype,
        True,
        True,
        "weights",
        None,
    )
    with no_grad():
        y += 1
    assert x.tolist() == np.array(values).tolist()


@pytest.mark.parametrize("duplicate", COPIES, ids=["copy", "deepcopy", "pickle"])
def test_a_computed_tensor_cannot_be_copied_without_its_graph(duplicate):
    with pytest.raises(GradError, match="detach"):
        duplicate(leaf([1.0]) * 2)


def test_copy_is_recorded_and_has_memory_of_its_own():
    x = leaf([1.0, 2.0])
    y = x.copy()
    with no_grad():
        x += 1
    (y * 3).sum().backward()
    assert y.tolist() == [1, 2]
    assert x.grad.tolist() == [3, 3]


def test_detach_shares_memory_and_leaves_the_graph():
    x = leaf([1.0, 2.0])
    y = x.detach()
    with no_grad():
        x += 1
    assert y.tolist() == [2, 3]
    assert not y.requires_grad


# -- Updates in place -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [2.0, [1.0, 2.0]], ids=["0-d", "1-d"])
def test_a_leaf_is_updated_in_place_under_no_grad(values):
    x = leaf(values)
    same = x
    with no_grad():
        x += 1
        x -= np.float64(0.5)
        x *= 4
        x /= 2
    assert x is same
    assert x.is_leaf
    assert x.requires_grad
    np.testing.assert_allclose(x.numpy(), (np.array(values) + 0.5) * 2)


@pytest.mark.parametrize(
    ("update", "values", "other"),
    [
        (operator.ipow, [1.0, 3.0], 2),
        (operator.imod, [1.0, 3.5], 2),
        (operator.ifloordiv, [1.0, 3.5], 2),
        (operator.iand, [True, False], [True, True]),
        (operator.ior, [True, False], [True, True]),
        (operator.ixor, [5, 6], 3),
    ],
)
def test_every_sign_that_numpy_updates_with_updates_the_same_tensor(update, values, other):
    x, array = Tensor(values), np.array(values)
    same, view = x, x.reshape(-1)
    x = update(x, other)
    assert x is same
    assert view.tolist() == x.tolist() == update(array, other).tolist()


def test_a_leaf_that_requires_a_gradient_is_not_updated_while_recording():
    x = leaf([1.0, 2.0])
    with pytest.raises(GradError, match="no_grad"):
        x += 1
    with pytest.raises(GradError, match="no_grad"):
        x **= 2
    with pytest.raises(GradError, match="no_grad"):
        x[0] = 1
    assert x.tolist() == [1, 2]


def test_recorded_updates_are_differentiated():
    x = leaf([1.0, 2.0])
    y = x * 1
    y *= x
    y += 1
    y -= x
    y /= 2
    y.sum().backward()
    np.testing.assert_allclose(y.numpy(), (x.numpy() ** 2 + 1 - x.numpy()) / 2)
    np.testing.assert_allclose(x.grad.numpy(), (2 * x.numpy() - 1) / 2)
    x.grad = None
    y = x * 1
    same = y
    y **= 2
    y %= 3.5
    same.sum().backward()
    np.testing.assert_allclose(same.numpy(), x.numpy() ** 2 % 3.5)
    np.testing.assert_allclose(x.grad.numpy(), 2 * x.numpy())


def test_what_an_update_refuses_for_other_reasons_than_shape_and_dtype_is_told_as_it_is():
    x = Tensor([1, 2])
    with pytest.raises(ValueError, match="negative integer powers"):
        x **= -1
    y = Tensor([1.0])
    with pytest.raises(TypeError, match="bitwise_and"):
        y &= y


def test_a_plain_tensor_becomes_part_of_the_graph_by_an_update():
    total, x = Tensor(0.0), leaf([1.0, 2.0])
    for part in x:
        total += part * part
    total.backward()
    assert x.grad.tolist() == [2, 4]


@pytest.mark.parametrize("values", [1, [1, 2]], ids=["0-d", "1-d"])
def test_an_update_never_changes_the_dtype_or_loses_digits(values):
    x = Tensor(values)
    with pytest.raises(DTypeError, match="int64"):
        x += 0.5
    with pytest.raises(DTypeError, match="int64"):
        x += leaf(0.5)
    y = Tensor(values, dtype=np.float32)
    y += np.float64(1)
    assert x.tolist() == values
    assert y.dtype == np.float32


@pytest.mark.parametrize("values", [1.0, [1.0, 2.0]], ids=["0-d", "1-d"])
@pytest.mark.parametrize("other", [np.ones((3, 2)), leaf(np.ones((3, 2)))], ids=["array", "leaf"])
def test_an_update_never_changes_the_shape(values, other):
    x = Tensor(values)
    with pytest.raises(ShapeError, match=r"\(3, 2\)"):
        x += other
    assert x.tolist() == values


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.prod(x, axis=0),
        lambda x: np.prod(x, axis=()),
        lambda x: np.cumprod(x, axis=0),
        lambda x: np.tile(x, 1),
        lambda x: np.tile(x[:, :1], (1, 3)),
        lambda x: np.pad(x, 0),
        lambda x: np.pad(x, 0, mode="edge"),
    ],
)
def test_results_that_numpy_computes_are_updated_in_memory_of_their_own_also_where_nothing_was_to_do(function):
    x = Tensor([[2.0, 3.0, 5.0]])
    y = function(x)
    expected = y.numpy() + 1
    y += 1
    np.testing.assert_array_equal(y.numpy(), expected)
    assert x.tolist() == [[2, 3, 5]]


def test_borrowed_memory_is_not_written_to():
    y = al.broadcast_to([1.0, 2.0], (2, 2))
    with pytest.raises(GradError, match="copy"):
        y += 1
    with pytest.raises(GradError, match="copy"):
        y[0] = 1


def test_a_gradient_hook_cannot_write_into_the_gradient():
    x = leaf([1.0, 2.0])

    def double(g):
        g *= 2

    x.register_hook(double)
    with pytest.raises(GradError, match="copy"):
        (x + x).sum().backward()


# -- NumPy's protocols ------------------------------------------------------------------------------------------------


def test_numpy_functions_on_tensors_are_recorded():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = np.concatenate([np.exp(x), np.ones((1, 2)), np.where(x > 2, x, 0)]).sum()
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp(x.numpy()) + (x.numpy() > 2))


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
@pytest.mark.parametrize("other", [np.array([2.0, 3.0]), np.float64(2), 2, [2.0, 3.0]], ids=repr)
def test_operators_record_with_a_tensor_on_either_side(op, other):
    x, array = leaf([1.5, 2.5]), np.array([1.5, 2.5])
    for found, expected in [(op(x, other), op(array, other)), (op(other, x), op(other, array))]:
        assert isinstance(found, Tensor)
        assert found.requires_grad
        np.testing.assert_allclose(found.numpy(), expected)


def test_an_array_times_a_tensor_is_a_matrix_product():
    x = leaf([1.0, 2.0])
    y = np.array([[3.0, 4.0]]) @ x
    y.sum().backward()
    assert y.tolist() == [11]
    assert x.grad.tolist() == [3, 4]


@pytest.mark.parametrize("take_away", [np.asarray, np.array, lambda x: np.array([x, x]), lambda x: list(np.nditer(x))])
def test_nothing_turns_a_recorded_tensor_into_an_array_unseen(take_away):
    with pytest.raises(GradError, match=r"numpy\(\)"):
        take_away(leaf([1.0, 2.0]))


def test_a_recorded_tensor_cannot_be_written_into_an_array():
    array = np.zeros(2)
    with pytest.raises(GradError, match=r"numpy\(\)"):
        array[:] = leaf([1.0, 2.0])
    assert array.tolist() == [0, 0]


def test_tensors_without_a_gradient_convert_to_arrays():
    x = Tensor([1.0, 2.0])
    array = np.array(x, dtype=np.float32)
    array[0] = 7
    assert array.dtype == np.float32
    assert x.tolist() == [1, 2]
    with no_grad():
        assert np.asarray(leaf([3.0])).tolist() == [3]
    np.testing.assert_allclose(x, [1.0, 2.0])


def test_an_array_is_not_updated_in_place_by_a_tensor():
    array = np.ones(2)
    with pytest.raises(RuleError, match="out"):
        array += leaf([1.0, 2.0])
    assert array.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x: np.linalg.inv(x), "np.linalg.inv has no rule.*np.linalg.norm"),
        (lambda x: np.nanmean(x), "np.nanmean has no rule.*np.mean"),
        (lambda x: np.logaddexp2(x, x), "np.logaddexp2 has no rule.*np.logaddexp"),
        (lambda x: np.add.reduce(x), "np.add.reduce has no rule"),
        (lambda x: np.add.at(x, 0, 1), "np.add.at has no rule"),
        (lambda x: np.exp(x, out=np.ones((2, 2))), "np.exp cannot write"),
        (lambda x: np.sum(x, dtype=np.float32), "np.sum.*dtype"),
        (lambda x: np.add(x, 1, where=[True]), "np.add.*where"),
    ],
)
def test_what_has_no_rule_is_refused_and_the_nearest_named(call, said):
    with pytest.raises(RuleError, match=said):
        call(leaf(np.eye(2)))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.pad(x, 1.5),
        lambda x: np.pad(x, [(0, 0), (0.5, 1)], mode="edge"),
        lambda x: np.tile(x, (1, 2.5)),
        lambda x: np.broadcast_to(x, (1.5, 2, 3)),
    ],
)
def test_fractions_are_no_lengths(call):
    for x in (np.ones((2, 3)), Tensor(np.ones((2, 3)))):
        with pytest.raises(TypeError):
            call(x)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x: x + np.ones(4), r"Add .*\(2, 3\) and \(4,\)"),
        (lambda x: np.ones(4) * x, r"Mul .*\(4,\) and \(2, 3\)"),
        (lambda x: x < np.ones(4), r"less .*\(2, 3\) and \(4,\)"),
        (lambda x: x @ x, r"\(2, 3\) and \(2, 3\)"),
        (lambda x: x.sum(2), "axis 2 .* 2 dimensions"),
        (lambda x: x.mean((0, -2)), "twice"),
        (lambda x: x.reshape(4, -1), r"\(2, 3\).*\(4, -1\)"),
        (lambda x: x.transpose(0), "2 axes"),
        (lambda x: x.squeeze(0), "length 2"),
        (lambda x: x[:0].max(0), r"max .*\(0, 3\)"),
        (lambda x: x.repeat([1, 2, 3], 0), "2 elements"),
    ],
)
def test_shapes_that_do_not_fit_are_named(call, said):
    with pytest.raises(ShapeError, match=said):
        call(leaf(np.ones((2, 3))))


@pytest.mark.parametrize("other", [np.array(["a"]), np.array([None]), [object()]], ids=["text", "none", "object"])
def test_tensors_do_not_compute_with_arrays_of_anything_but_numbers(other):
    with pytest.raises(DTypeError, match="numbers"):
        leaf([1.0]) * other


@pytest.mark.parametrize("other", [{1.0}, None, object()])
def test_tensors_do_not_compute_with_other_objects(other):
    for op in (operator.add, operator.sub, operator.mul, operator.truediv, operator.iadd, operator.mod):
        with pytest.raises(TypeError, match="Tensor"):
            op(Tensor([1.0]), other)


def test_pytorchs_names_for_shapes_work_too():
    x = Tensor(np.arange(24.0).reshape(2, 3, 4), requires_grad=True)
    assert x.view(2, -1).shape == (2, 12)
    assert x.permute(2, 0, 1).shape == (4, 2, 3)
    assert x.flatten(1).shape == (2, 12)
    assert x.flatten(0, 1).shape == (6, 4)
    assert x.flatten().shape == (24,)
    assert x.unsqueeze(1).shape == (2, 1, 3, 4)
    assert x.unsqueeze(-1).shape == (2, 3, 4, 1)
    with pytest.raises(ShapeError, match="cannot flatten axes 2 to 1"):
        x.flatten(2, 1)
    x.flatten(1).sum().backward()
    assert x.grad.shape == x.shape


def test_numpys_ways_to_choose_and_to_cut():
    x = Tensor([1.0, 2.0, 3.0, 4.0])
    assert np.take(x, [True, False]).tolist() == np.take(x.data, [True, False]).tolist()
    assert [part.tolist() for part in np.split(x, np.int64(2))] == [[1, 2], [3, 4]]
    assert (x.reshape(2, 2) * x.data.reshape(2, 2).view(np.matrix)).tolist() == [[1, 4], [9, 16]]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.transpose(x, np.argsort([2, 0, 1])),
        lambda x: x.transpose(np.array([1, 0, 2])),
        lambda x: x.transpose(range(3)),
        lambda x: np.reshape(x, np.array([4, -1])),
        lambda x: x.reshape(np.array([3, 8])),
        lambda x: np.roll(x, 1, np.int64(1)),
        lambda x: np.tensordot(x, np.ones((4, 2)), np.int64(1)),
    ],
)
def test_axes_and_shapes_are_given_in_all_of_numpys_ways(function):
    array = np.arange(24.0).reshape(2, 3, 4)
    x = Tensor(array, requires_grad=True)
    y = function(x)
    np.testing.assert_array_equal(y.numpy(), function(array), strict=True)
    y.sum().backward()
    assert x.grad.shape == x.shape


def test_one_no_grad_serves_for_several_blocks():
    silence, x = no_grad(), leaf([1.0])
    for _ in range(2):
        with silence, silence:
            assert not (x * 2).requires_grad
        assert (x * 2).requires_grad
