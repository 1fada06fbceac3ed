"""Convolution of images and its two gradients. Each is linear in both its arrays, and each is the others' adjoint.

The windows of an image, one a row, times the filters, one a column, are the convolution (Deep Learning from Scratch,
section 7.4; Chellapilla, Puri and Simard 2006). That matrix is KH * KW times as large as the image, so it never exists
as a whole: it is made tile by tile, in memory that is used again, and made anew for the gradient of the filters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import ShapeError
from . import threads
from .scratch import pieces, scratch, slices
from .windows import Pair, Shape, output_sizes, places, put_in_zeros, window_view

FEW = 8  # channels; from here on they are the better run of neighbours to copy, below it images are


def conv2d(
    x: np.ndarray,
    w: np.ndarray,
    bias: np.ndarray | None = None,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """``y[n, o, a, b] = bias[o] + sum over c, i, j of w[o, c, i, j] * x[n, c, a*stride + i*dilation - padding, ...]``.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        In any memory layout, as all arrays here.
    w : ndarray, shape (O, C // groups, KH, KW)
    bias : ndarray, shape (O,), optional
    stride, padding, dilation : pair of int
    groups : int
        The channels and the filters are split into so many groups; each sees only its own.

    Returns
    -------
    ndarray, shape (N, O, OH, OW)
        A view of an array (OH, OW, N, O). Its dtype is that of NumPy's promotion.

    Examples
    --------
    >>> conv2d(np.arange(6.0).reshape(1, 1, 2, 3), np.ones((1, 1, 2, 2)), np.array([0.5]))
    array([[[[ 8.5, 12.5]]]])
    """
    out = output_sizes(x.shape[2:], w.shape[2:], stride, padding, dilation)
    _check(x.shape, w.shape, groups)
    y = _images((x.shape[0], w.shape[0], *out), np.result_type(x, w, *([] if bias is None else [bias])))
    biases = [None] * groups if bias is None else np.split(bias, groups)
    for xs, ws, bs, ys in zip(_split(x, groups), np.split(w, groups), biases, _split(y, groups), strict=True):
        _correlate(xs, ws, bs, ys, stride, padding, dilation)
    return y


def conv2d_input_gradient(
    g: np.ndarray,
    w: np.ndarray,
    shape: Shape,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """What images of ``shape`` (N, C, H, W) get of the cotangent ``g`` (N, O, OH, OW) of their convolution with ``w``.

    Examples
    --------
    >>> conv2d_input_gradient(np.ones((1, 1, 1, 2)), np.ones((1, 1, 2, 2)), (1, 1, 2, 3))
    array([[[[1., 2., 1.],
             [1., 2., 1.]]]])
    """
    _check(shape, w.shape, groups)
    _check_cotangent(g.shape, shape, w.shape, stride, padding, dilation)
    dx = _images(shape, np.result_type(g, w))
    dx[...] = 0
    for gs, ws, dxs in zip(_split(g, groups), np.split(w, groups), _split(dx, groups), strict=True):
        _spread(gs, ws, dxs, stride, padding, dilation)
    return dx


def conv2d_weight_gradient(
    g: np.ndarray,
    x: np.ndarray,
    shape: Shape,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """What filters of ``shape`` (O, C // groups, KH, KW) get of the cotangent ``g`` (N, O, OH, OW) of a convolution.

    Examples
    --------
    >>> conv2d_weight_gradient(np.ones((1, 1, 1, 2)), np.arange(6.0).reshape(1, 1, 2, 3), (1, 1, 2, 2))
    array([[[[1., 3.],
             [7., 9.]]]])
    """
    _check(x.shape, shape, groups)
    _check_cotangent(g.shape, x.shape, shape, stride, padding, dilation)
    dw = np.empty(shape, np.result_type(g, x))
    for gs, xs, dws in zip(_split(g, groups), _split(x, groups), np.split(dw, groups), strict=True):
        dws[...] = _compare(gs, xs, dws.shape, stride, padding, dilation)
    return dw


# -- One group, by matrices -------------------------------------------------------------------------------------------


def _correlate(
    x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, y: np.ndarray, stride: Pair, padding: Pair, dilation: Pair
) -> None:
    """Write the convolution to ``y``."""
    few, dtype = x.shape[1] < FEW, _working(y.dtype)
    filters = w.transpose((1, 2, 3, 0) if few else (2, 3, 1, 0)).reshape(-1, w.shape[0]).astype(dtype, copy=False)
    to = _by_place(y)

    def work(batch: slice) -> None:
        for rows, windows in _tiles(x[batch], w.shape[2:], y.shape[2:], stride, padding, dilation, dtype):
            tile = to[rows, :, batch]
            product = scratch("product", (len(windows), w.shape[0]), dtype)
            np.matmul(windows, filters, out=product)
            tile[...] = product.reshape(tile.shape)
            if bias is not None:
                tile += bias

    threads.run(work, _batches(x, w.shape, y.shape[2:], dtype))


def _compare(g: np.ndarray, x: np.ndarray, shape: Shape, stride: Pair, padding: Pair, dilation: Pair) -> np.ndarray:
    """The gradient of the filters."""
    few, dtype = x.shape[1] < FEW, _working(np.result_type(g, x))
    o, c, kh, kw = shape
    cotangent = _by_place(g)

    def work(batch: slice) -> np.ndarray:
        dw = np.zeros((c * kh * kw, o), dtype)
        for rows, windows in _tiles(x[batch], (kh, kw), g.shape[2:], stride, padding, dilation, dtype):
            dw += windows.T @ _rows(cotangent[rows, :, batch], dtype)
        return dw

    total = sum(threads.run(work, _batches(x, shape, g.shape[2:], dtype)), np.zeros((c * kh * kw, o), dtype))
    return (
        total.reshape(c, kh, kw, o).transpose(3, 0, 1, 2) if few else total.reshape(kh, kw, c, o).transpose(3, 2, 0, 1)
    )


def _spread(g: np.ndarray, w: np.ndarray, dx: np.ndarray, stride: Pair, padding: Pair, dilation: Pair) -> None:
    """Add the gradient of the images to ``dx``: each place of the window by itself."""
    dtype = _working(dx.dtype)
    o, c, kernel = *w.shape[:2], w.shape[2:]
    filters = w.transpose(2, 3, 0, 1).astype(dtype, copy=False)
    cotangent, out = _by_place(g), g.shape[2:]

    def work(batch: slice) -> None:
        n = batch.stop - batch.start
        row = out[1] * n * c * kernel[0] * kernel[1] * dtype.itemsize
        for rows in slices(out[0], pieces(out[0], row)):
            tile = cotangent[rows, :, batch]
            shares = scratch("product", (*kernel, tile.size // o, c), dtype)
            np.matmul(_rows(tile, dtype), filters, out=shares)
            shares = shares.reshape(*kernel, *tile.shape[:3], c).transpose(0, 1, 4, 5, 2, 3)
            above = padding[0] - rows.start * stride[0]
            for i, j, which, where in places(
                dx.shape[2:], tile.shape[:2], kernel, stride, (above, padding[1]), dilation
            ):
                dx[batch][where] += shares[i, j][which]

    threads.run(work, _batches(g, (o, c, *kernel), out, dtype))


def _tiles(
    x: np.ndarray, kernel: Shape, out: Shape, stride: Pair, padding: Pair, dilation: Pair, dtype: np.dtype[Any]
) -> Iterator[tuple[slice, np.ndarray]]:
    """The windows of images, one a row, some rows of the output at a time.

    A row lists (KH, KW, C), or (C, KH, KW) if channels are few.
    """
    n, c, height, width = x.shape
    few = c < FEW
    order = (2, 3, 1, 0) if few else (2, 3, 0, 1)
    image = x.transpose(order)
    if any(padding) or image.strides[3] != image.itemsize or x.dtype != dtype:
        size = (height + 2 * padding[0], width + 2 * padding[1])
        canvas = (
            scratch("padded", (c, *size, n), dtype).transpose(1, 2, 0, 3)
            if few
            else scratch("padded", (*size, n, c), dtype)
        )
        put_in_zeros(image, canvas, *padding)
        image = canvas
    view = window_view(image, kernel, stride, dilation)
    length = c * kernel[0] * kernel[1]
    for rows in slices(out[0], pieces(out[0], out[1] * n * length * dtype.itemsize)):
        part = view[rows].transpose((4, 2, 3, 0, 1, 5) if few else (0, 1, 4, 2, 3, 5))
        windows = scratch("windows", part.shape, dtype)
        windows[...] = part
        yield rows, windows.reshape(length, -1).T if few else windows.reshape(-1, length)


def _batches(x: np.ndarray, w_shape: Shape, out: Shape, dtype: np.dtype[Any]) -> list[slice]:
    """The batch cut so that one row of windows, and the padded images, stay small; at least a piece per thread."""
    n, _, height, width = x.shape
    one = max(out[1] * np.prod(w_shape[1:]), x.shape[1] * height * width / 2) * dtype.itemsize
    return list(slices(n, max(threads.count(), pieces(n, one))))


def _rows(tile: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """A tile (h, w, n, c) as a matrix with the channels of a place in each row."""
    matrix = scratch("rows", tile.shape, dtype)
    matrix[...] = tile
    return matrix.reshape(-1, tile.shape[3])


def _working(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What to compute in: half precision would lose too much in sums, and BLAS does not know it."""
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def _images(shape: Shape, dtype: np.dtype[Any]) -> np.ndarray:
    """Images (N, C, H, W) that lie in memory as (H, W, N, C)."""
    n, c, height, width = shape
    return np.empty((height, width, n, c), dtype).transpose(2, 3, 0, 1)


def _by_place(x: np.ndarray) -> np.ndarray:
    return x.transpose(2, 3, 0, 1)


def _split(x: np.ndarray, groups: int) -> list[np.ndarray]:
    return np.split(x, groups, axis=1)


def _check(x_shape: Shape, w_shape: Shape, groups: int) -> None:
    if len(x_shape) != 4 or len(w_shape) != 4:
        raise ShapeError(f"Images must be (N, C, H, W) and filters (O, C, KH, KW); got {x_shape} and {w_shape}.")
    if groups < 1 or w_shape[0] % groups or x_shape[1] != w_shape[1] * groups:
        raise ShapeError(
            f"Images {x_shape} have {x_shape[1]} channels; filters {w_shape} with groups={groups} need "
            f"{w_shape[1] * groups}, and a number of filters that {groups} divides."
        )


def _check_cotangent(g: Shape, x: Shape, w: Shape, stride: Pair, padding: Pair, dilation: Pair) -> None:
    expected = (x[0], w[0], *output_sizes(x[2:], w[2:], stride, padding, dilation))
    if g != expected:
        raise ShapeError(f"The convolution of images {x} with filters {w} is {expected}; the cotangent is {g}.")
