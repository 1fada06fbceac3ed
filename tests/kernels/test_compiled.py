"""Compiled kernels give what NumPy's give; and where they cannot be, NumPy does the work."""

import importlib.util
import os
import subprocess
import sys
import warnings
from functools import partial
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd_lite import set_compiled
from autograd_lite.kernels import compiled, conv, loops, pool, rectify, threads
from nn.optim import loops as steps

from .strategies import arrays_seed, cases, in_layout

numba = importlib.util.find_spec("numba")
needs_numba = pytest.mark.skipif(not numba, reason="numba is not installed")
LOOPS = (*loops.LOOPS, steps.adagrad, steps.adam)
floats = st.sampled_from([np.float32, np.float64])
layouts = st.sampled_from(["HWNC", "HWNC", "NCHW"])


@pytest.fixture(autouse=True)
def _settings_as_they_were():
    before = compiled._wanted
    with threads.threads(None), mock.patch.object(compiled, "_compiled", dict(compiled._compiled)):
        yield
    compiled._wanted = before


def interpreted():
    """Every loop in place of its kernel, whether numba is there or not."""
    return mock.patch.multiple(compiled, _wanted=True, LEAST=0, _compiled={loop: loop for loop in LOOPS})


def both(kernel):
    """The results of a kernel, by loops and by NumPy."""
    by_loops = kernel()
    with mock.patch.object(compiled, "_wanted", False):
        return by_loops, kernel()


def pooled(drawn):
    case, layout, dtype, seed = drawn
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 4, case.shape).astype(dtype)
    x[x == 3] = np.nan
    geometry = (case.kernel, case.stride, case.padding, False, case.dilation)
    x = in_layout(x, layout)
    y = pool.max_pool2d(x, *geometry)
    g = rng.integers(-3, 4, y.shape).astype(dtype)
    g[g == 3], g[g == -3] = np.inf, np.nan
    return both(lambda: pool.max_pool2d_scatter(g, x, y, *geometry))


def convolved(drawn):
    (n, c, o, size, padding, layout), seed = drawn
    rng = np.random.default_rng(seed)
    x = in_layout(rng.standard_normal((n, c, *size), np.float32), layout)
    w, bias = rng.standard_normal((o, c, 3, 3), np.float32), rng.standard_normal(o, np.float32)

    def kernel():
        y = conv.conv2d(x, w, bias, padding=padding)
        results = y, conv.conv2d_input_gradient(y, w, x.shape, padding=padding)
        return np.concatenate(
            [a.ravel() for a in (*results, conv.conv2d_weight_gradient(y, x, w.shape, padding=padding))]
        )

    return both(kernel)


def rectified(dtype, seed):
    x, g = np.random.default_rng(seed).integers(-3, 4, (2, 7, 11)).astype(dtype)
    x[x == 3], g[g == 3] = np.nan, 5

    def kernel():
        with mock.patch.object(rectify, "PART", 5):
            y = rectify.relu(x)
            return np.concatenate([y, rectify.relu_gradient(g, y)])

    return both(kernel)


def optimized(dtype, seed):
    start, *slopes = np.random.default_rng(seed).standard_normal((4, 50)).astype(dtype)
    slopes[0][:3] = 0

    def kernel():
        found = []
        for kind in (nn.optim.Adam, nn.optim.Adagrad, partial(nn.optim.Adam, amsgrad=True)):
            w = nn.Parameter(start)
            optimizer = kind([w], lr=0.1)
            for slope in slopes:
                w.grad = slope
                optimizer.step()
            found.append(w.numpy())
        return np.concatenate(found)

    return both(kernel)


few = st.integers(1, 3)
sizes = st.integers(3, 8)
pools = st.tuples(cases(), layouts, floats, arrays_seed)
pads = st.tuples(st.integers(0, 2), st.integers(0, 2))
convs = st.tuples(
    st.tuples(few, st.sampled_from([8, 9]), st.sampled_from([8, 9]), st.tuples(sizes, sizes), pads, layouts),
    arrays_seed,
)


@settings(max_examples=25)
@given(pools)
def test_the_loop_of_pooling_does_what_numpy_does(drawn):
    with interpreted():
        np.testing.assert_array_equal(*pooled(drawn))


@settings(max_examples=5)
@given(convs)
def test_the_loops_of_convolution_do_what_numpy_does(drawn):
    with interpreted():
        np.testing.assert_allclose(*convolved(drawn), rtol=1e-4, atol=1e-3)


@settings(max_examples=10)
@given(floats, arrays_seed)
def test_the_loops_of_the_rectifier_do_what_numpy_does(dtype, seed):
    with interpreted():
        np.testing.assert_array_equal(*rectified(dtype, seed))


