"""Layers that only arrange."""

from __future__ import annotations

import math
from typing import Any

from autograd_lite import ShapeError, Tensor

from .. import functional as F
from ..functional._common import TensorLike, as_tensor
from ..module import Module, arguments


class Identity(Module):
    """What comes in, goes out; a place to put something else. Takes any arguments."""

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        """Anything."""
        return x


class Flatten(Module):
    """All axes from ``start_dim`` to ``end_dim`` as one; by default all but the first.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> nn.Flatten()(np.zeros((100, 30, 12, 12), np.float32)).shape
    (100, 4320)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: TensorLike) -> Tensor:
        """(N, ...) to (N, product)."""
        return F.flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(start_dim=(self.start_dim, 1), end_dim=(self.end_dim, -1))


class Unflatten(Module):
    """One axis as several; -1 stands for the length that is left over.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> nn.Unflatten(1, (30, 12, 12))(np.zeros((100, 4320), np.float32)).shape
    (100, 30, 12, 12)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x: TensorLike) -> Tensor:
        """(..., product, ...) to (..., *unflattened_size, ...)."""
        x = as_tensor(x)
        dim = self.dim + x.ndim if self.dim < 0 else self.dim
        if not 0 <= dim < x.ndim:
            raise ShapeError(f"input {x.shape} has no axis {self.dim}.")
        known = math.prod(n for n in self.unflattened_size if n != -1)
        sizes = [x.shape[dim] // max(known, 1) if n == -1 else n for n in self.unflattened_size]
        return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"{self.dim}, {self.unflattened_size}"
