"""Layers that multiply by a matrix."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import ShapeError, Tensor, shape

from .. import functional as F
from .. import init
from ..checks import at_least_one
from ..errors import SettingError
from ..module import Module, arguments
from ..parameter import LazyParameter, Parameter
from ..random import Rng, generator


def uniform(
    shape: tuple[int, ...], fan_in: int, dtype: DTypeLike, rng: Rng, order: Literal["C", "F"] = "C"
) -> Parameter:
    """PyTorch's first values for weights and biases alike: even between -1/sqrt(fan_in) and 1/sqrt(fan_in)."""
    bound = 1 / math.sqrt(max(fan_in, 1))
    return init.uniform_(Parameter(np.empty(shape, dtype, order)), -bound, bound, rng)


class Linear(Module):
    """``y = x @ weight.T + bias``, the fully connected layer (Affine, in Deep Learning from Scratch, section 5.6).

    Works on the last axis. :class:`Affine` takes images and flattens them first.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
    dtype : dtype
    rng : Generator or int, optional
        Source of the first values, even between -1/sqrt(in_features) and 1/sqrt(in_features) as in PyTorch; by default
        the generator of :func:`nn.manual_seed`. See :mod:`nn.init` for others.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
    bias : Parameter, shape (out_features,), or None

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> nn.Linear(4, 3)(np.ones((5, 4), np.float32)).shape
    (5, 3)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, dtype: DTypeLike = np.float32, rng: Rng = None
    ) -> None:
        at_least_one(in_features=in_features, out_features=out_features)
        rng = generator(rng)
        self.out_features = out_features
        # In memory it lies transposed, because then the product with it is fastest.
        self.weight = uniform((out_features, in_features), in_features, dtype, rng, order="F")
        self.bias = uniform((out_features,), in_features, dtype, rng) if bias else None

    @property
    def in_features(self) -> int:
        """Length of the last axis of inputs; 0 if it is not known yet."""
        return self.weight.shape[-1]

    def forward(self, x: Any) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        try:
            return F.linear(x, self.weight, self.bias)
        except ShapeError:
            given = shape(x)
            if given[-1:] == (self.in_features,):
                raise
            flat = len(given) > 2 and math.prod(given[1:]) == self.in_features
            advice = " Put a Flatten() before, or use Affine." if flat else ""
            raise ShapeError(f"expected input (..., {self.in_features}), got {given}.{advice}") from None

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(self.in_features, self.out_features, bias=(self.bias is not None, True))


class Affine(Linear):
    """:class:`Linear` that flattens each sample first, as the book's Affine layer does.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> nn.Affine(48, 10)(np.ones((5, 3, 4, 4), np.float32)).shape
    (5, 10)
    """

    def forward(self, x: Any) -> Tensor:
        """(N, ...) to (N, out_features)."""
        x = x if isinstance(x, Tensor) else Tensor(x)
        return super().forward(x.flatten(1) if x.ndim > 2 else x)


class LazyLinear(Linear):
    """:class:`Linear` that takes ``in_features`` from its first input.

    Use the model once before counting or saving its parameters.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> layer = nn.LazyLinear(3)
    >>> layer(np.ones((5, 4), np.float32)).shape, layer
    ((5, 3), LazyLinear(4, 3))
    """

    def __init__(self, out_features: int, bias: bool = True, dtype: DTypeLike = np.float32, rng: Rng = None) -> None:
        at_least_one(out_features=out_features)
        self.out_features, self._rng = out_features, rng
        self.weight: Parameter = LazyParameter((out_features, None), dtype)
        self.bias = Parameter(np.zeros(out_features, dtype)) if bias else None

    def forward(self, x: Any) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        if self.weight.awaits_shape:
            self._materialize(shape(x))
        return super().forward(x)

    def _materialize(self, given: tuple[int, ...]) -> None:
        """Make the first values for an input of the shape ``given``."""
        if not given:
            raise ShapeError("expected input (..., in_features), got a single number.")
        rng = generator(self._rng)
        made = Linear(given[-1], self.out_features, self.bias is not None, self.weight.dtype, rng)
        self.weight.become(made.weight)
        if self.bias is not None:
            self.bias.become(made.bias)


class Bilinear(Module):
    """``y[o] = x1 @ weight[o] @ x2 + bias[o]``.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in1_features, in2_features)
    bias : Parameter, shape (out_features,), or None
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        at_least_one(in1_features=in1_features, in2_features=in2_features, out_features=out_features)
        rng = generator(rng)
        self.weight = uniform((out_features, in1_features, in2_features), in1_features, dtype, rng)
        self.bias = uniform((out_features,), in1_features, dtype, rng) if bias else None

    def forward(self, x1: Any, x2: Any) -> Tensor:
        """(..., in1_features) and (..., in2_features) to (..., out_features)."""
        return F.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        out, in1, in2 = self.weight.shape
        return arguments(in1, in2, out, bias=(self.bias is not None, True))


class Embedding(Module):
    """A table of vectors, looked up by number.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        Rows and columns of the table; it starts with standard normal numbers.
    padding_idx : int, optional
        A row that starts as zeros and is not learnt.

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim)

    Examples
    --------
    >>> import nn
    >>> nn.Embedding(10, 4)([[1, 2, 3]]).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        at_least_one(num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise SettingError(f"padding_idx {padding_idx} is no row of a table of {num_embeddings}.")
        self.padding_idx = padding_idx
        self.weight = init.normal_(Parameter(np.empty((num_embeddings, embedding_dim), dtype)), rng=rng)
        if padding_idx is not None:
            values = self.weight.data.copy()
            values[padding_idx] = 0
            self.weight.become(values)

    def forward(self, numbers: Any) -> Tensor:
        """Whole numbers (...) to vectors (..., embedding_dim)."""
        return F.embedding(numbers, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(*self.weight.shape, padding_idx=(self.padding_idx, None))
