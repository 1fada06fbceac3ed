"""Layers that slide filters over images and signals."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import ShapeError, Tensor, shape

from .. import functional as F
from ..checks import at_least_one, lengths
from ..errors import SettingError
from ..functional.window import Padding, Pair
from ..module import Module, arguments
from ..parameter import LazyParameter, Parameter
from ..random import Rng, generator
from .linear import uniform


class _Conv(Module):
    """What all convolutions share: parameters, their first values, checks, looks."""

    axes: ClassVar[int]
    transposed: ClassVar[bool] = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        at_least_one(in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            raise SettingError(f"groups={groups} must divide {in_channels} input and {out_channels} output channels.")
        kernel = lengths(kernel_size, "kernel_size") * (1 if np.ndim(kernel_size) else self.axes)
        if len(kernel) != self.axes:
            raise SettingError(f"kernel_size must be a number or {self.axes} numbers, not {kernel_size!r}.")
        self.out_channels, self.groups = out_channels, groups
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        rng = generator(rng)
        self.weight = self._first_weight(in_channels, kernel, dtype, rng)
        self.bias = self._first_bias(dtype, rng) if bias else None

    def _first_weight(self, in_channels: int, kernel: tuple[int, ...], dtype: DTypeLike, rng: Rng) -> Parameter:
        outer, inner = (in_channels, self.out_channels) if self.transposed else (self.out_channels, in_channels)
        return uniform((outer, inner // self.groups, *kernel), inner // self.groups * math.prod(kernel), dtype, rng)

    def _first_bias(self, dtype: DTypeLike, rng: Rng) -> Parameter:
        return uniform((self.out_channels,), math.prod(self.weight.shape[1:]), dtype, rng)

    @property
    def in_channels(self) -> int:
        """Channels of the input; 0 if they are not known yet."""
        return self.weight.shape[0] if self.transposed or self.weight.ndim == 1 else self.weight.shape[1] * self.groups

    def _check(self, x: Any) -> None:
        given = shape(x)
        if len(given) != self.axes + 2 or given[1] != self.in_channels:
            axes = "H, W" if self.axes == 2 else "L"
            raise ShapeError(f"expected input (N, {self.in_channels}, {axes}), got {given}.")

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(
            self.in_channels,
            self.out_channels,
            kernel_size=(self.kernel_size, None),
            stride=(self.stride, 1),
            padding=(self.padding, 0),
            dilation=(self.dilation, 1),
            groups=(self.groups, 1),
            bias=(self.bias is not None, True),
        )


class Conv2d(_Conv):
    """Convolution of images with filters to be learnt (Deep Learning from Scratch, section 7.2).

    Parameters
    ----------
    in_channels, out_channels : int
        The number of filters is ``out_channels``.
    kernel_size, stride, dilation : int or pair of int
    padding : int, pair of int, "valid" or "same"
        Zeros around the image; ``"same"`` keeps its size.
    groups : int
        Channels are split into so many groups, each with filters of its own.
    bias : bool
    dtype : dtype
    rng : Generator or int, optional
        Source of the first values, even between -1/sqrt(n) and 1/sqrt(n) for n weights per filter, as in PyTorch.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels // groups, KH, KW)
    bias : Parameter, shape (out_channels,), or None

    Raises
    ------
    ShapeError
        If an input has other channels, or is smaller than the filters.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> nn.Conv2d(1, 30, 5)(np.zeros((100, 1, 28, 28), np.float32)).shape
    (100, 30, 24, 24)
    """

    axes = 2

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Padding = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, dtype, rng)

    def forward(self, x: Any) -> Tensor:
        """(N, in_channels, H, W) to (N, out_channels, OH, OW)."""
        self._check(x)
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Convolution of signals (N, in_channels, L) with filters to be learnt; arguments as for :class:`Conv2d`.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels // groups, K)
    bias : Parameter, shape (out_channels,), or None
    """

    axes = 1

    def forward(self, x: Any) -> Tensor:
        """(N, in_channels, L) to (N, out_channels, OL)."""
        self._check(x)
        return F.conv1d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class _LazyConv(_Conv):
    """A convolution whose weight is made for the first input."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        super().__init__(groups, out_channels, kernel_size, stride, padding, dilation, groups, bias, dtype, rng)
        self._kernel, self._rng = self.weight.shape[2:], rng
        self.weight = LazyParameter((out_channels, None, *self._kernel), dtype)

    def forward(self, x: Any) -> Tensor:
        """As for the convolution that it becomes."""
        if self.weight.awaits_shape and len(given := shape(x)) == self.axes + 2:
            self._materialize(given)
        y: Tensor = super().forward(x)
        return y

    def _materialize(self, given: tuple[int, ...]) -> None:
        """Make the first values for an input of the shape ``given``."""
        if given[1] % self.groups:
            raise ShapeError(f"groups={self.groups} must divide the channels of the input, got {given}.")
        dtype, rng = self.weight.dtype, generator(self._rng)
        self.weight.become(self._first_weight(given[1], self._kernel, dtype, rng))
        if self.bias is not None:
            self.bias.become(self._first_bias(dtype, rng))


class LazyConv2d(_LazyConv, Conv2d):
    """:class:`Conv2d` that takes ``in_channels`` from its first input; its arguments begin with ``out_channels``.

    Use the model once before counting or saving its parameters.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> layer = nn.LazyConv2d(8, 3)
    >>> layer(np.zeros((1, 3, 6, 6), np.float32)).shape, layer
    ((1, 8, 4, 4), LazyConv2d(3, 8, kernel_size=3))
    """


class LazyConv1d(_LazyConv, Conv1d):
    """:class:`Conv1d` that takes ``in_channels`` from its first input; its arguments begin with ``out_channels``."""


class _ConvTranspose(_Conv):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, dtype, rng)
        self.output_padding = output_padding

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(super().extra_repr(), output_padding=(self.output_padding, 0))


class ConvTranspose2d(_ConvTranspose):
    """The adjoint of a convolution: from small images to large ones.

    Parameters
    ----------
    kernel_size, stride, padding, dilation : int or pair of int
        Those of the convolution that this one reverses the sizes of.
    output_padding : int or pair of int
        Rows and columns more at the end, where several sizes would do.

    Attributes
    ----------
    weight : Parameter, shape (in_channels, out_channels // groups, KH, KW)
    bias : Parameter, shape (out_channels,), or None

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> nn.ConvTranspose2d(8, 3, 2, stride=2)(np.zeros((1, 8, 14, 14), np.float32)).shape
    (1, 3, 28, 28)
    """

    axes = 2

    def forward(self, x: Any) -> Tensor:
        """(N, in_channels, H, W) to (N, out_channels, OH, OW)."""
        self._check(x)
        sizes = self.stride, self.padding, self.output_padding, self.groups, self.dilation
        return F.conv_transpose2d(x, self.weight, self.bias, *sizes)


class ConvTranspose1d(_ConvTranspose):
    """The adjoint of a convolution of signals; arguments as for :class:`ConvTranspose2d`."""

    axes = 1

    def forward(self, x: Any) -> Tensor:
        """(N, in_channels, L) to (N, out_channels, OL)."""
        self._check(x)
        sizes = self.stride, self.padding, self.output_padding, self.groups, self.dilation
        return F.conv_transpose1d(x, self.weight, self.bias, *sizes)
