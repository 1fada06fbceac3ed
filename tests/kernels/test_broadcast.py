"""What is repeated to be broadcast faster gives the same results."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor
from autograd_lite.kernels import broadcast
from autograd_lite.kernels.broadcast import along


@st.composite
def arrays(draw):
    shape = draw(st.lists(st.sampled_from([1, 2, 3, 5]), min_size=1, max_size=4))
    layout = draw(st.permutations(range(len(shape))))
    a = np.arange(float(np.prod(shape))).reshape(shape).transpose(layout)
    small = tuple(n if draw(st.booleans()) else 1 for n in a.shape)[draw(st.integers(0, a.ndim)) :]
    return a, np.arange(float(np.prod(small))).reshape(small)


@given(arrays(), st.integers(1, 30))
def test_it_broadcasts_to_the_same(drawn, run):
    a, b = drawn
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"LARGE": 0, "SHARE": 1, "RUN": run}.items():
            patch.setattr(broadcast, name, value)
        broadcast._repeated.cache_clear()
        longer = along(b, a)
    broadcast._repeated.cache_clear()
    np.testing.assert_array_equal(np.broadcast_to(longer, a.shape), np.broadcast_to(b, a.shape))
    assert longer is b or longer.size > b.size


def test_channels_of_images_are_repeated_for_the_places_and_images_beside_them():
    x = np.zeros((64, 32, 16, 16), np.float32).transpose(2, 3, 0, 1)
    longer = along(np.arange(16, dtype=np.float32).reshape(1, 16, 1, 1), x)
    assert longer.shape == (16, 16, 1, 32)
    assert longer.strides[:2] == (64, 4)


@pytest.mark.parametrize("b", [1.0, np.float64(2), np.ones((1, 1)), Tensor([1.0])])
def test_small_arrays_numbers_and_tensors_stay(b):
    a = np.zeros((30, 40))
    assert along(b, a) is b
    assert along(b, Tensor(a)) is b
