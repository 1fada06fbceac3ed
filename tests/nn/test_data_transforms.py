"""Augmentation: what it moves, what it keeps, and that a generator decides everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from nn.data.transforms import Compose, GaussianNoise, RandomCrop, RandomRotation, RandomShift

ALL = [
    RandomShift(2),
    RandomCrop(6, padding=1),
    RandomCrop((5, 3)),
    RandomRotation(20),
    GaussianNoise(0.1),
    Compose([RandomShift(1), RandomRotation(5), GaussianNoise(0.1)]),
]
every_transform = pytest.mark.parametrize("transform", ALL, ids=repr)


def images(count=5, channels=2, height=7, width=6, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).random((count, channels, height, width)).astype(dtype)


@every_transform
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_count_and_channels_are_kept(transform, dtype):
    changed = transform(images(dtype=dtype), np.random.default_rng(0))
    assert changed.dtype == dtype
    assert changed.shape[:2] == (5, 2)


@every_transform
def test_the_input_is_left_alone_and_not_shared(transform):
    before, kept = images(), images()
    changed = transform(before, np.random.default_rng(0))
    np.testing.assert_array_equal(before, kept)
    assert not np.shares_memory(before, changed)


@every_transform
def test_the_generator_decides_everything(transform):
    one, again, other = (transform(images(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@every_transform
def test_flat_images_are_refused_with_their_shape(transform):
    with pytest.raises(ValueError, match=r"\(N, C, H, W\), not \(5, 784\)"):
        transform(np.zeros((5, 784)), np.random.default_rng(0))


@given(st.integers(0, 3), st.integers(0, 2**32))
def test_a_shift_moves_all_channels_of_an_image_alike_within_its_limit(pixels, seed):
    before = images() + 1
    after = RandomShift(pixels)(before, np.random.default_rng(seed))
    for old, new in zip(before, after, strict=True):
        moves = [
            ndimage.shift(old, (0, dy, dx), order=0)
            for dy in range(-pixels, pixels + 1)
            for dx in range(-pixels, pixels + 1)
        ]
        assert any(np.array_equal(new, move) for move in moves)


def test_a_shift_reaches_every_place_within_its_limit():
    one = np.zeros((500, 1, 3, 3))
    one[:, :, 1, 1] = 1
    places = RandomShift(1)(one, np.random.default_rng(0)).reshape(500, 9).argmax(axis=1)
    assert set(places) == set(range(9))


def test_a_crop_is_a_window_of_the_padded_image():
    before = images() + 1
    after = RandomCrop((4, 5), padding=1)(before, np.random.default_rng(0))
    padded = np.pad(before, [(0, 0), (0, 0), (1, 1), (1, 1)])
    for old, new in zip(padded, after, strict=True):
        windows = [old[:, y : y + 4, x : x + 5] for y in range(6) for x in range(4)]
        assert any(np.array_equal(new, window) for window in windows)


def test_a_crop_of_the_full_size_changes_nothing():
    np.testing.assert_array_equal(RandomCrop((7, 6))(images(), np.random.default_rng(0)), images())


def test_a_crop_larger_than_the_padded_image_is_refused():
    with pytest.raises(ValueError, match=r"\(9, 9\) from images of shape \(5, 2, 7, 6\)"):
        RandomCrop(9, padding=1)(images(), np.random.default_rng(0))


@given(st.floats(0, 90), st.integers(0, 2**32))
def test_a_rotation_agrees_with_scipy(degrees, seed):
    before = images(count=3, channels=1, height=8, width=8, dtype=np.float64)
    angles = np.random.default_rng(seed).uniform(-degrees, degrees, 3)
    after = RandomRotation(degrees)(before, np.random.default_rng(seed))
    for old, new, angle in zip(before, after, angles, strict=True):
        expected = ndimage.rotate(old[0], angle, reshape=False, order=1, mode="grid-constant")
        np.testing.assert_allclose(new[0], expected, atol=1e-9)


def test_no_rotation_changes_nothing():
    np.testing.assert_allclose(RandomRotation(0)(images(), np.random.default_rng(0)), images(), rtol=1e-6)


def test_noise_has_the_deviation_asked_for():
    before = np.zeros((200, 1, 28, 28), np.float32)
    noise = GaussianNoise(0.25)(before, np.random.default_rng(0))
    assert noise.mean() == pytest.approx(0, abs=0.003)
    assert noise.std() == pytest.approx(0.25, rel=0.01)


def test_transforms_are_composed_in_order():
    double = Compose([lambda x, rng: x + 1, lambda x, rng: x * 2])
    np.testing.assert_array_equal(double(np.ones((1, 1, 2, 2)), np.random.default_rng(0)), np.full((1, 1, 2, 2), 4))


@pytest.mark.parametrize("transform", [RandomRotation(5), GaussianNoise(0.1)], ids=repr)
def test_whole_numbers_are_refused_where_fractions_arise(transform):
    with pytest.raises(TypeError, match="floating-point images, not uint8"):
        transform(np.zeros((1, 1, 4, 4), np.uint8), np.random.default_rng(0))


@pytest.mark.parametrize(
    "make", [lambda: RandomShift(-1), lambda: RandomCrop(-1), lambda: RandomRotation(-1), lambda: GaussianNoise(-1)]
)
def test_negative_amounts_are_refused(make):
    with pytest.raises(ValueError, match="cannot be -1"):
        make()
