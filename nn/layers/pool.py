"""Layers that shrink or enlarge images and signals without parameters."""

from __future__ import annotations

from typing import Any

from autograd_lite import Tensor

from .. import functional as F
from ..functional.window import Pair, check_resizing
from ..module import Module, arguments


class _Pool(Module):
    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False) -> None:
        self.kernel_size, self.padding, self.ceil_mode = kernel_size, padding, ceil_mode
        self.stride = kernel_size if stride is None else stride

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(
            kernel_size=(self.kernel_size, None),
            stride=(self.stride, self.kernel_size),
            padding=(self.padding, 0),
            ceil_mode=(self.ceil_mode, False),
        )


class MaxPool2d(_Pool):
    """The maximum of each window (Deep Learning from Scratch, section 7.3). Padding never wins.

    Parameters
    ----------
    kernel_size : int or pair of int
    stride : int or pair of int, optional
        By default windows do not overlap.
    padding : int or pair of int
    ceil_mode : bool
        Let a last window hang over the edge, instead of leaving the rest out.
    dilation : int or pair of int
        The step inside a window.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> nn.MaxPool2d(2)(np.zeros((100, 30, 24, 24), np.float32)).shape
    (100, 30, 12, 12)
    """

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
        dilation: Pair = 1,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.dilation: Any = dilation  # one number where windows are of signals

    def forward(self, x: Any) -> Tensor:
        """(N, C, H, W) to (N, C, OH, OW)."""
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.dilation)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(super().extra_repr(), dilation=(self.dilation, 1))


class MaxPool1d(MaxPool2d):
    """The maximum of each window of a signal."""

    def forward(self, x: Any) -> Tensor:
        """(N, C, L) to (N, C, OL)."""
        return F.max_pool1d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.dilation)


class AvgPool2d(_Pool):
    """The mean of each window.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode
        As for :class:`MaxPool2d`.
    count_include_pad : bool
        Whether padding counts as zeros, or not at all.
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.count_include_pad = count_include_pad

    def forward(self, x: Any) -> Tensor:
        """(N, C, H, W) to (N, C, OH, OW)."""
        sizes = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        return F.avg_pool2d(x, *sizes)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(super().extra_repr(), count_include_pad=(self.count_include_pad, True))


class AvgPool1d(AvgPool2d):
    """The mean of each window of a signal."""

    def forward(self, x: Any) -> Tensor:
        """(N, C, L) to (N, C, OL)."""
        sizes = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        return F.avg_pool1d(x, *sizes)


class AdaptiveAvgPool2d(Module):
    """Means of windows chosen so that the result has ``output_size``; None keeps a length. ``1`` averages it all."""

    def __init__(self, output_size: int | tuple[int | None, int | None]) -> None:
        self.output_size = output_size

    def forward(self, x: Any) -> Tensor:
        """(N, C, H, W) to (N, C, *output_size)."""
        return F.adaptive_avg_pool2d(x, self.output_size)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"{self.output_size}"


class AdaptiveAvgPool1d(Module):
    """Means of windows chosen so that a signal gets the length ``output_size``."""

    def __init__(self, output_size: int) -> None:
        self.output_size = output_size

    def forward(self, x: Any) -> Tensor:
        """(N, C, L) to (N, C, output_size)."""
        return F.adaptive_avg_pool1d(x, self.output_size)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"{self.output_size}"


class Upsample(Module):
    """Resize images by copying the nearest pixel, or by mixing the four around (bilinear).

    Parameters
    ----------
    size : int or pair of int, optional
        Of the result; or give ``scale_factor``.
    mode : {"nearest", "bilinear"}
    """

    def __init__(
        self,
        size: Pair | None = None,
        scale_factor: float | tuple[float, float] | None = None,
        mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:
        check_resizing(size, scale_factor, mode)
        self.size, self.scale_factor, self.mode, self.align_corners = size, scale_factor, mode, align_corners

    def forward(self, x: Any) -> Tensor:
        """(N, C, H, W) to (N, C, OH, OW)."""
        return F.interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(
            size=(self.size, None),
            scale_factor=(self.scale_factor, None),
            mode=(self.mode, "nearest"),
            align_corners=(self.align_corners, False),
        )
