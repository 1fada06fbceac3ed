"""Digits: the shipped ones, and those read from MNIST's four files."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nn.data import load_digits, read_idx, read_mnist

FULL_MNIST = os.environ.get("AUTOGRAD_LITE_FULL_MNIST")


def idx(array, magic=None):
    """The bytes of an idx file that holds ``array``."""
    sizes = b"".join(n.to_bytes(4) for n in array.shape)
    return (magic or 2048 + array.ndim).to_bytes(4) + sizes + array.astype(np.uint8).tobytes()


def write_part(folder, part, images, labels):
    folder.joinpath(f"{part}-images-idx3-ubyte").write_bytes(idx(images))
    folder.joinpath(f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))


@pytest.fixture
def parts():
    """Images and labels of a small MNIST, 7 to train on and 3 held out."""
    rng = np.random.default_rng(0)
    return {
        part: (rng.integers(256, size=(n, 28, 28), dtype=np.uint8), np.arange(n))
        for part, n in (("train", 7), ("t10k", 3))
    }


@pytest.fixture
def folder(tmp_path, parts):
    for part, (images, labels) in parts.items():
        write_part(tmp_path, part, images, labels)
    return tmp_path


# -- The shipped digits -----------------------------------------------------------------------------------------------


def test_shipped_digits_are_balanced_in_every_ten():
    digits = load_digits()
    for labels in (digits.train_labels, digits.held_out_labels):
        assert (np.sort(labels.reshape(-1, 10)) == np.arange(10)).all()
    assert (len(digits.train_labels), len(digits.held_out_labels)) == (5000, 1000)


def test_shipped_digits_are_float32_pixels_from_0_to_1_and_int64_labels():
    digits = load_digits()
    for images, labels in (digits.train, digits.held_out):
        assert images.shape == (len(labels), 1, 28, 28)
        assert images.dtype == np.float32
        assert labels.dtype == np.int64
        assert images.min() == 0
        assert images.max() == 1


def test_no_held_out_digit_is_trained_on():
    digits = load_digits()
    trained = {image.tobytes() for image in digits.train_images}
    held_out = {image.tobytes() for image in digits.held_out_images}
    assert (len(trained), len(held_out)) == (5000, 1000)
    assert not trained & held_out


def test_every_caller_gets_digits_of_his_own():
    load_digits().train_images[:] = 0
    assert load_digits().train_images.any()


@pytest.mark.skipif(not FULL_MNIST, reason="AUTOGRAD_LITE_FULL_MNIST names no folder with all of MNIST")
def test_shipped_digits_are_mnist_with_its_labels():
    images, labels = read_mnist(FULL_MNIST, "train")
    mnist = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    digits = load_digits(normalise=False)
    for images, labels in (digits.train, digits.held_out):
        assert [mnist[image.tobytes()] for image in images.astype(np.uint8)] == labels.tolist()


def test_whole_pixels_can_be_kept():
    whole, fractions = load_digits(normalise=False).held_out_images, load_digits().held_out_images
    assert whole.dtype == np.float32
    assert whole.max() == 255
    np.testing.assert_array_equal(whole / np.float32(255), fractions)


def test_images_can_be_rows_and_labels_one_hot():
    rows, digits = load_digits(flatten=True, one_hot=True), load_digits()
    np.testing.assert_array_equal(rows.train_images, digits.train_images.reshape(5000, 784))
    np.testing.assert_array_equal(rows.train_labels.argmax(axis=1), digits.train_labels)
    assert rows.train_labels.dtype == np.float32
    assert (rows.train_labels.sum(axis=1) == 1).all()


# -- Where digits come from -------------------------------------------------------------------------------------------


def test_a_folder_of_mnist_files_is_read(folder, parts):
    digits = load_digits(folder, normalise=False)
    for (images, labels), part in ((digits.train, "train"), (digits.held_out, "t10k")):
        np.testing.assert_array_equal(images[:, 0], parts[part][0])
        np.testing.assert_array_equal(labels, parts[part][1])
    assert digits.source == str(folder)


def test_compressed_files_are_read_too(folder, parts):
    for path in list(folder.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    np.testing.assert_array_equal(load_digits(folder, normalise=False).train_images[:, 0], parts["train"][0])


def test_the_environment_variable_names_a_folder(folder, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_DIGITS", str(folder))
    assert load_digits().source == str(folder)


def test_an_explicit_path_goes_before_the_environment_variable(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOGRAD_LITE_DIGITS", str(tmp_path / "nowhere"))
    assert load_digits(folder).source == str(folder)


def test_a_missing_folder_is_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere does not exist.*four MNIST files"):
        load_digits(tmp_path / "nowhere")


def test_a_missing_folder_in_the_environment_variable_is_blamed_on_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_DIGITS", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="AUTOGRAD_LITE_DIGITS"):
        load_digits()


def test_a_file_in_place_of_the_folder_is_refused(folder):
    with pytest.raises(FileNotFoundError, match="is a file, not a folder"):
        load_digits(folder / "train-images-idx3-ubyte")


def test_a_missing_file_is_refused_by_name(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="t10k-labels-idx1-ubyte"):
        load_digits(folder)


# -- Damaged files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train-images-idx3-ubyte", b"", "0 bytes are too few"),
        ("train-images-idx3-ubyte", idx(np.zeros(16)), "magic number 2049, but 2051"),
        ("train-labels-idx1-ubyte", idx(np.zeros(7), magic=3073), "magic number 3073, but 2049"),
        ("train-images-idx3-ubyte", idx(np.zeros((7, 28, 28)))[:-1], "7 x 28 x 28 = 5488 bytes, but 5487 follow"),
        ("train-labels-idx1-ubyte", idx(np.zeros(7)) + b"x", "announces 7 = 7 bytes, but 8 follow"),
        ("train-images-idx3-ubyte", idx(np.zeros((6, 28, 28))), "6 images, but train-labels-idx1-ubyte 7 labels"),
        ("train-images-idx3-ubyte", idx(np.zeros((7, 28, 27))), "28 x 27 pixels"),
        ("t10k-labels-idx1-ubyte", idx(np.array([0, 10, 2])), "label 10 at 1"),
        ("t10k-images-idx3-ubyte", idx(np.zeros((0, 28, 28))), "0 images, but t10k-labels-idx1-ubyte 3 labels"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name_and_the_numbers(folder, name, content, message):
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}.*{message}"):
        load_digits(folder)


def test_files_without_images_are_refused(folder):
    write_part(folder, "train", np.zeros((0, 28, 28)), np.zeros(0))
    with pytest.raises(ValueError, match="train-images-idx3-ubyte holds no images"):
        load_digits(folder)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: b"not gzip", lambda data: data[:12] + b"\xff" * 9]
)
def test_a_damaged_gzip_file_is_refused_by_name(tmp_path, damage):
    path = tmp_path / "labels.gz"
    path.write_bytes(damage(gzip.compress(idx(np.arange(100)))))
    with pytest.raises(ValueError, match=r"labels\.gz: not a whole gzip file"):
        read_idx(path, ndim=1)


@given(st.binary(max_size=40), st.sampled_from([1, 3]))
def test_arbitrary_bytes_are_refused_by_name(tmp_path_factory, content, ndim):
    path = Path(tmp_path_factory.getbasetemp(), "arbitrary")
    path.write_bytes(content)
    assume(not content.startswith((2048 + ndim).to_bytes(4)))
    with pytest.raises(ValueError, match="arbitrary"):
        read_idx(path, ndim)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_what_was_written_is_read(tmp_path_factory, shape, random):
    array = np.array([random.randrange(256) for _ in range(np.prod(shape))], np.uint8).reshape(shape)
    path = Path(tmp_path_factory.getbasetemp(), "written")
    path.write_bytes(idx(array))
    np.testing.assert_array_equal(read_idx(path, ndim=len(shape)), array)
