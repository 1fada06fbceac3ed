"""How good answers are, for people to read. All take scores (N, C) and labels, as arrays or tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite import ShapeError

from .errors import LabelError, SettingError
from .functional._common import as_array
from .functional.labels import check_range, class_numbers

Metric = Callable[[Any, Any], float]


def _checked(scores: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    scores = as_array(scores)
    if scores.ndim != 2 or not scores.size:
        raise ShapeError(f"Scores of shape (N, C) are needed, and at least one row; got {scores.shape}.")
    numbers = _numbers(labels, scores.shape)
    check_range(numbers, scores.shape[1])
    return scores, numbers


def _numbers(labels: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Class numbers (N,) of labels for scores of ``shape`` (N, C); of probabilities, the class of the highest."""
    numbers = class_numbers(labels, shape[:1], shape[1])
    return as_array(labels).argmax(axis=1) if numbers is None else numbers


def accuracy(scores: Any, labels: Any) -> float:
    """Share of rows whose highest score is that of the label; of several alike, the first counts as the highest.

    A label whose score is not a number counts as wrong.

    Parameters
    ----------
    scores : array_like, shape (N, C)
    labels : array_like, shape (N,) or one-hot (N, C)

    Examples
    --------
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    return _share_among_best(scores, labels, 1)


def top_k_accuracy(k: int) -> Metric:
    """The metric that counts a row as right if its label is among its ``k`` highest scores; else as :func:`accuracy`.

    Examples
    --------
    >>> top_k_accuracy(2)([[0.1, 0.5, 0.4], [0.3, 0.5, 0.2]], [2, 2])
    0.5
    """
    if k < 1:
        raise SettingError(f"k must be at least 1, not {k}.")

    def metric(scores: Any, labels: Any) -> float:
        return _share_among_best(scores, labels, k)

    metric.__name__ = f"top_{k}_accuracy"
    return metric


def _share_among_best(scores: Any, labels: Any, k: int) -> float:
    scores, numbers = _checked(scores, labels)
    classes, column = np.arange(scores.shape[1]), numbers.astype(np.int64)[:, None]
    own = scores[np.arange(len(scores))[:, None], column]
    # Comparisons with NaN are false, so it is ahead of all others, and all, itself included, are ahead of it.
    ahead = ~np.where(classes < column, scores < own, scores <= own)
    return float((ahead.sum(axis=1) < min(k, len(classes))).mean())


def confusion_matrix(predicted: Any, labels: Any, classes: int | None = None) -> np.ndarray:
    """How often each class (row) was taken for each (column).

    Parameters
    ----------
    predicted : array_like
        Class numbers, shape (N,), or scores, shape (N, C).
    labels : array_like
        Class numbers, shape (N,), or one-hot rows, shape (N, C).
    classes : int, optional
        How many there are; by default as many as are seen.

    Raises
    ------
    LabelError
        If there is not one of each a sample, or a number is no class.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1], [0, 1, 0])
    array([[1, 1],
           [0, 1]])
    """
    given = {"predicted": as_array(predicted), "labels": as_array(labels)}
    for name, array in given.items():
        if array.ndim == 2 and array.shape[1] == 1:
            raise LabelError(f"{name} has shape {array.shape}: for class numbers in a column, pass {name}.reshape(-1).")
        if array.ndim == 1 and array.size and array.dtype.kind not in "biu":
            raise LabelError(f"{name} holds class numbers, which must be whole, but these are {array.dtype}.")
    seen, true = given.values()
    if seen.shape[:1] != true.shape[:1] or not {seen.ndim, true.ndim} <= {1, 2}:
        raise LabelError(
            f"Predictions {seen.shape} and labels {true.shape} must be class numbers, one a sample, or rows."
        )
    if classes is None:
        classes = max((array.shape[1] for array in (seen, true) if array.ndim == 2), default=None)
    seen = seen.argmax(axis=1) if seen.ndim == 2 else seen
    true = _numbers(true, true.shape) if true.ndim == 2 else true
    if classes is None:
        classes = max((int(array.max()) for array in (seen, true) if array.size), default=-1) + 1
    check_range(true, classes)
    check_range(seen, classes)
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (true.astype(np.int64), seen.astype(np.int64)), 1)
    return counts


class RunningMean:
    """The mean of numbers that come one by one or batch by batch.

    Examples
    --------
    >>> loss = RunningMean()
    >>> loss.update(1.0, count=100)  # the mean over a batch of 100
    >>> loss.update(4.0, count=50)
    >>> loss.value
    2.0
    """

    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def update(self, value: Any, count: int = 1) -> None:
        """Take in ``value``, the mean of ``count`` numbers."""
        if count < 0:
            raise SettingError(f"A mean of {count} numbers cannot be taken in.")
        if count:
            self.total += float(as_array(value)) * count
            self.count += count

    @property
    def value(self) -> float:
        """The mean so far; not a number if there was none."""
        return self.total / self.count if self.count else float("nan")

    def __repr__(self) -> str:
        return f"RunningMean({self.value:g} of {self.count})"
