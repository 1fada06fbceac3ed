"""MNIST's own file format, idx: a magic number, the sizes of an array, its bytes."""

from __future__ import annotations

import gzip
import math
import zlib
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

UNSIGNED_BYTE = 0x08  # the code of the only element type that MNIST uses


def read_idx(path: str | PathLike[str], ndim: int) -> Bytes:
    """Read an array of bytes from an idx file, plain or compressed by gzip.

    The file begins with the magic number ``256 * 8 + ndim`` (8 stands for unsigned bytes) and one size for each axis,
    all big-endian integers of 32 bits. The bytes of the array follow, and nothing else.

    Parameters
    ----------
    path : str or path
        The file; one whose name ends in ``.gz`` is decompressed.
    ndim : int
        How many axes the array must have: 3 for images, 1 for labels.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or holds something else; the message names the file and the numbers that disagree.

    References
    ----------
    Y. LeCun, C. Cortes: "The MNIST database of handwritten digits".

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "three-labels")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1,  0, 0, 0, 3,  5, 0, 4]))
    ...     read_idx(path, ndim=1)
    array([5, 0, 4], dtype=uint8)
    """
    path = Path(path)
    content = _content(path)
    start = 4 + 4 * ndim
    if len(content) < start:
        raise ValueError(f"{path}: {len(content)} bytes are too few for an idx header of {start}.")
    magic, *shape = (int.from_bytes(content[i : i + 4]) for i in range(0, start, 4))
    expected = 256 * UNSIGNED_BYTE + ndim
    if magic != expected:
        raise ValueError(f"{path}: magic number {magic}, but {expected} marks an idx file of bytes with {ndim} axes.")
    if len(content) - start != math.prod(shape):
        sizes = " x ".join(map(str, shape))
        raise ValueError(
            f"{path}: the header announces {sizes} = {math.prod(shape)} bytes, but {len(content) - start} follow it."
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_mnist(folder: str | PathLike[str], part: str) -> tuple[Bytes, Bytes]:
    """Read the images of one part of MNIST and their labels.

    Parameters
    ----------
    folder : str or path
        Where the files lie: ``<part>-images-idx3-ubyte`` and ``<part>-labels-idx1-ubyte``, each with or without
        ``.gz``.
    part : str
        ``"train"`` or ``"t10k"``.

    Returns
    -------
    images : ndarray of uint8, shape (N, 28, 28)
    labels : ndarray of uint8, shape (N,)
        Numbers from 0 to 9.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged, or the two do not belong together.
    """
    image_path, label_path = _find(folder, f"{part}-images-idx3-ubyte"), _find(folder, f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(image_path, ndim=3), read_idx(label_path, ndim=1)
    if len(images) != len(labels):
        raise ValueError(f"{image_path} holds {len(images)} images, but {label_path.name} {len(labels)} labels.")
    if len(images) == 0:
        raise ValueError(f"{image_path} holds no images.")
    if images.shape[1:] != (28, 28):
        raise ValueError(f"{image_path}: images of {images.shape[1]} x {images.shape[2]} pixels; digits have 28 x 28.")
    if labels.max() > 9:
        where = int(labels.argmax())
        raise ValueError(f"{label_path}: label {labels[where]} at {where}; digits have labels from 0 to 9.")
    return images, labels


def _find(folder: str | PathLike[str], name: str) -> Path:
    candidates = [Path(folder, name), Path(folder, name + ".gz")]
    for path in candidates:
        if path.is_file():
            return path
    raise FileNotFoundError(f"Neither {name} nor {name}.gz is in {folder}.")


def _content(path: Path) -> bytes:
    """The bytes of a file, decompressed if its name says that they are compressed."""
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            return file.read()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: not a whole gzip file ({error}).") from error
