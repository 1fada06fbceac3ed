"""Convolution and its two gradients equal the obvious loops, for every geometry, dtype and memory layout."""

import tracemalloc
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.errors import ShapeError
from autograd_lite.kernels import conv, depthwise, scratch, threads

from . import reference
from .strategies import Case, arrays_seed, cases, few, in_layout, in_memory, pairs

TOLERANCE = {np.float16: 1e-2, np.float32: 1e-5, np.float64: 1e-12}


def close(actual, expected, tolerance):
    """Equal up to rounding, which grows with the largest number that was summed."""
    scale = np.abs(expected).max(initial=1.0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


@st.composite
def convolutions(draw, channels=few, per_filter=few, **windows):
    """A case, its groups, the shape of its filters, and a generator of numbers."""
    case, groups = draw(cases(channels, **windows)), draw(st.integers(1, 3))
    filters = (groups * draw(per_filter), case.c, *case.kernel)
    shape = (case.n, case.c * groups, *case.size)
    return case, groups, shape, filters, np.random.default_rng(draw(arrays_seed))


@st.composite
def narrow_groups(draw):
    """A case with many groups, in each of which few channels meet few filters."""
    seen, given = draw(st.sampled_from([(1, 1), (1, 2), (1, 4), (2, 1), (2, 2), (3, 1), (4, 1)]))
    case, groups = draw(cases(st.just(seen), kernels=pairs(1, 4), dilations=pairs(1, 3))), draw(st.integers(2, 9))
    filters, shape = (groups * given, seen, *case.kernel), (case.n, groups * seen, *case.size)
    return case, groups, shape, filters, np.random.default_rng(draw(arrays_seed))


def check(drawn, dtypes, layouts):
    case, groups, shape, filters, rng = drawn
    geometry = (case.stride, case.padding, case.dilation, groups)
    x = in_layout(rng.standard_normal(shape).astype(dtypes[0]), layouts[0])
    w = in_layout(rng.standard_normal(filters).astype(dtypes[1]), layouts[1])
    bias = rng.standard_normal(len(w)).astype(dtypes[1])
    originals = [a.copy() for a in (x, w, bias)]
    dtype = np.result_type(x, w)
    tolerance = max(TOLERANCE[dtypes[0]], TOLERANCE[dtypes[1]]) if dtypes[0] == dtypes[1] else 1e-5
    x64, w64 = x.astype(np.float64), w.astype(np.float64)

    y = conv.conv2d(x, w, bias, *geometry)
    close(y, reference.conv2d(x64, w64, bias.astype(np.float64), *geometry), tolerance)
    g = in_layout(rng.standard_normal(y.shape).astype(dtype), layouts[2])
    dx, dw = reference.conv2d_gradients(g.astype(np.float64), x64, w64, *geometry)
    results = (
        y,
        conv.conv2d_input_gradient(g, w, shape, *geometry),
        conv.conv2d_weight_gradient(g, x, filters, *geometry),
    )
    close(results[1], dx, tolerance)
    close(results[2], dw, tolerance)
    assert [r.dtype for r in results] == [dtype] * 3
    for before, now in zip(originals, (x, w, bias), strict=True):
        np.testing.assert_array_equal(before, now)


@given(convolutions(), st.tuples(in_memory, in_memory, in_memory))
def test_convolution_and_gradients_equal_the_loops(drawn, layouts):
    check(drawn, (np.float64, np.float64), layouts)


@given(convolutions(), st.tuples(*[st.sampled_from([np.float16, np.float32, np.float64])] * 2))
def test_dtypes_are_promoted_as_numpy_does(drawn, dtypes):
    check(drawn, dtypes, ("NCHW", "NCHW", "NCHW"))


many = st.sampled_from([8, 9, 16])
tile_sizes = st.sampled_from([1, 2000, 20_000, scratch.TILE])


@given(
    convolutions(channels=few | many, per_filter=few | many),
    st.sampled_from([np.float32, np.float64]),
    st.tuples(in_memory, in_memory, in_memory),
    tile_sizes,
)
def test_neither_many_channels_nor_small_tiles_change_anything(drawn, dtype, layouts, tile_size):
    with mock.patch.object(scratch, "TILE", tile_size):
        check(drawn, (dtype, dtype), layouts)


just_one = st.just((1, 1))


@given(
    convolutions(many, many, kernels=st.just((3, 3)), strides=just_one, dilations=just_one),
    st.sampled_from([np.float16, np.float32]),
    st.tuples(in_memory, in_memory, in_memory),
    tile_sizes,
)
def test_filters_of_three_by_three_are_no_exception(drawn, dtype, layouts, tile_size):
    with mock.patch.object(scratch, "TILE", tile_size):
        check(drawn, (dtype, dtype), layouts)


@given(
    narrow_groups(),
    st.tuples(*[st.sampled_from([np.float16, np.float32, np.float64])] * 2),
    st.tuples(in_memory, in_memory, in_memory),
    tile_sizes,
    st.sampled_from([1, 8, 64, depthwise.RUN]),
    st.sampled_from([1, 8, 64, depthwise.LONG]),
)
def test_many_narrow_groups_are_no_exception_however_they_are_cut(drawn, dtypes, layouts, tile_size, run, long):
    _, groups, _, filters, _ = drawn
    assert depthwise.suits(filters, groups)
    with (
        mock.patch.object(scratch, "TILE", tile_size),
        mock.patch.object(depthwise, "RUN", run),
        mock.patch.object(depthwise, "LONG", long),
    ):
        check(drawn, dtypes, layouts)


@pytest.mark.parametrize("width", [4, 12, 13, 37])  # all columns together, four, all, one
def test_short_runs_of_narrow_groups_are_taken_together(width):
    case = Case(2, 1, (3, width), (2, 3), (1, 1), (0, 1), (1, 1))
    drawn = case, 4, (2, 4, 3, width), (4, 1, 2, 3), np.random.default_rng(0)
    with mock.patch.object(depthwise, "LONG", 32):
        check(drawn, (np.float64, np.float64), ("HWNC", "NCHW", "HWNC"))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("seen", [1, 2])
def test_many_narrow_groups_are_shared_by_threads(stride, seen):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((24, 192, 14, 13)), rng.standard_normal((192, seen, 3, 3))
    geometry = ((stride, stride), (1, 1), (1, 1), 192 // seen)
    y = conv.conv2d(x, w, None, *geometry)
    args = [
        (conv.conv2d, x, w, None),
        (conv.conv2d_input_gradient, y, w, x.shape),
        (conv.conv2d_weight_gradient, y, x, w.shape),
    ]
    alone = [kernel(*rest, *geometry) for kernel, *rest in args]
    with threads.threads(2):
        together = [kernel(*rest, *geometry) for kernel, *rest in args]
    for one, two in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(y[:1], reference.conv2d(x[:1], w, None, *geometry), atol=1e-10)


def test_fast_algorithms_round_about_as_well_as_the_plain_one():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 64, 15, 14)), rng.standard_normal((64, 64, 3, 3))
    g = rng.standard_normal((2, 64, 15, 14))
    x, w, g = (a.astype(np.float32).astype(np.float64) for a in (x, w, g))
    for kernel, args in [
        (conv.conv2d, (x, w, None)),
        (conv.conv2d_input_gradient, (g, w, x.shape)),
        (conv.conv2d_weight_gradient, (g, x, w.shape)),
    ]:
        exact = kernel(*args, padding=(1, 1))
        single = kernel(*(np.float32(a) if isinstance(a, np.ndarray) else a for a in args), padding=(1, 1))
        assert single.dtype == np.float32
        error = single - exact
        assert np.abs(error).max() < 1e-5 * np.abs(exact).max()


