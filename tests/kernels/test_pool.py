"""Pooling equals the obvious loops: maxima and means of windows, and their gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.errors import ShapeError
from autograd_lite.kernels import pool

from . import reference
from .strategies import arrays_seed, cases, in_layout, in_memory

dtypes = st.sampled_from([np.float16, np.float32, np.float64])


def images(case, seed, layout, dtype=np.float64):
    """Few different numbers, so that ties are common; some are infinite, some not a number."""
    values = np.random.default_rng(seed).integers(-3, 4, case.shape).astype(dtype)
    values[values == -3] = -np.inf
    values[values == 3] = np.nan
    return in_layout(values, layout)


def scatter(g, x, where):
    dx = np.zeros(x.shape)
    n, c = np.indices(g.shape)[:2]
    np.add.at(dx, (n, c, where[..., 0], where[..., 1]), g)
    return dx


@given(cases(), st.booleans(), st.tuples(in_memory, in_memory), dtypes, arrays_seed)
def test_max_pooling_takes_the_first_maximum_of_each_window(case, ceil_mode, layouts, dtype, seed):
    x = images(case, seed, layouts[0], dtype)
    geometry = (case.kernel, case.stride, case.padding)
    expected, where = reference.max_pool2d(x, *geometry, case.dilation, ceil_mode)
    y = pool.max_pool2d(x, *geometry, ceil_mode, case.dilation)
    np.testing.assert_array_equal(y, expected)
    assert y.dtype == dtype

    g = in_layout(np.random.default_rng(seed).integers(-9, 9, y.shape).astype(dtype), layouts[1])
    dx = pool.max_pool2d_scatter(g, x, y, *geometry, ceil_mode, case.dilation)
    np.testing.assert_array_equal(dx, scatter(g, x, where))
    assert dx.dtype == dtype

    v = np.random.default_rng(seed).standard_normal(x.shape).astype(dtype)
    n, c = np.indices(y.shape)[:2]
    u = pool.max_pool2d_gather(v, x, y, *geometry, ceil_mode, case.dilation)
    np.testing.assert_array_equal(u, v[n, c, where[..., 0], where[..., 1]])
    assert u.dtype == dtype


def test_what_is_not_finite_reaches_the_maximum_alone():
    x = np.array([[[[1.0, 2.0], [3.0, 0.0]]]])
    y = pool.max_pool2d(x, (2, 2), (2, 2))
    for value in (np.nan, np.inf, -np.inf):
        dx = pool.max_pool2d_scatter(np.full_like(y, value), x, y, (2, 2), (2, 2))
        np.testing.assert_array_equal(dx, [[[[0, 0], [value, 0]]]])
        v = np.array([[[[value, value], [5.0, value]]]])
        assert pool.max_pool2d_gather(v, x, y, (2, 2), (2, 2)).item() == 5


def test_whole_numbers_have_maxima_and_means_too():
    x = np.array([[[[-7, -5], [-6, -8]]]])
    assert pool.max_pool2d(x, (3, 3), (1, 1), (1, 1))[0, 0].tolist() == [[-5, -5], [-5, -5]]
    assert pool.avg_pool2d(x, (2, 2), (1, 1)).item() == -6.5


@given(
    cases(dilations=st.just((1, 1))), st.booleans(), st.booleans(), st.tuples(in_memory, in_memory), dtypes, arrays_seed
)
def test_average_pooling_and_its_gradient_equal_the_loops(case, ceil_mode, include, layouts, dtype, seed):
    rng = np.random.default_rng(seed)
    x = in_layout(rng.standard_normal(case.shape).astype(dtype), layouts[0])
    geometry = (case.kernel, case.stride, case.padding, ceil_mode, include)
    tolerance = {np.float16: 1e-2, np.float32: 1e-5, np.float64: 1e-12}[dtype]
    y = pool.avg_pool2d(x, *geometry)
    np.testing.assert_allclose(y, reference.avg_pool2d(x.astype(float), *geometry), atol=tolerance)
    assert y.dtype == dtype

    g = in_layout(rng.standard_normal(y.shape).astype(dtype), layouts[1])
    dx = pool.avg_pool2d_gradient(g, x.shape, *geometry)
    assert dx.dtype == dtype
    assert dx.shape == x.shape
    for unit in np.ndindex(*x.shape[2:]):  # the gradient is the adjoint, so each of its elements is a product
        one = np.zeros((1, 1, *x.shape[2:]))
        one[(0, 0, *unit)] = 1
        expected = (g * reference.avg_pool2d(one, *geometry)).sum(axis=(2, 3), dtype=float)
        np.testing.assert_allclose(dx[(..., *unit)], expected, atol=8 * tolerance)


def test_the_mean_of_equal_numbers_is_that_number():
    assert pool.avg_pool2d(np.ones((1, 1, 7, 7)), (7, 7), (7, 7)).item() == 1  # 49 * (1 / 49) would not be


def test_windows_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="window of 4 does not fit"):
        pool.max_pool2d(np.zeros((1, 1, 3, 3)), (4, 4), (1, 1))
    with pytest.raises(ShapeError, match="window of 4 does not fit"):
        pool.avg_pool2d(np.zeros((1, 1, 3, 3)), (4, 4), (1, 1))
