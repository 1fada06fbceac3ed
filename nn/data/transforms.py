"""Small changes to batches of images, so that a network never sees the same digit twice.

Each is called with a batch and a generator, ``transform(images, rng)``, returns new images of the same dtype, and
leaves its input alone. Images have the shape (N, C, H, W). :class:`~nn.data.DataLoader` passes a generator of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..errors import SettingError
from .loader import Transform

Array = NDArray[Any]

__all__ = ["Compose", "GaussianNoise", "RandomCrop", "RandomRotation", "RandomShift"]


class Compose:
    """Transforms one after the other.

    Parameters
    ----------
    transforms : iterable of callables
        Each is called as ``transform(images, rng)``.

    Examples
    --------
    >>> augment = Compose([RandomShift(2), RandomRotation(10), GaussianNoise(0.05)])
    >>> augment(np.zeros((8, 1, 28, 28)), np.random.default_rng(0)).shape
    (8, 1, 28, 28)
    """

    def __init__(self, transforms: Iterable[Transform]) -> None:
        self.transforms = tuple(transforms)

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return ``images`` changed by all transforms in turn."""
        for transform in self.transforms:
            images = transform(images, rng)
        return images

    def __repr__(self) -> str:
        return f"Compose({list(self.transforms)!r})"


class ImageTransform:
    """What the transforms below have in common: they look at the images before they change them.

    Raises
    ------
    ValueError
        If the images are not of shape (N, C, H, W).
    TypeError
        If the transform computes with fractions and the images are integers.
    """

    mixes: ClassVar[bool] = False  # whether new pixel values arise, which integers could not hold

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return ``images``, changed; all randomness comes from ``rng``."""
        if images.ndim != 4:
            raise ValueError(f"{self!r} takes images of shape (N, C, H, W), not {images.shape}.")
        if self.mixes and images.dtype.kind != "f":
            raise TypeError(f"{self!r} takes floating-point images, not {images.dtype}.")
        return self._change(images, rng)

    def _change(self, images: Array, rng: np.random.Generator) -> Array:
        raise TypeError("Only a subclass changes images.")


@dataclass(frozen=True)
class RandomShift(ImageTransform):
    """Move each image by up to ``pixels`` up or down and left or right; what comes in is 0.

    Examples
    --------
    >>> RandomShift(1)(np.arange(1, 10).reshape(1, 1, 3, 3), np.random.default_rng(0))
    array([[[[4, 5, 6],
             [7, 8, 9],
             [0, 0, 0]]]])
    """

    pixels: int

    def __post_init__(self) -> None:
        _refuse_negative(self, pixels=self.pixels)

    def _change(self, images: Array, rng: np.random.Generator) -> Array:
        return _cut_windows(images, self.pixels, images.shape[2:], rng)


@dataclass(frozen=True)
class RandomCrop(ImageTransform):
    """Cut a window of ``size`` from a random place of each image, after putting ``padding`` zeros around it.

    ``size`` is the side of a square, or (height, width).

    Examples
    --------
    >>> RandomCrop(24)(np.zeros((8, 1, 28, 28)), np.random.default_rng(0)).shape
    (8, 1, 24, 24)
    """

    size: int | tuple[int, int]
    padding: int = 0

    def __post_init__(self) -> None:
        _refuse_negative(self, size=min(self._window()), padding=self.padding)

    def _window(self) -> tuple[int, int]:
        return self.size if isinstance(self.size, tuple) else (self.size, self.size)

    def _change(self, images: Array, rng: np.random.Generator) -> Array:
        window = self._window()
        if any(n > have + 2 * self.padding for n, have in zip(window, images.shape[2:], strict=True)):
            raise ValueError(f"{self!r} cannot cut {window} from images of shape {images.shape}; give more padding.")
        return _cut_windows(images, self.padding, window, rng)


@dataclass(frozen=True)
class RandomRotation(ImageTransform):
    """Turn each image about its centre by up to ``degrees`` either way; what comes in is 0.

    A pixel of the result lies between four pixels of the original and mixes them by distance (bilinear).

    Examples
    --------
    >>> RandomRotation(10)(np.ones((8, 1, 28, 28)), np.random.default_rng(0)).shape
    (8, 1, 28, 28)
    """

    degrees: float
    mixes = True

    def __post_init__(self) -> None:
        _refuse_negative(self, degrees=self.degrees)

    def _change(self, images: Array, rng: np.random.Generator) -> Array:
        count, _, height, width = images.shape
        angles = np.deg2rad(rng.uniform(-self.degrees, self.degrees, (count, 1, 1)))
        y, x = np.ogrid[:height, :width]
        y, x = y - (height - 1) / 2, x - (width - 1) / 2
        from_y = np.cos(angles) * y + np.sin(angles) * x + (height - 1) / 2
        from_x = np.cos(angles) * x - np.sin(angles) * y + (width - 1) / 2
        return _between(images, from_y, from_x)


@dataclass(frozen=True)
class GaussianNoise(ImageTransform):
    """Add normally distributed noise of standard deviation ``sigma`` to each pixel.

    Examples
    --------
    >>> noisy = GaussianNoise(0.1)(np.zeros((100, 1, 28, 28)), np.random.default_rng(0))
    >>> round(float(noisy.std()), 2)
    0.1
    """

    sigma: float
    mixes = True

    def __post_init__(self) -> None:
        _refuse_negative(self, sigma=self.sigma)

    def _change(self, images: Array, rng: np.random.Generator) -> Array:
        noise: Array = rng.normal(0.0, self.sigma, images.shape).astype(images.dtype)
        return images + noise


def _refuse_negative(transform: object, **values: float) -> None:
    for name, value in values.items():
        if not value >= 0:
            raise SettingError(f"{type(transform).__name__}: {name} cannot be {value}.")


def _cut_windows(images: Array, padding: int, size: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Cut one window from each image, after padding, at a random place."""
    padded = np.pad(images, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    windows = sliding_window_view(padded, size, axis=(2, 3))  # (N, C, rows, columns, height, width), no copy
    count, _, rows, columns, *_ = windows.shape
    return windows[np.arange(count), :, rng.integers(rows, size=count), rng.integers(columns, size=count)]


def _between(images: Array, y: Array, x: Array) -> Array:
    """The images at places (y, x) of shape (N, H, W) between the pixels; 0 outside."""
    padded = np.pad(images, [(0, 0), (0, 0), (1, 1), (1, 1)])
    height, width = images.shape[2:]
    y, x = np.clip(y + 1, 0, height + 1), np.clip(x + 1, 0, width + 1)
    top, left = np.minimum(y.astype(int), height), np.minimum(x.astype(int), width)
    down, right = (y - top)[:, None], (x - left)[:, None]
    number = np.arange(len(images))[:, None, None]

    def at(row: Array, column: Array) -> Array:
        return np.moveaxis(padded[number, :, row, column], -1, 1)

    upper = at(top, left) * (1 - right) + at(top, left + 1) * right
    lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right
    mixed: Array = upper * (1 - down) + lower * down
    return mixed.astype(images.dtype)
