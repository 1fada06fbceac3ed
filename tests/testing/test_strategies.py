"""What input descriptions promise: domains met, shapes that fit, layouts that differ."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.testing import strategies as some

few = settings(max_examples=40)

INSIDE = {
    "real": np.isfinite,
    "middle": np.isfinite,
    "decades": lambda x: (np.abs(x) >= 9e-7) & (np.abs(x) <= 1.1e6),
    "ties": lambda x: np.isin(x, [-1, 0, 0.5, 1]),
    "near ties": lambda x: np.abs(x) < 1.1,
    "nonzero": lambda x: x != 0,
    "positive": lambda x: x > 0,
    "above one": lambda x: x > 1,
    "unit interval": lambda x: (x > 0) & (x < 1),
    "inside one": lambda x: np.abs(x) < 1,
    "distinct": lambda x: np.unique(x).size == x.size,
    "simplex": lambda x: (x > 0).all() and np.allclose(x.sum(-1), 1),
    "one-hot": lambda x: np.isin(x, [0, 1]).all() and (x.sum(-1) == 1).all(),
    "symmetric": lambda x: np.array_equal(x, np.swapaxes(x, -1, -2)),
    "positive definite": lambda x: (np.linalg.eigvalsh(x) > 0.5).all(),
    "orthogonal": lambda x: np.allclose(x @ np.swapaxes(x, -1, -2), np.eye(x.shape[-1])),
}


def test_every_domain_is_tested_here():
    assert INSIDE.keys() == some.NUMBERS.keys() | some.WHOLES.keys()


@pytest.mark.parametrize("domain", INSIDE)
@few
@given(data=st.data())
def test_numbers_lie_in_their_domain(domain, data):
    x = data.draw(some.array(domain, dtype=np.float64))
    assert x.dtype == np.float64
    assert np.all(INSIDE[domain](x))


@pytest.mark.parametrize("domain", some.NUMBERS)
@few
@given(data=st.data())
def test_numbers_of_half_precision_lie_in_their_domain_as_far_as_it_goes(domain, data):
    x = data.draw(some.array(domain, dtype=np.float16))
    assert x.dtype == np.float16
    assert np.isfinite(x).all()
    assert np.all(some.NUMBERS[domain][1](x) | (domain in ("near ties", "distinct")))


@pytest.mark.parametrize(
    "wanted",
    [
        lambda x: x.ndim == 0,
        lambda x: x.size == 0,
        lambda x: x.ndim == 3 and x.size > 4,
        lambda x: not x.flags.writeable,
        lambda x: 0 in x.strides and x.size > 1,
        lambda x: any(s < 0 for s in x.strides),
        lambda x: x.flags.f_contiguous and not x.flags.c_contiguous,
        lambda x: x.size > 1 and np.unique(x).size < x.size,
        lambda x: x.size > 1 and np.abs(x).min() > 0 and np.abs(x).max() / np.abs(x).min() > 1e6,
    ],
)
def test_the_difficult_shapes_layouts_and_numbers_come_up(wanted):
    assert wanted(find(some.array(), wanted, settings=settings(max_examples=2000, database=None)))


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@given(data=st.data())
@few
def test_a_dtype_is_kept_in_every_layout(dtype, data):
    assert data.draw(some.array("unit interval", dtype=dtype)).dtype == dtype


@few
@given(inputs=some.broadcasting("real", "positive", "nonzero"))
def test_partners_broadcast(inputs):
    assert len(inputs.arrays) == 3
    np.broadcast_shapes(*(a.shape for a in inputs.arrays))


@few
@given(inputs=some.keywords(some.array(shape=some.shapes(side=1)), axis=some.axes, keepdims=some.flag))
def test_keywords_fit_the_first_array(inputs):
    np.sum(inputs.arrays[0], **inputs.keywords)


@few
@given(inputs=some.fitting("bij", "jk"))
def test_letters_say_which_axes_are_equally_long(inputs):
    a, b = inputs.arrays
    assert (a @ b).shape == (*a.shape[:2], b.shape[1])


@few
@given(pooled=some.images(), filtered=some.images(filters=True))
def test_every_window_of_an_image_has_a_place(pooled, filtered):
    assert ag.max_pool2d(*pooled.arrays, **pooled.keywords).size > 0
    assert ag.conv2d(*filtered.arrays, **filtered.keywords).size > 0


@few
@given(inputs=some.together(some.twice(some.array()), some.labels(4), 2.5))
def test_what_is_given_together_becomes_one_call(inputs):
    x, same, classes, number = inputs.arrays
    assert x is same
    assert classes.dtype.kind == "i"
    assert ((classes >= 0) & (classes < 4)).all()
    assert number == 2.5


def test_an_unknown_domain_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no domain 'odd'; there are real"):
        find(some.array("odd"), lambda x: True)


def test_hypothesis_is_asked_for_only_where_it_is_needed_and_missing_it_names_the_extra():
    program = """
import sys
sys.modules["hypothesis"] = None
import autograd_lite.testing as testing
assert testing.gradcheck(lambda x: x * x, [1.0])
try:
    testing.strategies
except ImportError as error:
    assert "autograd_lite[prove]" in str(error), error
else:
    raise SystemExit("no error")
"""
    subprocess.run([sys.executable, "-c", program], check=True)
