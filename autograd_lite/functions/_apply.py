"""How the functions of this package take whatever looks like an array."""

from __future__ import annotations

from typing import Any

from ..function import Function
from ..tensor import Tensor, TensorLike, as_tensor


def apply(rule: Function, *inputs: Any) -> Tensor:
    """``rule`` of ``inputs``, of which at least one becomes a tensor. Python numbers stay weak: they widen no dtype."""
    if not any(isinstance(value, Tensor) for value in inputs):
        i = next((i for i, value in enumerate(inputs) if type(value) not in (bool, int, float, complex)), 0)
        inputs = (*inputs[:i], as_tensor(inputs[i]), *inputs[i + 1 :])
    return Tensor.apply(rule, inputs)


def plain(value: TensorLike) -> Any:
    """The array or NumPy scalar inside a tensor; anything else as it is."""
    return value._data if isinstance(value, Tensor) else value
