"""Products of matrices are NumPy's, whoever computes them."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.kernels import products, threads

from .strategies import arrays_seed

sizes = st.integers(0, 9)


@pytest.fixture(scope="module", autouse=True)
def _two_threads_share_every_product():
    with threads.threads(2), mock.patch.object(products, "LEAST", 0):
        yield


@given(sizes, sizes, sizes, st.sampled_from([np.float32, np.float64, np.int64]), st.booleans(), arrays_seed)
def test_products_cut_along_any_axis_equal_the_whole(m, k, n, dtype, turned, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(-9, 9, (m, k)).astype(dtype), rng.integers(-9, 9, (k, n)).astype(dtype)
    if turned:
        a, b = a.T.copy().T, b.T.copy().T
    y = products.matmul(a, b)
    np.testing.assert_array_equal(y, a @ b)
    assert y.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m", [1, 2, 64, 65])
def test_few_rows_times_a_matrix_that_lies_the_other_way_round(m, dtype):
    rng = np.random.default_rng(m)
    a, b = rng.integers(-9, 9, (m, 600)).astype(dtype), rng.integers(-9, 9, (900, 600)).astype(dtype).T
    y = products.matmul(a, b)
    np.testing.assert_array_equal(y, a @ b)
    assert y.dtype == dtype
    assert y.flags.c_contiguous


def test_stacks_vectors_and_mixed_dtypes_are_left_to_numpy():
    for a, b in [((2, 3, 4), (4, 5)), ((3,), (3, 2)), ((2, 3), (3,))]:
        np.testing.assert_array_equal(products.matmul(np.ones(a), np.ones(b)), np.ones(a) @ np.ones(b))
    assert products.matmul(np.ones((2, 3), np.float32), np.ones((3, 2))).dtype == np.float64


@pytest.mark.parametrize(("a", "b", "message"), [((2, 3), (4, 5), "not aligned"), ((200, 3), (4, 200), "mismatch")])
def test_shapes_that_do_not_fit_are_refused_by_numpy(a, b, message):
    with pytest.raises(ValueError, match=message):
        products.matmul(np.ones(a), np.ones(b))


@given(
    st.sampled_from([(), (2,), (2, 1)]), st.integers(0, 30), sizes, sizes, st.sampled_from([1, 20, 200]), arrays_seed
)
def test_products_of_some_rows_each_are_the_whole_and_their_sums_too(stack, m, k, n, free, seed):
    rng = np.random.default_rng(seed)
    a = rng.integers(-9, 9, (k, *stack, m)).astype(np.float32)
    a = np.moveaxis(a, 0, -1)  # as convolutions have it: stacks that are views
    b = rng.integers(-9, 9, (*stack, k, n)).astype(np.float32)
    g = rng.integers(-9, 9, (*stack, m, n)).astype(np.float32)
    y = np.full((*stack, m, n), np.nan, np.float32)
    with mock.patch.multiple(products, FREE=free, THIN=1, SHORT=1):
        products.by_rows(a, b, y)
        sums = products.over_rows(a, g)
    np.testing.assert_array_equal(y, a @ b)
    np.testing.assert_array_equal(sums, a.swapaxes(-1, -2) @ g)


def test_large_products_are_cut_only_while_blas_has_one_thread():
    a, b, y = np.ones((400, 50), np.float32), np.ones((50, 100), np.float32), np.empty((400, 100), np.float32)
    with mock.patch.object(products.np, "matmul", wraps=np.matmul) as matmul:
        products.by_rows(a, b, y)
        assert matmul.call_args.args[0].shape == (2, 200, 50)
        with threads.threads(None):
            products.by_rows(a, b, y)
        assert matmul.call_args.args[0].shape == (1, 400, 50)