@pytest.mark.parametrize(("n", "channels", "size"), [(8000, 1, 5), (1000, 16, 3), (600, 16, 5)])
def test_memory_beside_the_result_does_not_grow_with_the_batch(n, channels, size):
    x, w = np.ones((n, channels, 16, 16), np.float32), np.ones((4, channels, size, size), np.float32)
    held = []
    tracemalloc.start()
    try:
        y = conv.conv2d(x, w)
        held.append(tracemalloc.get_traced_memory()[1] - y.nbytes)
        tracemalloc.reset_peak()
        conv.conv2d_weight_gradient(y, x, w.shape)
        held.append(tracemalloc.get_traced_memory()[1] - y.nbytes)
    finally:
        tracemalloc.stop()
    all_windows = y.nbytes // 4 * channels * size**2
    assert max(held) < 40e6 < 100e6 < all_windows


def test_a_result_is_not_overwritten_by_the_next():
    rng = np.random.default_rng(0)
    for channels in (1, 8):
        x, w = rng.standard_normal((2, channels, 6, 6)), rng.standard_normal((8, channels, 3, 3))
        for dtype in (np.float32, np.float64):
            args = x.astype(dtype), w.astype(dtype)
            y = conv.conv2d(*args)
            results = [
                y,
                conv.conv2d_input_gradient(y, args[1], x.shape),
                conv.conv2d_weight_gradient(y, *args[:1], w.shape),
            ]
            copies = [r.copy() for r in results]
            again = conv.conv2d(-args[0], args[1])
            conv.conv2d_input_gradient(again, args[1], x.shape)
            conv.conv2d_weight_gradient(2 * again, args[0], w.shape)
            for result, copy in zip(results, copies, strict=True):
                np.testing.assert_array_equal(result, copy)


