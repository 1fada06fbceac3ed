"""Batches: complete, reproducible, resumable."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import ArrayDataset, DataLoader
from nn.data.transforms import GaussianNoise
from nn.random import manual_seed


class Squares:
    """A data set that makes its samples when asked."""

    def __init__(self, count=7):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return np.full(2, index, np.float32), index**2


def numbers(count=10):
    return np.arange(count), -np.arange(count)


def noisy(seed=0, **options):
    """A loader with every kind of randomness: order, and a transform."""
    images = np.zeros((10, 1, 4, 4), np.float32)
    return DataLoader((images, np.arange(10)), 3, shuffle=True, seed=seed, transform=GaussianNoise(1), **options)


def same(these, those):
    return all(
        np.array_equal(a, b)
        for batch, other in zip(these, those, strict=True)
        for a, b in zip(batch, other, strict=True)
    )


# -- One pass ---------------------------------------------------------------------------------------------------------


@given(st.integers(1, 30), st.integers(1, 12), st.booleans(), st.booleans(), st.integers(0, 2**64))
def test_a_pass_shows_every_sample_once_with_its_partner(count, batch_size, shuffle, drop_last, seed):
    if drop_last and count < batch_size:
        batch_size = count
    loader = DataLoader(numbers(count), batch_size, shuffle, drop_last, seed)
    batches = list(loader)
    xs, ys = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    shown = count - count % batch_size if drop_last else count
    assert len(batches) == len(loader)
    assert len(set(xs.tolist())) == len(xs) == shown
    assert all(len(x) == batch_size for x, _ in batches[:-1])
    np.testing.assert_array_equal(ys, -xs)
    if not shuffle:
        np.testing.assert_array_equal(xs, np.arange(shown))


def test_one_array_gives_batches_of_one_part():
    assert [x.tolist() for (x,) in DataLoader(np.arange(5), 2)] == [[0, 1], [2, 3], [4]]


def test_batches_are_the_callers_own():
    data = np.zeros(4)
    for (batch,) in DataLoader(data, 2):
        batch += 1
    assert not data.any()


def test_dtypes_are_kept():
    loader = DataLoader([np.zeros((3, 2), np.float32), np.zeros(3, np.uint8)], 2)
    assert [part.dtype for part in next(iter(loader))] == [np.float32, np.uint8]


def test_samples_of_a_data_set_are_stacked():
    batches = list(DataLoader(Squares(), 3))
    np.testing.assert_array_equal(batches[1][0], [[3, 3], [4, 4], [5, 5]])
    np.testing.assert_array_equal(batches[1][1], [9, 16, 25])
    assert batches[2][0].shape == (1, 2)


def test_a_data_set_without_tuples_gives_batches_of_one_part():
    assert [x.tolist() for (x,) in DataLoader(range(5), 2)] == [[0, 1], [2, 3], [4]]


def test_a_data_set_is_shuffled_like_arrays():
    options = {"batch_size": 2, "shuffle": True, "seed": 3}
    xs = [x[:, 0].astype(int).tolist() for x, _ in DataLoader(Squares(10), **options)]
    assert xs == [x.tolist() for x, _ in DataLoader(numbers(), **options)]


def test_array_data_sets_give_samples_slices_and_selections():
    data = ArrayDataset([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [7, 8, 9])
    assert data[1][1] == 8
    assert data[:2][1].tolist() == [7, 8]
    assert data[np.array([2, 0])][0].tolist() == [[5, 6], [1, 2]]


def test_a_transform_changes_the_first_part_only():
    for images, labels in noisy():
        assert images.any()
        assert images.dtype == np.float32
        assert labels.dtype == np.int64


# -- Reproduced and resumed -------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_passes():
    one, other = noisy(seed=5), noisy(seed=5)
    for _ in range(3):
        assert same(one, other)


def test_another_seed_and_another_pass_give_another_order():
    loader = DataLoader(np.arange(50), 50, shuffle=True, seed=0)
    first, second = (next(iter(loader))[0] for _ in range(2))
    other = next(iter(DataLoader(np.arange(50), 50, shuffle=True, seed=1)))[0]
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_no_two_batches_share_their_noise():
    loader = DataLoader(np.zeros((10, 1, 2, 2)), 2, seed=0, transform=GaussianNoise(1))
    seen = {images.tobytes() for _ in range(4) for (images,) in loader}
    assert len(seen) == 4 * len(loader)


def test_without_a_seed_orders_differ():
    one, other = (DataLoader(np.arange(50), 50, shuffle=True) for _ in range(2))
    assert not same(one, other)


def test_without_a_seed_the_shared_generator_gives_one():
    def order():
        manual_seed(0)
        return list(DataLoader(np.arange(50), 50, shuffle=True))

    assert same(order(), order())


def test_a_generator_gives_the_seed_and_moves_on():
    def pair():
        rng = np.random.default_rng(0)
        return [DataLoader(np.arange(50), 50, shuffle=True, seed=rng) for _ in range(2)]

    (one, two), (again, _) = pair(), pair()
    assert same(one, again)
    assert not same(one, two)


@pytest.mark.parametrize("done", range(10))
def test_a_killed_run_goes_on_bit_for_bit(done):
    """Three passes of four batches, broken off after ``done`` batches."""

    def run(loader):
        while loader.epoch < 3:
            yield from loader

    uninterrupted = list(run(noisy()))
    killed = noisy()
    before = list(itertools.islice(run(killed), done))
    saved = json.loads(json.dumps(killed.state_dict()))
    resumed = noisy(seed=99)
    resumed.load_state_dict(saved)
    assert same(before + list(run(resumed)), uninterrupted)


def test_a_pass_that_was_left_early_is_over():
    left, complete = noisy(), noisy()
    next(iter(left))
    list(complete)
    assert same(left, complete)
    assert left.epoch == complete.epoch == 2


@given(st.lists(st.integers(0, 4), min_size=4, max_size=4))
def test_passes_within_a_pass_do_not_move_its_place(inner):
    loader, alone = noisy(), noisy()
    for batch, other, count in zip(loader, alone, inner, strict=True):
        assert same([batch], [other])
        assert loader.state_dict() == alone.state_dict()
        list(itertools.islice(loader, count))
    assert loader.state_dict() == alone.state_dict() == {"seed": 0, "epoch": 1, "batch": 0}


def test_a_pass_can_be_resumed_again_from_the_same_state():
    loader = noisy()
    batches = iter(loader)
    next(batches)
    saved = loader.state_dict()
    rest = list(batches)
    for _ in range(2):
        loader.load_state_dict(saved)
        assert same(loader, rest)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": 0},
        {"seed": 0, "epoch": -1, "batch": 0},
        {"seed": 0, "epoch": 0, "batch": 5},
        {"seed": -1, "epoch": 0, "batch": 0},
    ],
)
def test_a_wrong_state_is_refused_and_nothing_changes(wrong):
    loader = noisy()
    before = loader.state_dict()
    with pytest.raises(ValueError, match="DataLoader"):
        loader.load_state_dict(wrong)
    assert loader.state_dict() == before


# -- Refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("empty", [(), [], np.zeros((0, 1, 28, 28)), (np.zeros(0), np.zeros(0)), Squares(0)])
def test_empty_data_is_refused(empty):
    with pytest.raises(ValueError, match="data set is empty"):
        DataLoader(empty)


def test_arrays_of_different_length_are_refused_with_their_shapes():
    with pytest.raises(ValueError, match=r"different length.*\(4, 2\), \(3,\)"):
        DataLoader((np.zeros((4, 2)), np.zeros(3)))


def test_single_values_are_refused_as_arrays():
    with pytest.raises(ValueError, match="not the single value 3"):
        ArrayDataset([1, 2], 3)


def test_an_array_data_set_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one array"):
        ArrayDataset()


@pytest.mark.parametrize("batch_size", [0, -5])
def test_batches_of_no_samples_are_refused(batch_size):
    with pytest.raises(ValueError, match=f"batch_size must be 1 or more, not {batch_size}"):
        DataLoader(np.arange(3), batch_size)


def test_half_a_sample_is_refused():
    with pytest.raises(TypeError, match="float"):
        DataLoader(np.arange(3), batch_size=2.5)


def test_dropping_the_only_batch_is_refused():
    with pytest.raises(ValueError, match="3 samples make no batch of 4"):
        DataLoader(np.arange(3), 4, drop_last=True)


def test_samples_of_different_shape_are_refused_by_number():
    samples = [np.zeros(2), np.zeros(2), np.zeros(3)]
    with pytest.raises(ValueError, match=r"samples 0 and 2 .*\(2,\).*\(3,\)"):
        list(DataLoader(dict(enumerate(samples)), 3))


def test_things_that_are_no_data_are_refused():
    with pytest.raises(TypeError, match="int"):
        DataLoader(5)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="-1"):
        DataLoader(np.arange(3), seed=-1)
