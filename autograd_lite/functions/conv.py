"""Convolution and pooling of images in the layout (N, C, H, W)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..ops import conv as rules
from ..tensor import Tensor, TensorLike, as_tensor

Pair = int | Sequence[int]


def conv2d(
    x: TensorLike,
    w: TensorLike,
    bias: TensorLike | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate images with filters, which is what networks call convolution.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    w : array_like, shape (O, C // groups, KH, KW)
    bias : array_like, shape (O,), optional
    stride, padding, dilation : int or pair of int
        Over height and width.
    groups : int
        Channels are split into so many groups, each with filters of its own.

    Returns
    -------
    Tensor, shape (N, O, OH, OW)
        ``OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1``, likewise OW.

    Raises
    ------
    ShapeError
        If dimensions or channels do not match, or a filter is larger than the padded image.

    Examples
    --------
    >>> conv2d([[[[1.0, 2.0], [3.0, 4.0]]]], [[[[1.0, 1.0]]]]).tolist()
    [[[[3.0], [7.0]]]]
    """
    x = _images(x, "conv2d")
    w = as_tensor(w)
    if w.ndim != 4:
        raise ShapeError(f"conv2d takes filters of shape (O, C, KH, KW), not {w.shape}.")
    if groups < 1 or w.shape[0] % groups or x.shape[1] != w.shape[1] * groups:
        raise ShapeError(
            f"conv2d: images {x.shape} have {x.shape[1]} channels; filters {w.shape} with groups={groups} need "
            f"{w.shape[1] * groups}, and a number of filters that {groups} divides."
        )
    geometry = (*_strides(stride, padding, dilation), groups)
    return x.apply(rules.Conv2d(geometry), (x, w, _bias(bias, w.shape[0], "conv2d")))


def conv_transpose2d(
    x: TensorLike,
    w: TensorLike,
    bias: TensorLike | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    groups: int = 1,
    dilation: Pair = 1,
) -> Tensor:
    """The adjoint of :func:`conv2d`: each element of ``x`` lays down the filter, weighted, on a larger image.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    w : array_like, shape (C, O // groups, KH, KW)
    bias : array_like, shape (O,), optional
    stride, padding, dilation, groups
        Those of the convolution.
    output_padding : int or pair of int
        Rows and columns more at the end, where several sizes would do.

    Returns
    -------
    Tensor, shape (N, O, OH, OW)
        ``OH = (H - 1) * stride - 2 * padding + dilation * (KH - 1) + output_padding + 1``, likewise OW.

    Raises
    ------
    ShapeError
        If dimensions or channels do not match, or nothing would be left of the image.

    Examples
    --------
    >>> conv_transpose2d([[[[1.0, 2.0]]]], [[[[1.0, 10.0]]]], stride=2).tolist()
    [[[[1.0, 10.0, 2.0, 20.0]]]]
    """
    x = _images(x, "conv_transpose2d")
    w = as_tensor(w)
    if w.ndim != 4 or x.shape[1] != w.shape[0] or groups < 1 or w.shape[0] % groups:
        raise ShapeError(
            f"conv_transpose2d: images {x.shape} need filters of shape ({x.shape[1]}, O, KH, KW), and groups that "
            f"divide the channels; got {w.shape} and groups={groups}."
        )
    strides = _strides(stride, padding, dilation)
    more = pair(output_padding, "output_padding")
    height, width = (
        (n - 1) * s - 2 * p + d * (k - 1) + 1 + e
        for n, k, s, p, d, e in zip(x.shape[2:], w.shape[2:], *strides, more, strict=True)
    )
    shape = (x.shape[0], w.shape[1] * groups, height, width)
    bias = _bias(bias, shape[1], "conv_transpose2d")
    if height < 1 or width < 1:
        raise ShapeError(f"conv_transpose2d would give images of {height} x {width}; the padding is too large.")
    y = x.apply(rules.Conv2dInput(shape, (*strides, groups)), (x, w))
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def im2col(x: TensorLike, kernel_size: Pair, stride: Pair = 1, padding: Pair = 0, *, dilation: Pair = 1) -> Tensor:
    """Each window of the images as a row of a matrix (Deep Learning from Scratch, section 7.4.2).

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    kernel_size : int or pair of int
        Height and width of the windows; the book has them as two arguments.
    stride, padding, dilation : int or pair of int
        The step between windows, the zeros around the images, and the step inside a window.

    Returns
    -------
    Tensor, shape (N * OH * OW, C * KH * KW)

    Examples
    --------
    >>> im2col([[[[1.0, 2.0], [3.0, 4.0]]]], kernel_size=(1, 2)).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    x = _images(x, "im2col")
    geometry = (pair(kernel_size, "kernel_size"), *_strides(stride, padding, dilation))
    return x.apply(rules.Im2col(geometry), (x,))


def col2im(
    columns: TensorLike,
    shape: tuple[int, int, int, int],
    kernel_size: Pair,
    stride: Pair = 1,
    padding: Pair = 0,
    *,
    dilation: Pair = 1,
) -> Tensor:
    """Put the rows that :func:`im2col` makes of images of ``shape`` back; where windows overlap they add up.

    The adjoint of ``im2col``, not its inverse.

    Parameters
    ----------
    columns : array_like, shape (N * OH * OW, C * KH * KW)
    shape : tuple of int
        (N, C, H, W).
    kernel_size, stride, padding, dilation
        As for ``im2col``.

    Raises
    ------
    ShapeError
        If images of this shape have other windows.

    Examples
    --------
    >>> col2im([[1.0, 1.0], [1.0, 1.0]], (1, 1, 1, 3), kernel_size=(1, 2)).tolist()
    [[[[1.0, 2.0, 1.0]]]]
    """
    columns = as_tensor(columns)
    geometry = (pair(kernel_size, "kernel_size"), *_strides(stride, padding, dilation))
    return columns.apply(rules.Col2im(tuple(shape), geometry), (columns,))


def max_pool2d(
    x: TensorLike,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    dilation: Pair = 1,
) -> Tensor:
    """The maximum of each window; padding never wins, and the first of ties takes the gradient.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    stride : int or pair of int, optional
        By default windows do not overlap.
    ceil_mode : bool
        Let a last window hang over the edge, instead of leaving the rest out.
    dilation : int or pair of int
        The step inside a window.

    Raises
    ------
    ShapeError
        If the window does not fit, or one would lie in the padding alone.

    Examples
    --------
    >>> max_pool2d([[[[1.0, 2.0], [3.0, 4.0]]]], 2).tolist()
    [[[[4.0]]]]
    """
    x = _images(x, "max_pool2d")
    geometry = (*_pooling(kernel_size, stride, padding, ceil_mode), pair(dilation, "dilation", 1))
    return x.apply(rules.MaxPool2d(geometry), (x,))


def avg_pool2d(
    x: TensorLike,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window; with ``count_include_pad`` padding counts as zeros, else not at all.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    kernel_size, stride, padding, ceil_mode
        As for :func:`max_pool2d`.

    Examples
    --------
    >>> avg_pool2d([[[[1.0, 2.0], [3.0, 4.0]]]], 2).tolist()
    [[[[2.5]]]]
    """
    x = _images(x, "avg_pool2d")
    geometry = (*_pooling(kernel_size, stride, padding, ceil_mode), count_include_pad)
    return x.apply(rules.AvgPool2d(geometry), (x,))


