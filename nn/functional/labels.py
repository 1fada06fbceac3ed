"""Labels in their two forms, class numbers and probabilities, told apart and checked in one place."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite import Tensor

from ..errors import LabelError
from ._common import as_array


def class_numbers(target: Any, shape: tuple[int, ...], classes: int) -> np.ndarray | None:
    """``target`` as class numbers of ``shape``, from numbers or integer one-hot rows; None if it holds probabilities.

    ``shape`` is the shape of the scores without their axis of ``classes``; probabilities and one-hot rows have their
    classes along the last axis. Ranges are not checked here: see :func:`check_range`.
    """
    labels = as_array(target)
    whole = labels.dtype.kind in "biu"
    if labels.shape == shape:
        if whole:
            return labels
        raise LabelError(
            f"Labels of shape {labels.shape} are class numbers, which must be whole, but these are {labels.dtype}. "
            "Convert them with labels.astype(int)."
        )
    if labels.shape != (*shape, classes):
        advice = ""
        if labels.shape == (*shape, 1):
            advice = " Labels in a column: pass labels.reshape(-1)." if len(shape) == 1 else " Leave out the last axis."
        raise LabelError(
            f"{classes} classes: expected class numbers of shape {shape}, or one-hot labels or probabilities of shape "
            f"{(*shape, classes)}, got {labels.shape}.{advice}"
        )
    if not whole:
        if labels.size and not (labels.min() >= -1e-6 and labels.max() <= 1 + 1e-6):
            wrong = labels[~((labels >= -1e-6) & (labels <= 1 + 1e-6))][0]
            raise LabelError(f"Probabilities lie between 0 and 1, but one label is {wrong}.")
        return None
    if classes == 1:
        raise LabelError(
            f"Labels of shape {labels.shape} with a single class could be class numbers or one-hot rows. For a yes/no "
            "question use binary_cross_entropy_with_logits; for class numbers pass labels.reshape(-1)."
        )
    if not ((labels == 0) | (labels == 1)).all() or not (labels.sum(-1) == 1).all():
        raise LabelError(
            f"Whole-number labels of shape {labels.shape} must be one-hot: a single 1 in each row, else 0."
        )
    numbers: np.ndarray = labels.argmax(axis=-1)
    return numbers


def check_range(labels: np.ndarray, classes: int) -> None:
    """Refuse labels that are no class."""
    # Negative numbers are large without their sign, so one comparison will do.
    if labels.size and np.maximum.reduce(labels.astype(np.uint64), axis=None) >= classes:
        wrong = labels[(labels < 0) | (labels >= classes)][0]
        raise LabelError(f"Label {wrong} is out of range: there are {classes} classes, 0 to {classes - 1}.")


def one_hot(labels: Any, num_classes: int = -1) -> Tensor:
    """Class numbers as rows with a single 1.

    Parameters
    ----------
    labels : array_like of int, shape (...)
    num_classes : int
        By default as many as are seen.

    Returns
    -------
    Tensor, shape (..., num_classes)

    Raises
    ------
    LabelError
        If a label is no class, or no whole number.

    Examples
    --------
    >>> one_hot([1, 0], 3)
    Tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    numbers = as_array(labels)
    if numbers.dtype.kind not in "biu":
        raise LabelError(f"one_hot takes class numbers, which must be whole, but these are {numbers.dtype}.")
    classes = int(numbers.max()) + 1 if num_classes < 0 else num_classes
    check_range(numbers, classes)
    return Tensor((numbers[..., None] == np.arange(classes)).astype(np.int64), copy=False)
