"""Sums by BLAS equal NumPy's, in every layout and along all axes."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.kernels import sums


@st.composite
def arrays(draw):
    ndim = draw(st.integers(1, 4))
    shape = draw(st.permutations([30, 31, 3, 1, 5][:ndim] + [17] * (ndim < 3)))
    layout = draw(st.permutations(range(len(shape))))
    dtype = draw(st.sampled_from(["f", "d", "e", "i", "?"]))
    step = draw(st.sampled_from([1, 1, 2, -1]))
    a = np.arange(np.prod(shape) * abs(step), dtype="f8").reshape(*shape[:-1], -1)[..., ::step] % 7
    return a.astype(dtype).transpose(layout).copy("K" if draw(st.booleans()) else "C")


@given(arrays(), st.data(), st.booleans())
@pytest.mark.parametrize("way", ["total", "mean"])
def test_sums_and_means_equal_those_of_numpy(way, a, data, keepdims):
    axis = data.draw(
        st.sampled_from(
            [None, *(c for n in range(a.ndim + 1) for c in itertools.combinations(range(-1, a.ndim - 1), n))]
        )
    )
    expected = (np.sum if way == "total" else np.mean)(a, axis=axis, keepdims=keepdims)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "SMALL", 0)
        y = getattr(sums, way)(a, axis, keepdims)
    assert (np.shape(y), np.asarray(y).dtype) == (np.shape(expected), np.asarray(expected).dtype)
    np.testing.assert_allclose(y, expected, rtol=1e-3 if a.dtype == np.float16 else 1e-6)


@given(arrays(), st.data())
def test_inner_products_are_sums_of_products_down_to_a_shape(a, data):
    a = a.astype("f") if a.dtype in (np.float16, bool) else a  # sums of those would overflow
    b = (a + 1).astype(a.dtype) if data.draw(st.booleans()) else np.ones(a.shape, a.dtype)
    if data.draw(st.booleans()):  # then it is broadcast
        b = b[tuple(slice(data.draw(st.sampled_from([1, None]))) for _ in a.shape)]
        b = b.reshape(b.shape[next((i for i, n in enumerate(b.shape) if n > 1), 0) :])
    ones = data.draw(st.lists(st.booleans(), min_size=a.ndim, max_size=a.ndim))
    shape = tuple(1 if one else n for one, n in zip(ones, a.shape, strict=True))
    shape = shape[data.draw(st.integers(0, a.ndim)) :]
    axes = tuple(range(a.ndim - len(shape)))
    expected = np.multiply(a, b, dtype="f8").sum(axes)
    expected = expected.sum(tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "SMALL", 0)
        y = sums.inner(a, b, shape)
    assert np.shape(y) == shape
    np.testing.assert_allclose(np.asarray(y, "f8"), expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(30,), (20, 1)])
@pytest.mark.parametrize("factor", [(20, 30), (30,), (20, 1), (1, 1), ()])
def test_inner_products_with_what_is_repeated_along_some_axes_or_all(factor, shape, dtype):
    a = (np.arange(600) % 7).reshape(20, 30).astype(dtype)
    b = (np.arange(math.prod(factor)) % 5).reshape(factor).astype(dtype) if factor else 3.0
    y = sums.inner(a, b, shape)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, (a * b).sum(0) if shape == (30,) else (a * b).sum(1, keepdims=True))


@pytest.mark.parametrize("layout", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("axis", [0, 2, (0, 1), (1, 2), (0, 2), (-3,)])
def test_large_arrays_in_any_layout(layout, axis):
    a = (np.arange(40.0 * 30 * 20) % 11).reshape(40, 30, 20).transpose(layout)
    np.testing.assert_array_equal(sums.total(a, axis), a.sum(axis))
    np.testing.assert_array_equal(sums.total(a, axis, True), a.sum(axis, keepdims=True))


def test_infinities_and_nans_stay_in_their_column():
    a = np.ones((200, 100))
    a[3, 5], a[4, 6] = np.inf, np.nan
    y = sums.total(a, 0)
    assert np.isinf(y[5])
    assert np.isnan(y[6])
    assert np.isfinite(np.delete(y, [5, 6])).all()
