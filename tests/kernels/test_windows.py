"""Windows: how many there are, and all of them as rows of a matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.errors import ShapeError
from autograd_lite.kernels.windows import col2im, im2col, output_size

from . import reference
from .strategies import arrays_seed, cases, in_layout, in_memory


@given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 6), st.integers(0, 2), st.integers(1, 3))
def test_output_size_is_the_number_of_places_where_a_window_fits(size, kernel, stride, padding, dilation):
    fits = range(0, size + 2 * padding - dilation * (kernel - 1), stride)
    if fits:
        assert output_size(size, kernel, stride, padding, dilation) == len(fits)
    else:
        with pytest.raises(ShapeError, match=f"does not fit into {size}"):
            output_size(size, kernel, stride, padding, dilation)


@given(st.integers(5, 20), st.integers(1, 5), st.integers(1, 6), st.integers(0, 2))
def test_ceil_mode_adds_the_window_that_hangs_over_if_it_starts_inside(size, kernel, stride, padding):
    padding = min(padding, kernel // 2)
    starts = range(0, size + padding, stride)  # inside the image, or the padding before it
    fitting = [s for s in starts if s + kernel <= size + 2 * padding]
    left_out = fitting[-1] + kernel < size + 2 * padding
    hanging = left_out and len(starts) > len(fitting)
    assert output_size(size, kernel, stride, padding, ceil_mode=True) == len(fitting) + hanging


def test_ceil_mode_lets_a_single_window_hang_over_a_small_image():
    assert output_size(2, 3, 2, ceil_mode=True) == 1
    with pytest.raises(ShapeError):
        output_size(2, 3, 1, ceil_mode=True)


def test_strict_refuses_a_stride_that_leaves_something_out():
    assert output_size(7, 3, 2, strict=True) == 3
    with pytest.raises(ShapeError, match=r"stride of 2 leaves the last 1 of 8 \+ 2 \* 0 out"):
        output_size(8, 3, 2, strict=True)


@pytest.mark.parametrize("wrong", [{"kernel": 0}, {"stride": 0}, {"padding": -1}, {"dilation": 0}])
def test_numbers_that_make_no_sense_are_named(wrong):
    with pytest.raises(ShapeError, match=next(f"{name}={value}" for name, value in wrong.items())):
        output_size(**({"size": 5, "kernel": 3} | wrong))


@given(cases(), in_memory, arrays_seed)
def test_im2col_has_each_window_in_a_row(case, layout, seed):
    x = in_layout(np.random.default_rng(seed).standard_normal(case.shape), layout)
    geometry = (case.kernel, case.stride, case.padding, case.dilation)
    rows = im2col(x, *geometry)
    np.testing.assert_array_equal(rows, reference.im2col(x, *geometry))
    assert rows.flags.c_contiguous


@given(cases(), arrays_seed)
def test_col2im_is_the_adjoint_of_im2col(case, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(case.shape).astype(np.float32)
    geometry = (case.kernel, case.stride, case.padding, case.dilation)
    rows = im2col(x, *geometry)
    u = rng.standard_normal(rows.shape).astype(np.float32)
    back = col2im(u, x.shape, *geometry)
    assert back.shape == x.shape
    assert back.dtype == np.float32
    assert np.vdot(rows.astype(float), u) == pytest.approx(np.vdot(x.astype(float), back), abs=1e-3)


def test_col2im_refuses_rows_of_another_image():
    with pytest.raises(ShapeError, match=r"have windows \(4, 4\), not \(4, 5\)"):
        col2im(np.zeros((4, 5)), (1, 1, 3, 3), (2, 2))
