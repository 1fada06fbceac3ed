"""Every row of the table: values against NumPy, derivatives against differences, and good manners."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Tensor, grad
from autograd_lite.testing import FAIL, PASS, gradcheck

from . import references
from .cases import LAYOUTS, laid_out
from .table import ROWS

NAMES = [row.name for row in ROWS]
SINGLE, HALF = np.dtype(np.float32), np.dtype(np.float16)
every_row = pytest.mark.parametrize("row", ROWS, ids=NAMES)


def examples(number):
    """So many examples; under another profile than the default one, as many as it says."""
    return settings(max_examples=number if settings.default.derandomize else settings.default.max_examples)


def listed(value):
    return list(value) if isinstance(value, list | tuple) else [value]


def cotangents(outputs, seed=0):
    """Random cotangents: a constant one would hide what softmax and normalisation do wrong."""
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.choice([-1, 1], y.shape) * rng.uniform(0.5, 2, y.shape), y.dtype) for y in outputs]


def gradients(row, leaves, keywords, us=None, **options):
    """Gradients at ``leaves``, as arrays; zeros for what the outputs do not depend on."""
    outputs = [y for y in listed(row(ag, leaves, keywords)) if y.requires_grad]
    us = us or cotangents(outputs)
    found = grad(outputs, leaves, [Tensor(u, copy=False) for u in us], allow_unused=True, **options)
    return [np.zeros(t.shape, t.dtype) if g is None else g.numpy() for g, t in zip(found, leaves, strict=True)]


def leaves_of(arrays):
    return [Tensor(a, requires_grad=True, copy=False) for a in arrays]


def of_dtype(arrays, keywords, dtype):
    """Arrays and keywords with all floating point arrays of one dtype."""
    cast = {k: v.astype(dtype) if getattr(v, "dtype", None) == np.float64 else v for k, v in keywords.items()}
    return [a.astype(dtype) for a in arrays], cast


@every_row
@examples(25)
@given(data=st.data())
def test_values_dtypes_and_shapes_are_numpys(row, data):
    arrays, keywords = data.draw(row.cases)
    for dtype, close in [(np.float64, 1e-10), (np.float32, 2e-4)]:
        xs, options = of_dtype(arrays, keywords, dtype)
        with np.errstate(divide="ignore"):  # log of an underflow, in the reference
            expected = listed(row(references, xs, options))
        for ours, theirs in zip(listed(row(ag, leaves_of(xs), options)), expected, strict=True):
            theirs = np.asarray(theirs)
            assert ours.shape == theirs.shape
            assert ours.dtype == (np.float64 if row.function == "astype" else dtype)
            scale = np.abs(theirs).max(initial=1.0)
            np.testing.assert_allclose(ours.numpy(), theirs, rtol=close, atol=close * scale)


@every_row
@examples(12)
@given(data=st.data())
def test_first_and_second_derivatives_are_those_of_the_values(row, data):
    arrays, keywords = data.draw(row.cases)
    verdict = gradcheck(lambda *xs: row(ag, xs, keywords), *arrays, order=2)
    assert verdict.status is PASS, verdict


@every_row
@examples(6)
@given(data=st.data())
def test_gradients_of_single_precision_are_right_and_single(row, data):
    arrays, keywords = of_dtype(*data.draw(row.cases), SINGLE)
    verdict = gradcheck(lambda *xs: row(ag, xs, keywords), *arrays, order=2, check_dtype=row.function != "astype")
    assert verdict.status is not FAIL, verdict


@every_row
@examples(4)
@given(data=st.data())
def test_half_precision_stays_half_in_values_and_gradients(row, data):
    if row.function == "astype":
        return
    xs, keywords = of_dtype(*data.draw(row.cases), HALF)
    leaves = leaves_of(xs)
    inner = [t.reshape(t.shape) for t in leaves]  # a leaf would hide the dtype in which its gradient came
    with np.errstate(all="ignore"):
        outputs = listed(row(ag, inner, keywords))
        assert all(y.dtype == HALF for y in outputs)
        assert all(g.dtype == HALF for g in gradients(row, inner, keywords))


@pytest.mark.parametrize("row", [row for row in ROWS if row.kinks is not None], ids=lambda row: row.name)
@examples(30)
@given(data=st.data())
def test_at_a_kink_the_gradient_is_a_subgradient(row, data):
    arrays, keywords = data.draw(row.kinks)
    verdict = gradcheck(lambda *xs: row(ag, xs, keywords), *arrays)
    assert verdict.status is PASS or (row.open and verdict.status is not FAIL), verdict


@every_row
@examples(12)
@given(data=st.data())
def test_the_layout_of_inputs_and_cotangent_makes_no_difference(row, data):
    arrays, keywords = data.draw(row.cases)
    of_input, of_cotangent = data.draw(st.sampled_from(LAYOUTS)), data.draw(st.sampled_from(LAYOUTS))
    xs = [laid_out(a, of_input) for a in arrays]
    plain = [a.copy() for a in xs]
    us = [laid_out(u, of_cotangent) for u in cotangents(listed(row(ag, leaves_of(plain), keywords)))]
    before = [u.copy() for u in us]
    expected = gradients(row, leaves_of(plain), keywords, before)
    for options in ({}, {"create_graph": True}):
        found = gradients(row, leaves_of(xs), keywords, us, **options)
        for got, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-12)
    for now, then in zip([*xs, *us], [*plain, *before], strict=True):
        np.testing.assert_array_equal(now, then)  # nobody wrote into what is not theirs


@every_row
@examples(8)
@given(data=st.data())
def test_gradients_share_no_memory_with_anything(row, data):
    arrays, keywords = data.draw(row.cases)
    leaves = leaves_of(arrays)
    outputs = listed(row(ag, leaves, keywords))
    us = cotangents(outputs)
    for y, u in zip(outputs, us, strict=True):
        if y.requires_grad:
            y.backward(Tensor(u, copy=False), retain_graph=True)
    found = [t.grad._data for t in leaves if t.grad is not None and t.ndim]
    others = [*arrays, *us, *(y.numpy() for y in outputs)]
    for i, g in enumerate(found):
        assert g.flags.writeable
        assert not any(np.shares_memory(g, other) for other in [*found[:i], *others])


@every_row
@examples(6)
@given(data=st.data())
def test_the_same_tensor_twice_gets_the_sum_of_both_gradients(row, data):
    arrays, keywords = data.draw(row.cases)
    apart = [arrays[0].copy() if a.shape == arrays[0].shape else a for a in arrays]
    leaves = leaves_of(apart)
    together = [leaves[0] if a.shape == arrays[0].shape else t for a, t in zip(arrays, leaves, strict=True)]
    twice = [i for i, t in enumerate(together) if t is leaves[0]]
    with np.errstate(all="ignore"):
        outputs = listed(row(ag, together, keywords))
        us = cotangents(outputs)
        expected = sum(gradients(row, leaves_of(apart), keywords, us)[i] for i in twice)
        (found,) = grad(outputs, [leaves[0]], us, allow_unused=True)
    found = np.zeros(arrays[0].shape) if found is None else found.numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