def test_a_broadcast_cotangent_counts_as_if_it_were_written_out():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 3, 5, 6)), rng.standard_normal((4, 3, 3, 2))
    g = np.broadcast_to(2.0, conv.conv2d(x, w).shape)
    np.testing.assert_allclose(
        conv.conv2d_input_gradient(g, w, x.shape), conv.conv2d_input_gradient(g.copy(), w, x.shape)
    )
    np.testing.assert_allclose(
        conv.conv2d_weight_gradient(g, x, w.shape), conv.conv2d_weight_gradient(g.copy(), x, w.shape)
    )


def test_whole_numbers_stay_whole():
    x, w = np.arange(12).reshape(1, 1, 3, 4), np.ones((1, 1, 2, 2), int)
    y = conv.conv2d(x, w)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(y[0, 0], [[10, 14, 18], [26, 30, 34]])


def test_shapes_that_do_not_fit_are_refused_with_their_numbers():
    x, w = np.zeros((1, 2, 4, 4)), np.zeros((3, 2, 5, 3))
    with pytest.raises(ShapeError, match=r"window of 5 does not fit into 4 \+ 2 \* 0 = 4"):
        conv.conv2d(x, w)
    with pytest.raises(ShapeError, match=r"is \(1, 3, 3, 3\); the cotangent is \(1, 3, 2, 3\)"):
        conv.conv2d_input_gradient(np.zeros((1, 3, 2, 3)), np.zeros((3, 2, 2, 2)), x.shape)
    with pytest.raises(ShapeError, match=r"is \(1, 3, 3, 3\); the cotangent is \(1, 3, 2, 3\)"):
        conv.conv2d_weight_gradient(np.zeros((1, 3, 2, 3)), x, (3, 2, 2, 2))


@pytest.mark.parametrize("layout", ["HWNC", "NCHW"])
@pytest.mark.parametrize(
    ("images", "filters", "groups"),
    [
        ((1, 1, 3, 3), (0, 1, 2, 2), 1),
        ((0, 1, 3, 3), (2, 1, 2, 2), 1),
        ((1, 0, 3, 3), (2, 0, 2, 2), 1),
        ((2, 0, 3, 3), (0, 0, 2, 2), 1),
        ((1, 16, 5, 5), (0, 16, 3, 3), 1),
        ((1, 4, 3, 3), (0, 2, 2, 2), 2),
    ],
)
def test_no_images_no_channels_and_no_filters_are_sizes_like_others(images, filters, groups, layout):
    x, w = in_layout(np.ones(images, np.float32), layout), np.ones(filters, np.float32)
    y = conv.conv2d(x, w, np.full(filters[0], 3, np.float32), groups=groups)
    assert y.shape == (images[0], filters[0], images[2] - filters[2] + 1, images[3] - filters[3] + 1)
    assert (y == 3).all()  # of no channels, the bias is left
    for gradient, shape in (
        (conv.conv2d_input_gradient(y, w, images, groups=groups), images),
        (conv.conv2d_weight_gradient(y, x, filters, groups=groups), filters),
    ):
        assert gradient.shape == shape
        assert not gradient.any()
