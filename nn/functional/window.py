"""What slides a window over images (N, C, H, W) or signals (N, C, L): convolution, pooling, resizing."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

import autograd_lite as ag
from autograd_lite import ShapeError, Tensor, avg_pool2d, conv_transpose2d, max_pool2d

from ..checks import at_least_one, one_of
from ..errors import SettingError
from ._common import as_floating, as_tensor

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "avg_pool1d", "avg_pool2d", "conv1d", "conv2d", "conv_transpose1d",
    "conv_transpose2d", "interpolate", "max_pool1d", "max_pool2d",
]  # fmt: skip

Pair = int | tuple[int, int]
Padding = Pair | Literal["same", "valid"]


def two(value: Any, name: str) -> tuple[Any, Any]:
    """One number for height and width, or one for each."""
    pair = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(pair) != 2:
        raise SettingError(f"{name} must be a number or a pair of numbers, not {value!r}.")
    return pair


# -- Images -----------------------------------------------------------------------------------------------------------


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate images with filters; see :func:`autograd_lite.conv2d`.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W)
    weight : array_like, shape (O, C // groups, KH, KW)
    bias : array_like, shape (O,), optional
    padding : int, pair of int, "valid" or "same"
        ``"same"`` keeps the size; where that takes an odd number of zeros, the one left over goes to the end.

    Returns
    -------
    Tensor, shape (N, O, OH, OW)

    Examples
    --------
    >>> import numpy as np
    >>> conv2d(np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)), padding="same").shape
    (1, 1, 4, 4)
    """
    if padding == "valid":
        padding = 0
    elif padding == "same":
        if two(stride, "stride") != (1, 1):
            raise SettingError(f"padding='same' keeps the size, which stride {stride} does not.")
        kernel = as_tensor(weight).shape[2:]
        total = [d * (k - 1) for d, k in zip(two(dilation, "dilation"), kernel, strict=True)]
        if any(n % 2 for n in total):
            input = pad_edges(as_tensor(input), [(0, n % 2) for n in total])
        padding = total[0] // 2, total[1] // 2
    elif isinstance(padding, str):
        raise SettingError(f"padding is a number, a pair, 'same' or 'valid', not {padding!r}.")
    return ag.conv2d(input, weight, bias, stride, padding, dilation, groups)


def pad_edges(x: Tensor, widths: list[tuple[int, int]], value: float = 0.0) -> Tensor:
    """``x`` with borders of ``value`` around its last axes."""
    around = [(0, 0)] * (x.ndim - len(widths)) + widths
    return ag.pad(x, around, constant_values=value)


