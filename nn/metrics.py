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
    numbers = class_numbers(labels, scores.shape[:1], scores.shape[1])
    numbers = as_array(labels).argmax(axis=1) if numbers is None else numbers
    check_range(numbers, scores.shape[1])
    return scores, numbers


def accuracy(scores: Any, labels: Any) -> float:
    """Share of rows whose highest score is that of the label.

    Parameters
    ----------
    scores : array_like, shape (N, C)
    labels : array_like, shape (N,) or one-hot (N, C)

    Examples
    --------
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    scores, numbers = _checked(scores, labels)
    return float((scores.argmax(axis=1) == numbers).mean())


def top_k_accuracy(k: int) -> Metric:
    """The metric that counts a row as right if its label is among its ``k`` highest scores.

    Examples
    --------
    >>> top_k_accuracy(2)([[0.1, 0.5, 0.4], [0.3, 0.5, 0.2]], [2, 2])
    0.5
    """
    if k < 1:
        raise SettingError(f"k must be at least 1, not {k}.")

    def metric(scores: Any, labels: Any) -> float:
        scores, numbers = _checked(scores, labels)
        own = np.take_along_axis(scores, numbers[:, None], axis=1)
        return float(((scores > own).sum(axis=1) < k).mean())

    metric.__name__ = f"top_{k}_accuracy"
    return metric


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
    given = as_array(predicted), as_array(labels)
    if classes is None:
        classes = max((array.shape[1] for array in given if array.ndim == 2), default=None)
    seen, true = (array.argmax(axis=1) if array.ndim == 2 else array for array in given)
    if seen.shape != true.shape or true.ndim != 1:
        raise LabelError(
            f"Predictions {given[0].shape} and labels {given[1].shape} must be class numbers, one a sample, or rows."
        )
    if classes is None:
        classes = int(max(seen.max(initial=-1), true.max(initial=-1))) + 1
    check_range(true, classes)
    check_range(seen, classes)
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (true, seen), 1)
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
