"""The rectifier and its gradient equal their formulas, in every size, dtype and memory layout."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.kernels import rectify, threads

from .strategies import arrays_seed, in_layout, in_memory

shapes = st.tuples(*[st.integers(0, 4)] * 4)
dtypes = st.sampled_from([np.float16, np.float32, np.float64])


@given(shapes, dtypes, st.tuples(in_memory, in_memory), arrays_seed)
def test_parts_are_rectified_as_the_whole_is(shape, dtype, layouts, seed):
    rng = np.random.default_rng(seed)
    x, g = (rng.integers(-3, 4, shape).astype(dtype) for _ in range(2))
    x[x == 3], g[g == 3] = np.nan, np.inf
    x, g = in_layout(x, layouts[0]), in_layout(g, layouts[1])
    with mock.patch.object(rectify, "PART", 5):
        rectify._zeros.cache_clear()
        y = rectify.relu(x)
        dx = rectify.relu_gradient(g, y)
        rectify._zeros.cache_clear()
        np.testing.assert_array_equal(y, np.where(np.isnan(x), x, np.where(x > 0, x, 0)))
        np.testing.assert_array_equal(dx, np.where(y > 0, g, 0))
    assert y.dtype == dx.dtype == dtype


def test_threads_change_nothing():
    x = np.random.default_rng(0).standard_normal((3, rectify.PART)).astype(np.float32)
    with threads.threads(None):
        expected = rectify.relu(x), rectify.relu_gradient(x, rectify.relu(x))
        threads.set_threads(2)
        np.testing.assert_array_equal(rectify.relu(x), expected[0])
        np.testing.assert_array_equal(rectify.relu_gradient(x, expected[0]), expected[1])


@pytest.mark.parametrize("x", [np.float32(-2), np.array(-2), np.array([True, False]), np.zeros(0)])
def test_numbers_and_small_arrays_keep_numpys_dtype(x):
    assert rectify.relu(x).dtype == np.maximum(x, 0).dtype