def adaptive_avg_pool2d(input: Any, output_size: int | tuple[int | None, int | None]) -> Tensor:
    """Means of windows chosen so that the result has ``output_size``; None keeps a length.

    Window number i of n over a length L reaches from ``floor(i L / n)`` to ``ceil((i + 1) L / n)``.

    Examples
    --------
    >>> adaptive_avg_pool2d([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]], (1, 2)).tolist()
    [[[[3.0, 4.0]]]]
    """
    x = as_tensor(input)
    if x.ndim != 4:
        raise ShapeError(f"adaptive_avg_pool2d takes images of shape (N, C, H, W), not {x.shape}.")
    height, width = (x.shape[2 + i] if n is None else n for i, n in enumerate(two(output_size, "output_size")))
    at_least_one(height=height, width=width)
    if x.shape[2] % height == 0 and x.shape[3] % width == 0:
        return avg_pool2d(x, (x.shape[2] // height, x.shape[3] // width))
    x = as_floating(x)
    rows, columns = _averaging(x.shape[2], height, x.dtype), _averaging(x.shape[3], width, x.dtype)
    return Tensor(rows) @ x @ Tensor(columns.T)


def _averaging(length: int, parts: int, dtype: Any) -> np.ndarray:
    """The matrix (parts, length) that takes the mean of each window."""
    matrix = np.zeros((parts, length), dtype)
    for i in range(parts):
        start, stop = i * length // parts, -(-(i + 1) * length // parts)
        matrix[i, start:stop] = 1 / (stop - start)
    return matrix


def interpolate(
    input: Any,
    size: Pair | None = None,
    scale_factor: float | tuple[float, float] | None = None,
    mode: str = "nearest",
    align_corners: bool = False,
) -> Tensor:
    """Resize images (N, C, H, W), by copying the nearest pixel or mixing the four around (bilinear).

    Parameters
    ----------
    size : int or pair of int
        Of the result; or give ``scale_factor``.
    mode : {"nearest", "bilinear"}
    align_corners : bool
        For bilinear: whether the centres of corner pixels stay corners, rather than the corners of the images.

    Examples
    --------
    >>> interpolate([[[[1.0, 2.0]]]], scale_factor=2).tolist()
    [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]
    """
    x = as_tensor(input)
    if x.ndim != 4:
        raise ShapeError(f"interpolate takes images of shape (N, C, H, W), not {x.shape}.")
    check_resizing(size, scale_factor, mode)
    if scale_factor is None:
        height, width = two(size, "size")
        scales = height / x.shape[2], width / x.shape[3]
    else:
        scales = two(scale_factor, "scale_factor")
        height, width = int(x.shape[2] * scales[0]), int(x.shape[3] * scales[1])
    at_least_one(height=height, width=width)
    if mode == "nearest":
        if scales == (height // x.shape[2], width // x.shape[3]):
            return x.repeat(int(scales[0]), axis=2).repeat(int(scales[1]), axis=3)
        exact = scale_factor is None  # as fractions of whole numbers, which quotients may fall short of
        rows, columns = (
            np.arange(n) * length // n if exact else (np.arange(n) / s).astype(int)
            for n, length, s in zip((height, width), x.shape[2:], scales, strict=True)
        )
        return x[:, :, rows][:, :, :, columns]
    x = as_floating(x)
    down = _mixing(x.shape[2], height, scales[0], align_corners, x.dtype)
    across = _mixing(x.shape[3], width, scales[1], align_corners, x.dtype)
    return Tensor(down) @ x @ Tensor(across.T)


def check_resizing(size: Any, scale_factor: Any, mode: str) -> None:
    """Refuse what :func:`interpolate` cannot do to any image."""
    one_of(mode, "mode", ("nearest", "bilinear"))
    if (size is None) == (scale_factor is None):
        raise SettingError("To resize images takes either size or scale_factor.")
    if size is not None:
        two(size, "size")
    else:
        two(scale_factor, "scale_factor")


def _mixing(length: int, wanted: int, scale: float, align_corners: bool, dtype: Any) -> np.ndarray:
    """The matrix (wanted, length) that mixes two neighbours for each new place."""
    places = np.arange(wanted)
    at = places * ((length - 1) / max(wanted - 1, 1)) if align_corners else np.maximum((places + 0.5) / scale - 0.5, 0)
    low = np.minimum(at.astype(int), length - 1)
    high = np.minimum(low + 1, length - 1)
    matrix = np.zeros((wanted, length), dtype)
    np.add.at(matrix, (places, low), 1 - (at - low))
    np.add.at(matrix, (places, high), at - low)
    return matrix


# -- Signals: images of height 1 --------------------------------------------------------------------------------------


def _image(input: Any, name: str) -> Tensor:
    x = as_tensor(input)
    if x.ndim != 3:
        raise ShapeError(f"{name} takes signals of shape (N, C, L), not {x.shape}.")
    return x.reshape(*x.shape[:2], 1, x.shape[2])


def _signal(y: Tensor) -> Tensor:
    return y.reshape(*y.shape[:2], y.shape[3])


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int = 1,
    padding: int | Literal["same", "valid"] = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate signals (N, C, L) with filters (O, C // groups, K).

    Examples
    --------
    >>> conv1d([[[1.0, 2.0, 3.0]]], [[[1.0, 1.0]]]).tolist()
    [[[3.0, 5.0]]]
    """
    x, filters = _image(input, "conv1d"), _image(weight, "conv1d")
    margin: Padding = padding if isinstance(padding, str) else (0, padding)
    return _signal(conv2d(x, filters, bias, (1, stride), margin, (1, dilation), groups))


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    groups: int = 1,
    dilation: int = 1,
) -> Tensor:
    """The adjoint of :func:`conv1d`, with filters of shape (C, O // groups, K)."""
    x, filters = _image(input, "conv_transpose1d"), _image(weight, "conv_transpose1d")
    steps, margin, more = (1, stride), (0, padding), (0, output_padding)
    return _signal(conv_transpose2d(x, filters, bias, steps, margin, more, groups, (1, dilation)))


def max_pool1d(
    input: Any,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    ceil_mode: bool = False,
    dilation: int = 1,
) -> Tensor:
    """The maximum of each window of a signal."""
    x, step = _image(input, "max_pool1d"), None if stride is None else (1, stride)
    return _signal(max_pool2d(x, (1, kernel_size), step, (0, padding), ceil_mode, (1, dilation)))


def avg_pool1d(
    input: Any,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of a signal."""
    x, step = _image(input, "avg_pool1d"), None if stride is None else (1, stride)
    return _signal(avg_pool2d(x, (1, kernel_size), step, (0, padding), ceil_mode, count_include_pad))


def adaptive_avg_pool1d(input: Any, output_size: int) -> Tensor:
    """Means of windows chosen so that the result has length ``output_size``."""
    return _signal(adaptive_avg_pool2d(_image(input, "adaptive_avg_pool1d"), (1, output_size)))
