"""What several functions need: tensors from anything, and the last step of every loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd_lite import Tensor

from ..errors import SettingError

TensorLike = Tensor | ArrayLike


def as_tensor(value: Any) -> Tensor:
    """``value`` itself if it is a tensor, else a tensor of its values."""
    return value if isinstance(value, Tensor) else Tensor(value)


def as_array(value: Any) -> np.ndarray:
    """The values of ``value``, outside any graph."""
    return value.data if isinstance(value, Tensor) else np.asarray(value)


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The mean or the sum of all losses, or each of them."""
    check_reduction(reduction)
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()


def check_reduction(reduction: str) -> None:
    """Refuse what is none of the three reductions."""
    if reduction not in ("mean", "sum", "none"):
        raise SettingError(f"reduction is 'mean', 'sum' or 'none', not {reduction!r}.")


def share(p: float, name: str) -> float:
    """``p`` if it is a probability."""
    if not 0 <= p <= 1:
        raise SettingError(f"{name} must lie between 0 and 1, not be {p}.")
    return p
