"""Activation functions as layers. Each calls the function of its name in :mod:`nn.functional`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import Tensor

from .. import functional as F
from ..checks import one_of
from ..module import Module, arguments
from ..parameter import Parameter


class _Plain(Module):
    """A layer with nothing to set."""

    def __init__(self, inplace: bool = False) -> None:
        """``inplace`` is accepted for programs that pass it; results never overwrite inputs."""


class ReLU(_Plain):
    """``max(x, 0)``.

    Examples
    --------
    >>> ReLU()([-1.0, 2.0])
    Tensor([0., 2.])
    """

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.relu(x)


class ReLU6(_Plain):
    """``min(max(x, 0), 6)``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.relu6(x)


class Sigmoid(_Plain):
    """``1 / (1 + exp(-x))``, which never overflows."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.sigmoid(x)


class LogSigmoid(_Plain):
    """``log(sigmoid(x))``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.logsigmoid(x)


class Tanh(_Plain):
    """``tanh(x)``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.tanh(x)


class Tanhshrink(_Plain):
    """``x - tanh(x)``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.tanhshrink(x)


class Softsign(_Plain):
    """``x / (1 + abs(x))``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.softsign(x)


class SiLU(_Plain):
    """``x * sigmoid(x)``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.silu(x)


class Mish(_Plain):
    """``x * tanh(softplus(x))``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.mish(x)


class Hardsigmoid(_Plain):
    """``clip(x / 6 + 1/2, 0, 1)``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.hardsigmoid(x)


class Hardswish(_Plain):
    """``x * hardsigmoid(x)``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.hardswish(x)


class SELU(_Plain):
    """Self-normalising ELU, with fixed scale and alpha."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.selu(x)


class GELU(Module):
    """``x`` times the normal distribution function at ``x``.

    Parameters
    ----------
    approximate : {"none", "tanh"}
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = one_of(approximate, "approximate", ("none", "tanh"))

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(approximate=(self.approximate, "none"))


class LeakyReLU(Module):
    """``x`` where it is positive, else ``negative_slope * x``."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"{self.negative_slope}"


class PReLU(Module):
    """Leaky relu with a slope that is learnt: one for all, or one for each of ``num_parameters`` channels (axis 1).

    Attributes
    ----------
    weight : Parameter, shape (num_parameters,)
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, dtype: DTypeLike = np.float32) -> None:
        self.weight = Parameter(np.full(num_parameters, init, dtype))

    def forward(self, x: Any) -> Tensor:
        """(N, C, ...), or any shape with a single parameter."""
        return F.prelu(x, self.weight)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"{self.weight.size}"


class ELU(Module):
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)``."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.elu(x, self.alpha)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"{self.alpha}"


class CELU(ELU):
    """``x`` where it is positive, else ``alpha * (exp(x / alpha) - 1)``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.celu(x, self.alpha)


class Softplus(Module):
    """``log(1 + exp(beta * x)) / beta``."""

    def __init__(self, beta: float = 1.0) -> None:
        self.beta = beta

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.softplus(x, self.beta)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"beta={self.beta}"


class Hardtanh(Module):
    """``x`` moved into the interval from ``min_val`` to ``max_val``."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        self.min_val, self.max_val = min_val, max_val

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"{self.min_val}, {self.max_val}"


class Softmax(Module):
    """``exp(x) / sum(exp(x))`` along ``dim``.

    Not before :class:`~nn.CrossEntropyLoss`, which takes the scores themselves.

    Examples
    --------
    >>> Softmax()([[1e4, 1e4]])
    Tensor([[0.5, 0.5]])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.softmax(x, self.dim)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"dim={self.dim}"


class Softmin(Softmax):
    """``softmax(-x)``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.softmin(x, self.dim)


class LogSoftmax(Softmax):
    """``log(softmax(x))``."""

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.log_softmax(x, self.dim)
