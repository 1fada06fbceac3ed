"""Dtypes follow NumPy: forward those of NumPy's own result, backward those of the leaf."""

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as al
from autograd_lite import Tensor

FLOATS = [np.float16, np.float32, np.float64]
DTYPES = [np.bool_, np.int8, np.uint8, np.int32, np.int64, *FLOATS]
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv]
OPERATORS = [*ARITHMETIC, operator.pow, operator.mod, operator.floordiv, operator.lt, operator.eq]
FUNCTIONS = [np.maximum, np.minimum, np.arctan2, np.hypot, np.logaddexp, np.equal, np.logical_and]

dtypes = st.sampled_from(DTYPES)
arrays = st.builds(lambda dtype, shape: np.ones(shape, dtype), dtypes, st.sampled_from([(), (1,), (2, 2)]))
scalars = st.builds(lambda dtype: dtype(1), dtypes)
python_numbers = st.sampled_from([True, 1, 1.0])


@given(
    st.sampled_from([*OPERATORS, *FUNCTIONS]),
    arrays,
    st.one_of(arrays, scalars, python_numbers),
    st.booleans(),
    st.data(),
)
def test_every_binary_operation_gives_numpys_dtype(op, array, other, tensor_on_the_right, data):
    tensor = Tensor(array)
    if isinstance(other, np.ndarray) and data.draw(st.booleans(), label="both are tensors"):
        ours = Tensor(other)
    else:
        ours = other
    pair, plain = ((ours, tensor), (other, array)) if tensor_on_the_right else ((tensor, ours), (array, other))
    try:
        expected = np.asarray(op(*plain))
    except (TypeError, OverflowError) as error:
        with pytest.raises(type(error)):
            op(*pair)
    else:
        found = op(*pair)
        assert isinstance(found, Tensor)
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)


@given(
    st.sampled_from([*ARITHMETIC, operator.pow, np.maximum, np.arctan2, np.hypot, np.logaddexp]),
    st.sampled_from(FLOATS),
    st.one_of(arrays, scalars, python_numbers),
    st.booleans(),
    st.booleans(),
)
def test_gradients_have_the_dtype_of_their_leaf(op, dtype, other, leaf_on_the_right, create_graph):
    x = Tensor(np.ones((2, 2)), requires_grad=True, dtype=dtype)
    y = op(other, x) if leaf_on_the_right else op(x, other)
    y.sum().backward(create_graph=create_graph)
    assert x.grad.dtype == dtype


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "function",
    [
        lambda x: 2 * x + 1,
        lambda x: (1 - x) / 3.0,
        lambda x: x**2 + 2.0**x + x**0.5,
        lambda x: al.where(x > 0, x, 0.0),
        lambda x: al.clip(x, 0.0, 1.0),
        lambda x: al.maximum(x, 0.5),
        lambda x: al.full_like(x, 2.0) * x,
        lambda x: al.pad(x, 1, constant_values=3.0),
        lambda x: al.softmax(x) + al.log_softmax(x) + al.logsumexp(x),
        lambda x: x.mean(0) + x.var(0) + x.std(0) + x.max(0),
        lambda x: al.norm(x, 3, axis=0) + al.median(x, axis=0),
        lambda x: al.exp2(x) + al.log2(x + 1) + al.log10(x + 1) + al.arcsinh(x) + al.sigmoid(x),
        lambda x: al.prod(x) + al.cumprod(x).sum() + al.cumsum(x).sum(),
    ],
)
def test_python_numbers_widen_nothing_on_the_way_forth_and_back(function, dtype):
    seen = []
    x = Tensor([[0.25, 0.5], [0.75, 1.0]], requires_grad=True, dtype=dtype)
    inner = x * 1
    inner.register_hook(lambda g: seen.append(g.dtype))
    y = function(inner)
    y.sum().backward()
    assert y.dtype == dtype
    assert seen == [dtype]


@pytest.mark.parametrize("choice", [al.relu, al.max, al.min, lambda x: al.maximum(x, 0.5), lambda x: al.clip(x, 0, 1)])
def test_choices_work_in_extended_precision_as_well(choice):
    slopes = []
    for dtype in (np.longdouble, np.float64):
        x = Tensor(np.array([-1.0, 0.25, 0.75, 2.0], dtype), requires_grad=True)
        choice(x).sum().backward()
        assert x.grad.dtype == dtype
        slopes.append(x.grad.tolist())
    assert slopes[0] == slopes[1]


def test_numpy_scalars_are_strong_although_some_are_floats():
    assert (Tensor([1.0], dtype=np.float32) * np.float64(2)).dtype == np.float64
    assert (Tensor([1.0], dtype=np.float32) * 2.0).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.int8, np.bool_])
@pytest.mark.parametrize(
    "function",
    [
        al.sigmoid,
        al.gelu,
        al.softmax,
        al.log_softmax,
        lambda x: al.normalize(x, 1)[0],
        lambda x: al.softmax_cross_entropy(x, [0, 1], [0.25, 0.75]),
    ],
)
def test_the_functions_of_networks_take_whole_numbers_for_doubles(function, dtype):
    x = np.array([[0, 1, 100], [50, 1, 0]]).astype(dtype)
    y = function(x)
    assert y.dtype == np.float64
    np.testing.assert_allclose(y.data, function(x.astype(float)).data, rtol=1e-12)


@pytest.mark.parametrize("dtype", FLOATS)
def test_astype_takes_the_gradient_back_in_the_first_dtype(dtype):
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=dtype)
    y = x.astype(np.float64) * np.array([1.0, 2.0])
    y.sum().backward()
    assert y.dtype == np.float64
    assert x.grad.dtype == dtype
    assert x.grad.tolist() == [1, 2]


def test_astype_to_integers_is_flat():
    assert not Tensor([1.5], requires_grad=True).astype(int).requires_grad


def test_means_of_more_numbers_than_half_precision_can_count():
    x = Tensor(np.ones((2, 40_000)), requires_grad=True, dtype=np.float16)
    x.mean().backward()
    np.testing.assert_allclose(x.grad.data, 1 / 80_000, rtol=0.01)
    y, _, var = al.normalize(x + np.tile([-1, 1], 20_000).astype(np.float16), (0, 1))
    assert y.dtype == np.float16
    assert var.item() == 1
    np.testing.assert_allclose(abs(y.data), 1, rtol=0.01)
    means = al.avg_pool2d(np.ones((1, 1, 260, 260), np.float16), 260)
    assert (means.dtype, means.item()) == (np.float16, 1)


def test_what_is_assigned_gets_its_gradient_in_its_own_dtype():
    v = Tensor([1.0], requires_grad=True)
    buffer = Tensor(np.zeros(1, np.float16))
    buffer[:] = v
    ((v * 1e5).sum() + buffer.sum().astype(np.float64)).backward()
    assert v.grad.tolist() == [100_001]
