"""Convolution of images and its two gradients. Each is linear in both its arrays, and each is the others' adjoint.

The windows of an image, one a row, times the filters, one a column, are the convolution (Deep Learning from Scratch,
section 7.4; Chellapilla, Puri and Simard 2006). That matrix is KH * KW times as large as the image, so it never exists
as a whole: it is made tile by tile, in memory that is used again, and made anew for the gradient of the filters.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from functools import reduce
from typing import Any

import numpy as np

from ..errors import ShapeError
from . import depthwise, threads, winograd
from .depthwise import Geometry
from .patches import FEW, Patches
from .products import by_rows, over_rows
from .scratch import pieces, scratch, slices, working
from .windows import Pair, Shape, by_place, output_sizes, places


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
    y = _images((x.shape[0], w.shape[0], *out), np.result_type(x, w, *([] if bias is None else [bias])))
    geometry = stride, padding, dilation, groups
    if depthwise.suits(w.shape, groups):
        depthwise.correlate(x, w, bias, y, geometry, working(y.dtype))
    else:
        _correlate(x, w, bias, y, geometry)
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
    _check_cotangent(g.shape, shape, w.shape, stride, padding, dilation)
    dx = _images(shape, np.result_type(g, w))
    if depthwise.suits(w.shape, groups):
        depthwise.input_gradient(g, w, dx, (stride, padding, dilation, groups), working(dx.dtype))
        return dx
    (o, c, kh, kw), places_in, places_out = w.shape, math.prod(shape[2:]), math.prod(g.shape[2:])
    if stride == (1, 1) and places_in * (o // groups) * kw < 3 * places_out * c * kh * kw:
        before = [d * (k - 1) - p for d, k, p in zip(dilation, (kh, kw), padding, strict=True)]
        _correlate(g, _turned(w, groups), None, dx, (stride, (before[0], before[1]), dilation, groups))
        return dx
    for gs, ws, dxs in zip(_parts(g, groups, axis=1), _parts(w, groups), _parts(dx, groups, axis=1), strict=True):
        _input_gradient(gs, ws, dxs, stride, padding, dilation)
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
    _check_cotangent(g.shape, x.shape, shape, stride, padding, dilation)
    dw = np.empty(shape, np.result_type(g, x))
    if depthwise.suits(shape, groups):
        dw[...] = depthwise.weight_gradient(g, x, shape, (stride, padding, dilation, groups), working(dw.dtype))
        return dw
    if winograd.suits(shape, groups, stride, dilation, working(dw.dtype)):
        dw[...] = winograd.weight_gradient(g, x, shape, padding, groups)
        return dw
    for gs, xs, dws in zip(_parts(g, groups, axis=1), _parts(x, groups, axis=1), _parts(dw, groups), strict=True):
        dws[...] = _weight_gradient(gs, xs, dws.shape, stride, padding, dilation)
    return dw


def _correlate(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, y: np.ndarray, geometry: Geometry) -> None:
    """Write the convolution to ``y``."""
    stride, padding, dilation, groups = geometry
    if winograd.suits(w.shape, groups, stride, dilation, working(y.dtype)):
        winograd.correlate(x, w, bias, y, padding, groups)
        return
    biases = [None] * groups if bias is None else _parts(bias, groups)
    xs, ws, ys = _parts(x, groups, axis=1), _parts(w, groups), _parts(y, groups, axis=1)
    for group in zip(xs, ws, biases, ys, strict=True):
        _forward(*group, stride, padding, dilation)


def _turned(w: np.ndarray, groups: int) -> np.ndarray:
    """The filters through which, if windows are neighbours, each place of an image sees the cotangent."""
    o, c, kh, kw = w.shape
    turned = w.reshape(groups, o // groups, c, kh, kw)[..., ::-1, ::-1].swapaxes(1, 2)
    return turned.reshape(groups * c, o // groups, kh, kw)


# -- One group, by matrices -------------------------------------------------------------------------------------------


def _forward(
    x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, y: np.ndarray, stride: Pair, padding: Pair, dilation: Pair
) -> None:
    """Write the convolution to ``y``."""
    patches = Patches(w.shape, y.shape[2:], stride, padding, dilation, working(y.dtype))
    inside = patches.few and bias is not None  # then the product does the addition too
    filters, out = patches.right(w, bias if inside else None), by_place(y)

    def work(part: tuple[slice, slice]) -> None:
        batch, lines = part
        biases = None if inside or bias is None else np.tile(bias, (batch.stop - batch.start, 1))  # in long runs
        for rows, windows in patches.left(x[batch], lines, inside):
            tile = out[rows, :, batch]
            whole = tile.flags.c_contiguous and tile.dtype == patches.dtype
            total = tile if whole else scratch("total", tile.shape, patches.dtype)
            sums = total.reshape(math.prod(total.shape[:3]), len(w))
            by_rows(windows[0], filters[0], sums)
            for matrix, factor in zip(windows[1:], filters[1:], strict=True):
                more = scratch("more", sums.shape, patches.dtype)
                by_rows(matrix, factor, more)
                sums += more
            if biases is not None:
                total += biases
            if not whole:
                tile[...] = total

    threads.run(work, patches.parts(len(x)))


def _weight_gradient(
    g: np.ndarray, x: np.ndarray, shape: Shape, stride: Pair, padding: Pair, dilation: Pair
) -> np.ndarray:
    """The gradient of the filters."""
    patches = Patches(shape, g.shape[2:], stride, padding, dilation, working(np.result_type(g, x)))
    cotangent = by_place(g)

    def products(part: tuple[slice, slice]) -> Iterator[np.ndarray]:
        batch, lines = part
        for rows, windows in patches.left(x[batch], lines):
            tile = _rows(cotangent[rows, :, batch], patches.dtype)
            yield np.stack([over_rows(matrix, tile) for matrix in windows])

    parts = threads.run(lambda part: reduce(operator.iadd, products(part)), patches.parts(len(x)))
    dw = reduce(operator.iadd, parts) if parts else np.zeros(patches.stack)
    o, c, kh, kw = shape
    return dw.reshape(kh, kw, c, o).transpose(3, 2, 0, 1)


def _input_gradient(g: np.ndarray, w: np.ndarray, dx: np.ndarray, stride: Pair, padding: Pair, dilation: Pair) -> None:
    """Write the gradient of the images to ``dx``, which each place in a window adds to."""
    _, c, kh, kw = w.shape
    dtype, cotangent = working(dx.dtype), by_place(g)
    row_bytes = g.shape[3] * c * kh * kw * dtype.itemsize
    dx[...] = 0

    def work(batch: slice) -> None:
        images = dx[batch]
        if c < FEW:  # then the images of a batch are the better neighbours
            images = np.zeros((c, *dx.shape[2:], len(images)), dtype).transpose(3, 0, 1, 2)
        for rows in slices(g.shape[2], pieces(g.shape[2], len(images) * row_bytes)):
            tile = cotangent[rows, :, batch]
            shares = _shares(_rows(tile, dtype), w).reshape(kh, kw, c, *tile.shape[:3]).transpose(0, 1, 5, 2, 3, 4)
            shift = (padding[0] - rows.start * stride[0], padding[1])
            for i, j, which, where in places(dx.shape[2:], tile.shape[:2], (kh, kw), stride, shift, dilation):
                images[where] += shares[i, j][which]
        if c < FEW:
            dx[batch] = images

    number = max(threads.parts(len(g) * g.shape[2] * row_bytes), pieces(len(g), row_bytes))
    threads.run(work, slices(len(g), number))


def _shares(cotangents: np.ndarray, w: np.ndarray) -> np.ndarray:
    """What each place in a window, and each channel, gets of each row of cotangents: (KH, KW, C, rows)."""
    (o, c, kh, kw), (n, _), dtype = w.shape, cotangents.shape, cotangents.dtype
    if c < FEW:
        filters = w.transpose(2, 3, 1, 0).reshape(kh * kw * c, o).astype(dtype, copy=False)
        out = scratch("windows", (kh * kw * c, n), dtype)
        return np.matmul(filters, cotangents.T, out=out).reshape(kh, kw, c, n)
    filters = w.transpose(2, 3, 0, 1).astype(dtype, copy=False)
    shares = scratch("windows", (kh, kw, n, c), dtype)
    by_rows(cotangents, filters, shares)
    return shares.swapaxes(2, 3)


def _rows(tile: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """A tile (h, w, n, c) as a matrix with the channels of a place in each row."""
    if not (tile.flags.c_contiguous and tile.dtype == dtype):
        copy = scratch("rows", tile.shape, dtype)
        copy[...] = tile
        tile = copy
    return tile.reshape(math.prod(tile.shape[:3]), tile.shape[3])


def _parts(a: np.ndarray, groups: int, axis: int = 0) -> list[np.ndarray]:
    """``a`` in equal parts along ``axis``; NumPy takes its time for that."""
    return [a] if groups == 1 else np.split(a, groups, axis)


def _images(shape: Shape, dtype: np.dtype[Any]) -> np.ndarray:
    """Images (N, C, H, W) that lie in memory as (H, W, N, C)."""
    n, c, height, width = shape
    return np.empty((height, width, n, c), dtype).transpose(2, 3, 0, 1)


def _check_cotangent(g: Shape, x: Shape, w: Shape, stride: Pair, padding: Pair, dilation: Pair) -> None:
    expected = (x[0], w[0], *output_sizes(x[2:], w[2:], stride, padding, dilation))
    if g != expected:
        raise ShapeError(f"The convolution of images {x} with filters {w} is {expected}; the cotangent is {g}.")
