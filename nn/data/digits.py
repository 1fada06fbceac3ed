"""Handwritten digits, without a download: 6,000 of them ship with the package."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import resources
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .idx import Bytes, read_mnist

Labels = NDArray[np.int64] | NDArray[np.float32]  # class numbers, or one-hot rows

VARIABLE = "AUTOGRAD_LITE_DIGITS"


@dataclass(frozen=True, eq=False, repr=False)
class Digits:
    """Digits to train on, and others, held out, to see what was learned.

    Attributes
    ----------
    train_images, held_out_images : ndarray of float32, shape (N, 1, 28, 28)
        Pixels from 0 (paper) to 1 (ink).
    train_labels, held_out_labels : ndarray of int64, shape (N,)
        What each image shows, 0 to 9.
    source : str
        Where they come from, to be printed beside results.
    """

    train_images: NDArray[np.float32]
    train_labels: Labels
    held_out_images: NDArray[np.float32]
    held_out_labels: Labels
    source: str

    @property
    def train(self) -> tuple[NDArray[np.float32], Labels]:
        """The images and labels to train on, as a :class:`~nn.data.DataLoader` takes them."""
        return self.train_images, self.train_labels

    @property
    def held_out(self) -> tuple[NDArray[np.float32], Labels]:
        """The images and labels that training must not see."""
        return self.held_out_images, self.held_out_labels

    def __repr__(self) -> str:
        return f"Digits({len(self.train_labels)} to train on, {len(self.held_out_labels)} held out, from {self.source})"


def load_digits(
    path: str | PathLike[str] | None = None, *, normalise: bool = True, flatten: bool = False, one_hot: bool = False
) -> Digits:
    """Load handwritten digits: from ``path``, else from where ``AUTOGRAD_LITE_DIGITS`` points, else the shipped ones.

    The shipped digits are 6,000 images of MNIST, of each class 500 to train on and 100 held out. Classes take turns:
    the first 300 are balanced as well. All of them are from MNIST's training files, so the held-out ones are not
    MNIST's test set.

    Parameters
    ----------
    path : str or path, optional
        A folder with the four files of MNIST, plain or ``.gz``. Its ``train`` files are trained on, its ``t10k``
        files are held out. The environment variable ``AUTOGRAD_LITE_DIGITS`` names such a folder too.
    normalise : bool
        Scale pixels to the interval from 0 to 1; otherwise they are numbers from 0 to 255, still float32.
    flatten : bool
        Give images of shape (N, 784) instead of (N, 1, 28, 28).
    one_hot : bool
        Give labels as float32 rows of shape (N, 10), with a one in the place of the class.

    Returns
    -------
    Digits

    Raises
    ------
    FileNotFoundError
        If the folder or one of its files does not exist.
    ValueError
        If a file is damaged; the message names the file and the numbers that disagree.

    References
    ----------
    *Deep Learning from Scratch*, section 3.6.1 (there ``load_mnist``).

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.train_images.shape, digits.held_out_images.shape
    ((5000, 1, 28, 28), (1000, 1, 28, 28))
    >>> load_digits(flatten=True).train_images.shape
    (5000, 784)
    """
    train, held_out, source = _read_folder(path) if path is not None else _read_default()
    images = [_as_pixels(part[0], normalise, flatten) for part in (train, held_out)]
    labels = [_as_labels(part[1], one_hot) for part in (train, held_out)]
    return Digits(images[0], labels[0], images[1], labels[1], source)


Raw = tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes], str]  # what is trained on, what is held out, the source


def _read_default() -> Raw:
    if named := os.environ.get(VARIABLE):
        return _read_folder(named, f" (named by the environment variable {VARIABLE})")
    shipped = resources.files("nn.data").joinpath("files", "digits.npz")
    with shipped.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        train, held_out = ((arrays[f"{part}_images"], arrays[f"{part}_labels"]) for part in ("train", "held_out"))
    return train, held_out, "the MNIST digits that ship with nn"


def _read_folder(path: str | PathLike[str], who: str = "") -> Raw:
    folder = Path(path).expanduser()
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise FileNotFoundError(f"{folder}{who} {what}; give the folder that holds the four MNIST files.")
    return read_mnist(folder, "train"), read_mnist(folder, "t10k"), str(folder)


def _as_pixels(images: Bytes, normalise: bool, flatten: bool) -> NDArray[np.float32]:
    shape = (len(images), -1) if flatten else (len(images), 1, *images.shape[1:])
    return np.divide(images, 255 if normalise else 1, dtype=np.float32).reshape(shape)


def _as_labels(labels: Bytes, one_hot: bool) -> Labels:
    return np.eye(10, dtype=np.float32)[labels] if one_hot else labels.astype(np.int64)