def _bias(bias: TensorLike | None, channels: int, name: str) -> Tensor | None:
    if bias is None:
        return None
    bias = as_tensor(bias)
    if bias.shape != (channels,):
        raise ShapeError(f"{name}: {channels} channels of output need a bias of shape ({channels},), not {bias.shape}.")
    return bias


def pair(value: Pair, name: str, least: int = 0) -> tuple[int, int]:
    """One number for height and width, or one for each."""
    numbers: list[Any] = [value, value] if np.ndim(value) == 0 else list(value)  # type: ignore[arg-type]
    if len(numbers) != 2 or any(not isinstance(n, int | np.integer) or n < least for n in numbers):
        raise ShapeError(f"{name} must be a whole number of at least {least}, or a pair of such; got {value!r}.")
    return int(numbers[0]), int(numbers[1])


def _strides(stride: Pair, padding: Pair, dilation: Pair) -> tuple[tuple[int, int], ...]:
    return pair(stride, "stride", 1), pair(padding, "padding"), pair(dilation, "dilation", 1)


def _pooling(kernel_size: Pair, stride: Pair | None, padding: Pair, ceil_mode: bool) -> tuple[Any, ...]:
    kernel, margin = pair(kernel_size, "kernel_size", 1), pair(padding, "padding")
    if any(2 * p > k for p, k in zip(margin, kernel, strict=True)):
        raise ShapeError(f"Padding {margin} is more than half of the window {kernel}: some windows would be empty.")
    return kernel, kernel if stride is None else pair(stride, "stride", 1), margin, ceil_mode


def _images(x: TensorLike, name: str) -> Tensor:
    images = as_tensor(x)
    if images.ndim != 4:
        raise ShapeError(f"{name} takes images of shape (N, C, H, W), not {images.shape}.")
    return images
