"""What several functions need: tensors from anything, and the last step of every loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd_lite import Tensor

from ..checks import one_of

TensorLike = Tensor | ArrayLike
REDUCTIONS = ("mean", "sum", "none")


def as_tensor(value: Any) -> Tensor:
    """``value`` itself if it is a tensor, else a tensor of its values."""
    return value if isinstance(value, Tensor) else Tensor(value)


def as_floating(value: Any) -> Tensor:
    """:func:`as_tensor`, with whole numbers in double precision: their fractions and negatives may be none."""
    x = as_tensor(value)
    return x.astype(np.float64) if x.dtype.kind in "biu" else x


def as_array(value: Any) -> np.ndarray:
    """The values of ``value``, outside any graph."""
    return value.data if isinstance(value, Tensor) else np.asarray(value)


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The mean or the sum of all losses, or each of them."""
    one_of(reduction, "reduction", REDUCTIONS)
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()
