"""Softmax kernels equal the formula, along any axis, few classes or many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.kernels.softmax import SHORT, log_softmax, softmax

SHAPES = st.lists(st.sampled_from([1, 2, 3, SHORT, SHORT + 1]), min_size=1, max_size=3).map(tuple)


@given(SHAPES, st.data(), st.sampled_from([np.float32, np.float64, np.int64]))
def test_softmax_and_its_logarithm_equal_the_formula(shape, data, dtype):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    a = (10 * np.random.default_rng(len(shape)).standard_normal(shape)).astype(dtype)
    before = a.copy()
    p = np.exp(a.astype(np.float64))
    p /= p.sum(axis=axis, keepdims=True)
    rtol = 1e-12 if dtype != np.float32 else 2e-5
    np.testing.assert_allclose(softmax(a, axis), p, rtol=rtol)
    np.testing.assert_allclose(log_softmax(a, axis), np.log(p), rtol=rtol, atol=rtol)
    assert softmax(a, axis).dtype == (np.float64 if dtype == np.int64 else dtype)
    np.testing.assert_array_equal(a, before)


@pytest.mark.parametrize("n", [3, SHORT + 1])
def test_large_inputs_do_not_overflow(n):
    a = np.full((2, n), 1e4)
    a[:, 0] += 1e4
    np.testing.assert_allclose(softmax(a, -1)[:, 0], 1)
    assert np.isfinite(log_softmax(a, -1)).all()


@pytest.mark.parametrize("below", [5.0, 12.0, 15.0, 80.0, 1e4])
def test_a_row_far_below_the_others_is_as_exact_as_they_are(below):
    a = np.random.default_rng(0).standard_normal((3, SHORT + 1)).astype(np.float32)
    a[1] -= np.float32(below)
    p = np.exp(a.astype(np.float64))
    p[1] = np.exp(a[1].astype(np.float64) + below)
    np.testing.assert_allclose(softmax(a, -1), p / p.sum(-1, keepdims=True), rtol=3e-6)


def test_what_is_masked_has_no_share_and_a_row_with_nothing_else_is_nan():
    a = np.zeros((2, SHORT + 1))
    a[0, 1:], a[1] = -np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        y = softmax(a, -1)
    np.testing.assert_array_equal(y[0], [1] + [0] * SHORT)
    assert np.isnan(y[1]).all()