@settings(max_examples=10)
@given(floats, arrays_seed)
def test_the_loops_of_optimisers_do_what_numpy_does(dtype, seed):
    with interpreted():
        np.testing.assert_allclose(*optimized(dtype, seed), rtol=1e-5, atol=1e-6)


@needs_numba
@given(pools, convs, floats)
def test_compiled_loops_do_what_numpy_does(pools, convs, dtype):
    with mock.patch.multiple(compiled, _wanted=True, LEAST=0):
        np.testing.assert_array_equal(*pooled(pools))
        np.testing.assert_allclose(*convolved(convs), rtol=1e-4, atol=1e-3)
        np.testing.assert_array_equal(*rectified(dtype, pools[3]))
        np.testing.assert_allclose(*optimized(dtype, pools[3]), rtol=1e-5, atol=1e-6)
        assert None not in compiled._compiled.values()


def a_pool():
    x = np.arange(256, dtype=np.float32).reshape(4, 4, 4, 4).transpose(2, 3, 0, 1)
    y = pool.max_pool2d(x, (2, 2), (2, 2))
    return lambda: pool.max_pool2d_scatter(y, x, y, (2, 2), (2, 2))


@pytest.mark.parametrize("error", [RuntimeError("cannot cache function: no locator available"), TypeError("no")])
def test_what_cannot_be_compiled_is_said_once_and_left_to_numpy(error):
    kernel, failing = a_pool(), mock.Mock(side_effect=error)
    with mock.patch.object(compiled, "_wanted", False):
        expected = kernel()
    fake = mock.Mock(njit=failing)
    modules = {"numba": fake, "numba.extending": fake.extending}
    with mock.patch.dict(sys.modules, modules), mock.patch.multiple(compiled, _wanted=True, LEAST=0, _compiled={}):
        with pytest.warns(UserWarning, match="max_pool_scatter cannot be compiled, so NumPy does its work") as caught:
            results = kernel(), kernel()
        assert len(caught) == 1
    np.testing.assert_array_equal(results, [expected] * 2)


def test_a_kernel_that_fails_when_its_types_are_known_is_left_to_numpy_too():
    kernel = a_pool()
    fails = mock.Mock(side_effect=ValueError("lowering"))
    with mock.patch.multiple(compiled, _wanted=True, LEAST=0, _compiled={loops.max_pool_scatter: fails}):
        with pytest.warns(UserWarning, match="lowering"):
            kernel()
        kernel()
    fails.assert_called_once()


def test_small_arrays_half_precision_and_gaps_are_left_to_numpy():
    loop = mock.Mock()
    with mock.patch.multiple(compiled, _wanted=True, LEAST=10, _compiled={loop: loop}):
        assert not compiled.run(loop, np.zeros(9))
        assert not compiled.run(loop, np.zeros(10, np.float16))
        assert not compiled.run(loop, np.zeros(20)[::2])
        assert not compiled.run(loop, np.zeros(10), None)
        loop.assert_not_called()
        assert compiled.run(loop, np.zeros(10), 3)
        loop.assert_called_once()


def test_without_numba_asking_for_compiled_kernels_names_the_extra():
    with mock.patch.object(compiled, "_installed", return_value=False):
        with pytest.raises(ImportError, match=r"pip install 'autograd_lite\[fast\]'"):
            set_compiled(True)
        set_compiled(False)
        assert not compiled.wanted()


@pytest.mark.parametrize(("value", "on"), [("", True), ("1", True), (" 0 ", False), ("maybe", True)])
def test_the_environment_can_turn_compiled_kernels_off_and_nonsense_is_ignored_with_one_warning(monkeypatch, value, on):
    monkeypatch.setenv(compiled.VARIABLE, value)
    with (
        mock.patch.multiple(compiled, _wanted=None, _installed=lambda: True),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        assert [compiled.wanted(), compiled.wanted()] == [on, on]
    assert [compiled.VARIABLE in str(w.message) for w in caught] == [True] * (value == "maybe")


@needs_numba
def test_numba_is_imported_for_large_arrays_only():
    code = """
import sys, numpy as np
from autograd_lite.kernels import pool
def step(n):
    x = np.ones((4, 4, n, 8), np.float32).transpose(2, 3, 0, 1)
    y = pool.max_pool2d(x, (2, 2), (2, 2))
    pool.max_pool2d_scatter(y, x, y, (2, 2), (2, 2))
    return "numba" in sys.modules
assert [step(2), step(1000)] == [False, True]
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env={**os.environ, compiled.VARIABLE: "1"})
