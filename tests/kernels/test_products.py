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
