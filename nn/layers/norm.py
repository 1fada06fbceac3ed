"""Layers that keep signals at mean 0 and variance 1."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import ShapeError, Tensor, shape

from .. import functional as F
from ..checks import at_least_one, lengths
from ..errors import SettingError
from ..module import Module, arguments
from ..parameter import Buffer, Parameter


class _BatchNorm(Module):
    """What batch normalisation of any number of axes shares."""

    ndims: ClassVar[tuple[int, ...]]
    axes: ClassVar[str]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        at_least_one(num_features=num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(np.ones(num_features, dtype)) if affine else None
        self.bias = Parameter(np.zeros(num_features, dtype)) if affine else None
        self.running_mean = Buffer(np.zeros(num_features, dtype)) if track_running_stats else None
        self.running_var = Buffer(np.ones(num_features, dtype)) if track_running_stats else None
        self.num_batches_tracked = Buffer(0, np.int64) if track_running_stats else None

    def forward(self, x: Any) -> Tensor:
        """(N, num_features, ...) to the same shape."""
        given = shape(x)
        if len(given) not in self.ndims or given[1] != self.num_features:
            raise ShapeError(f"expected input (N, {self.num_features}{self.axes}), got {given}.")
        momentum = self.momentum
        if momentum is None:
            momentum = 1.0 if self.num_batches_tracked is None else 1 / (self.num_batches_tracked.item() + 1)
        running = self.running_mean, self.running_var
        y = F.batch_norm(x, *running, self.weight, self.bias, self.training, momentum, self.eps)
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.hold(self.num_batches_tracked._data + 1)
        return y

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(
            self.num_features,
            eps=(self.eps, 1e-5),
            momentum=(self.momentum, 0.1),
            affine=(self.weight is not None, True),
            track_running_stats=(self.running_mean is not None, True),
        )


class BatchNorm1d(_BatchNorm):
    """Normalise each feature by mean and variance of the batch (Ioffe and Szegedy 2015).

    In :meth:`~nn.Module.eval` mode by the running mean and variance, which each training batch moves.

    Parameters
    ----------
    num_features : int
    eps : float
        Added to the variance, inside the root. The book's value is 10e-7.
    momentum : float, optional
        Share by which the running statistics move: ``running = (1 - momentum) * running + momentum * batch``. The
        book counts the share that is kept: its 0.9 is 0.1 here. None takes the mean of all batches.
    affine : bool
        Whether a factor ``weight`` and a summand ``bias`` (gamma and beta, in the paper) are learnt.
    track_running_stats : bool
        False uses the batch in eval mode too.

    Attributes
    ----------
    weight, bias : Parameter, shape (num_features,), or None
    running_mean, running_var : Buffer, shape (num_features,), or None
        The variance is the unbiased one.
    num_batches_tracked : Buffer, a single number, or None

    Raises
    ------
    ShapeError
        In training, for a batch of one: it has no variance.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> y = nn.BatchNorm1d(1, eps=0.0)(np.array([[1.0], [3.0]], np.float32))
    >>> y.tolist()
    [[-1.0], [1.0]]
    """

    ndims, axes = (2, 3), " [, L]"


class BatchNorm2d(_BatchNorm):
    """Normalise each channel of images over batch, height and width; arguments as for :class:`BatchNorm1d`."""

    ndims, axes = (4,), ", H, W"


class LayerNorm(Module):
    """Normalise the last axes of each sample (Ba et al. 2016), alike in training and eval mode.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Lengths of the last axes.
    elementwise_affine, bias : bool
        Whether a factor and a summand are learnt.

    Attributes
    ----------
    weight, bias : Parameter, shape normalized_shape, or None
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        sizes = self.normalized_shape = lengths(normalized_shape, "normalized_shape")
        self.eps = eps
        self.weight = Parameter(np.ones(sizes, dtype)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(sizes, dtype)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Tensor:
        """(..., *normalized_shape) to the same shape."""
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        affine = self.weight is not None
        return arguments(
            self.normalized_shape,
            eps=(self.eps, 1e-5),
            elementwise_affine=(affine, True),
            bias=(self.bias is not None, affine),
        )


class RMSNorm(Module):
    """Divide the last axes of each sample by their root mean square (Zhang and Sennrich 2019).

    Attributes
    ----------
    weight : Parameter, shape normalized_shape, or None
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        sizes = self.normalized_shape = lengths(normalized_shape, "normalized_shape")
        self.eps = eps
        self.weight = Parameter(np.ones(sizes, dtype)) if elementwise_affine else None

    def forward(self, x: Any) -> Tensor:
        """(..., *normalized_shape) to the same shape."""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        affine = self.weight is not None
        return arguments(self.normalized_shape, eps=(self.eps, None), elementwise_affine=(affine, True))


class GroupNorm(Module):
    """Normalise each group of channels of each sample (Wu and He 2018).

    Attributes
    ----------
    weight, bias : Parameter, shape (num_channels,), or None
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        at_least_one(num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise SettingError(f"{num_groups} groups do not divide {num_channels} channels.")
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.weight = Parameter(np.ones(num_channels, dtype)) if affine else None
        self.bias = Parameter(np.zeros(num_channels, dtype)) if affine else None

    def forward(self, x: Any) -> Tensor:
        """(N, num_channels, ...) to the same shape."""
        given = shape(x)
        if len(given) < 2 or given[1] != self.num_channels:
            raise ShapeError(f"expected input (N, {self.num_channels}, ...), got {given}.")
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        affine = self.weight is not None
        return arguments(self.num_groups, self.num_channels, eps=(self.eps, 1e-5), affine=(affine, True))


class LocalResponseNorm(Module):
    """Divide each number by what its ``size`` neighbouring channels do, as AlexNet did.

    Parameters
    ----------
    size, alpha, beta, k
        As in :func:`nn.functional.local_response_norm`; the mean over channels is meant. The layer of Krizhevsky et
        al. 2012, which sums, is ``LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)``.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        at_least_one(size=size)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Any) -> Tensor:
        """(N, C, ...) to the same shape."""
        return F.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(self.size, alpha=(self.alpha, 1e-4), beta=(self.beta, 0.75), k=(self.k, 1.0))
