"""Data in batches: shuffled by a seed, and resumed where a killed run stopped."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from operator import index as as_int
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError, StateError
from ..random import generator

Array = NDArray[Any]
Transform = Callable[[Array, np.random.Generator], Array]


class Dataset(Protocol):
    """Anything with a length that gives sample number ``index``: an array, a number, or a tuple of such."""

    def __len__(self) -> int:
        """Return how many samples there are."""

    def __getitem__(self, index: int, /) -> Any:
        """Return one sample."""


class ArrayDataset:
    """Arrays side by side: sample ``i`` is the tuple of their ``i``-th elements (PyTorch's ``TensorDataset``).

    Parameters
    ----------
    *arrays : array_like
        One or more, all of the same length, such as images and labels.

    Raises
    ------
    ValueError
        If there are no arrays, one has no axis, or their lengths differ.

    Examples
    --------
    >>> data = ArrayDataset([[0.0, 0.1], [1.0, 1.1], [2.0, 2.1]], [7, 8, 9])
    >>> len(data), data[1]
    (3, (array([1. , 1.1]), np.int64(8)))
    """

    def __init__(self, *arrays: Any) -> None:
        self.arrays = tuple(np.asarray(array) for array in arrays)
        if not self.arrays:
            raise ValueError("ArrayDataset needs at least one array.")
        for array in self.arrays:
            if array.ndim == 0:
                raise ValueError(f"ArrayDataset takes arrays of samples, not the single value {array}.")
        if len({len(array) for array in self.arrays}) > 1:
            shapes = ", ".join(str(array.shape) for array in self.arrays)
            raise ValueError(f"ArrayDataset: arrays of different length do not belong together: shapes {shapes}.")

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        """Return one sample, or with a slice or an array of indices a batch of them."""
        return tuple(array[index] for array in self.arrays)

    def __repr__(self) -> str:
        return f"ArrayDataset({', '.join(f'{a.dtype} {a.shape}' for a in self.arrays)})"


class DataLoader:
    """The samples of a data set in batches; iterating over it is one pass (an epoch).

    Every random decision follows from three numbers: the seed, the number of the pass, and the number of the batch in
    it. They are the whole state, so a run that was killed goes on bit for bit where it stopped::

        saved = loader.state_dict()       # at any moment, also within a pass
        ...
        loader.load_state_dict(saved)     # in the new process
        for images, labels in loader:     # the batches that were still to come
            ...

    A pass that was left early is over: the next one starts from the beginning, in another order. Of passes within one
    another, the state is that of the one that moved last.

    Parameters
    ----------
    data : array, tuple or list of arrays, or Dataset
        Arrays are cut into batches directly; samples of a :class:`Dataset` are fetched one by one and stacked.
    batch_size : int
        How many samples make a batch; the last one of a pass may be smaller.
    shuffle : bool
        Put the samples into a new order for each pass.
    drop_last : bool
        Leave out a last batch that is not full.
    seed : int or Generator, optional
        What all randomness follows from. A Generator is asked for one, once; by default the shared one, which
        :func:`nn.manual_seed` starts.
    transform : callable, optional
        ``transform(inputs, rng)`` changes the first array of each batch, as :mod:`nn.data.transforms` do.

    Attributes
    ----------
    epoch : int
        How many passes are behind us.

    Raises
    ------
    ValueError
        If there are no samples.
    SettingError
        If ``batch_size`` is not positive, or ``drop_last`` would leave no batch.

    Examples
    --------
    >>> loader = DataLoader((np.arange(5), np.arange(5) ** 2), batch_size=2, shuffle=True, seed=0)
    >>> for x, y in loader:
    ...     print(x, y)
    [0 3] [0 9]
    [2 1] [4 1]
    [4] [16]
    """

    def __init__(
        self,
        data: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        seed: int | np.random.Generator | None = None,
        transform: Transform | None = None,
    ) -> None:
        self.dataset = _as_dataset(data)
        self.batch_size = as_int(batch_size)
        self.shuffle, self.drop_last, self.transform = shuffle, drop_last, transform
        if self.batch_size < 1:
            raise SettingError(f"DataLoader: batch_size must be 1 or more, not {batch_size}.")
        if len(self.dataset) == 0:
            raise ValueError("DataLoader: the data set is empty.")
        if len(self) == 0:
            raise SettingError(
                f"DataLoader: {len(self.dataset)} samples make no batch of {batch_size}, and drop_last drops the rest."
            )
        self.seed = _as_seed(seed)
        self.epoch = 0
        self._batch = 0  # how many batches of this pass were handed out
        self._resumes = False  # whether the next pass goes on from there

    def __len__(self) -> int:
        """Return the number of batches in a pass."""
        batches = len(self.dataset) / self.batch_size
        return math.floor(batches) if self.drop_last else math.ceil(batches)

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        if self._batch and not self._resumes:
            self.epoch, self._batch = self.epoch + 1, 0
        self._resumes = False
        return self._batches(self.epoch, self._batch)

    def _batches(self, epoch: int, first: int) -> Iterator[tuple[Array, ...]]:
        count = len(self.dataset)
        order = self._rng(epoch).permutation(count) if self.shuffle else np.arange(count)
        for number in range(first, len(self)):
            # Before it is handed out: who saves the state meanwhile, has it. Another pass may have been made since.
            self.epoch, self._batch = epoch, number + 1
            yield self._fetch(order[number * self.batch_size :][: self.batch_size], epoch, number)
        self.epoch, self._batch = epoch + 1, 0

    def _fetch(self, indices: NDArray[np.int64], epoch: int, number: int) -> tuple[Array, ...]:
        if isinstance(self.dataset, ArrayDataset):
            batch = self.dataset[indices]
        else:
            batch = _stack([self.dataset[i] for i in indices.tolist()], indices)
        if self.transform is None:
            return batch
        return self.transform(batch[0], self._rng(epoch, number + 1)), *batch[1:]

    def _rng(self, *place: int) -> np.random.Generator:
        """Randomness of one pass, or of one batch in it, independent of all others."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=place))

    def state_dict(self) -> dict[str, int]:
        """Return the seed and the place reached: the pass and how many of its batches were handed out."""
        return {"seed": self.seed, "epoch": self.epoch, "batch": self._batch}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on from where :meth:`state_dict` was called, given the same data and arguments.

        Raises
        ------
        StateError
            If ``state`` is not such a state; nothing is changed then.
        """
        if set(state) != {"seed", "epoch", "batch"}:
            raise StateError(f"DataLoader: a state has seed, epoch and batch, but this one has {', '.join(state)}.")
        seed, epoch, batch = (as_int(state[key]) for key in ("seed", "epoch", "batch"))
        if min(seed, epoch) < 0 or not 0 <= batch <= len(self):
            raise StateError(
                f"DataLoader: seed {seed}, epoch {epoch}, batch {batch} is no place in passes of {len(self)} batches."
            )
        self.seed, self.epoch, self._batch, self._resumes = seed, epoch, batch, True


def _as_dataset(data: Any) -> Dataset:
    if isinstance(data, np.ndarray):
        return ArrayDataset(data)
    if isinstance(data, tuple) or (isinstance(data, list) and all(isinstance(part, np.ndarray) for part in data)):
        return ArrayDataset(*data) if data else ArrayDataset([])
    if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        return data  # type: ignore[no-any-return]
    raise TypeError(f"DataLoader takes arrays, or a data set with a length and numbered samples, not {type(data)}.")


def _as_seed(seed: int | np.random.Generator | None) -> int:
    if seed is None or isinstance(seed, np.random.Generator):
        return int(generator(seed).integers(2**63))
    if as_int(seed) < 0:
        raise SettingError(f"DataLoader: a seed cannot be negative: {seed}.")
    return as_int(seed)


def _stack(samples: list[Any], indices: NDArray[np.int64]) -> tuple[Array, ...]:
    """Turn samples into one array for each of their parts."""
    rows = [sample if isinstance(sample, tuple) else (sample,) for sample in samples]
    first = [np.shape(part) for part in rows[0]]
    for row, number in zip(rows, indices, strict=True):
        if (shapes := [np.shape(part) for part in row]) != first:
            raise ValueError(
                f"DataLoader: samples {indices[0]} and {number} have shapes {first} and {shapes}; a batch needs one."
            )
    return tuple(np.stack(parts) for parts in zip(*rows, strict=True))
