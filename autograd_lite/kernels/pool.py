"""Pooling by slices: each element of a window is one strided slice of the image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .windows import ONE, Pair, inner, output_shape, padded, tap


def max_pool2d(x: np.ndarray, kernel: Pair, stride: Pair, padding: Pair, ceil_mode: bool = False) -> np.ndarray:
    """The maximum of each window of images (N, C, H, W); padding never wins."""
    size = output_shape(x.shape, kernel, stride, padding, ONE, ceil_mode)
    taps = [t for _, t in all_taps(lowest_padded(x, size, kernel, stride, padding), size, kernel, stride)]
    y = np.array(taps[0])
    for t in taps[1:]:
        np.maximum(y, t, out=y)
    return y.transpose(2, 3, 0, 1)


def max_pool2d_scatter(
    g: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    ceil_mode: bool = False,
) -> np.ndarray:
    """``g`` of each window at the place of its first maximum; where windows overlap it adds up."""
    size = (y.shape[2], y.shape[3])
    rest = g.transpose(2, 3, 0, 1).copy()
    images = lowest_padded(x, size, kernel, stride, padding)
    dx = np.zeros(images.shape, g.dtype)
    for (i, j), hit in maxima(images, y, size, kernel, stride):
        part = rest * hit
        tap(dx, i, j, stride, ONE, size)[...] += part
        rest -= part  # the first maximum takes it all
    return inner(dx, padding, x.shape).transpose(2, 3, 0, 1)


def max_pool2d_gather(
    v: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    ceil_mode: bool = False,
) -> np.ndarray:
    """The element of ``v``, images like ``x``, at the first maximum of each window; the adjoint of scatter."""
    size = (y.shape[2], y.shape[3])
    images = lowest_padded(x, size, kernel, stride, padding)
    values = padded(v, padding, overhang(x.shape, size, kernel, stride, padding))
    out = np.zeros((*size, *images.shape[2:]), v.dtype)
    free = np.ones(out.shape, bool)
    for (i, j), hit in maxima(images, y, size, kernel, stride):
        np.copyto(out, tap(values, i, j, stride, ONE, size), where=hit & free)
        free &= ~hit
    return out.transpose(2, 3, 0, 1)


def avg_pool2d(
    x: np.ndarray, kernel: Pair, stride: Pair, padding: Pair, ceil_mode: bool = False, count_include_pad: bool = True
) -> np.ndarray:
    """The mean of each window; padding counts as zeros, or not at all."""
    size = output_shape(x.shape, kernel, stride, padding, ONE, ceil_mode)
    images = padded(x, padding, overhang(x.shape, size, kernel, stride, padding))
    y = np.zeros((*size, *images.shape[2:]), x.dtype)
    for _, t in all_taps(images, size, kernel, stride):
        y += t
    y /= counts(x.shape, size, kernel, stride, padding, count_include_pad).astype(x.dtype)
    return y.transpose(2, 3, 0, 1)


def avg_pool2d_gradient(
    g: np.ndarray,
    shape: tuple[int, ...],
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> np.ndarray:
    """``g`` of each window spread evenly over it: what images of ``shape`` get of it."""
    size = (g.shape[2], g.shape[3])
    share = g.transpose(2, 3, 0, 1) / counts(shape, size, kernel, stride, padding, count_include_pad).astype(g.dtype)
    more = overhang(shape, size, kernel, stride, padding)
    dx = np.zeros((shape[2] + 2 * padding[0] + more[0], shape[3] + 2 * padding[1] + more[1], *shape[:2]), g.dtype)
    for _, t in all_taps(dx, size, kernel, stride):
        t += share
    return inner(dx, padding, shape).transpose(2, 3, 0, 1)


def all_taps(x: np.ndarray, size: Pair, kernel: Pair, stride: Pair) -> Iterator[tuple[Pair, np.ndarray]]:
    """For each place in a window, the slice of the images (H, W, N, C) that stands there."""
    for i, j in np.ndindex(*kernel):
        yield (i, j), tap(x, i, j, stride, ONE, size)


def maxima(
    images: np.ndarray, y: np.ndarray, size: Pair, kernel: Pair, stride: Pair
) -> Iterator[tuple[Pair, np.ndarray]]:
    """For each place in a window, where the maximum ``y`` stands; a nan counts as a maximum, as in ``np.max``."""
    y = y.transpose(2, 3, 0, 1)
    nan = np.isnan(y)
    some_nan = nan.any()
    for place, t in all_taps(images, size, kernel, stride):
        hit = t == y
        if some_nan:
            hit |= np.isnan(t) & nan
        yield place, hit


def overhang(shape: tuple[int, ...], size: Pair, kernel: Pair, stride: Pair, padding: Pair) -> Pair:
    """How far the last windows reach beyond the padded images."""
    bottom, right = (
        max(0, (o - 1) * s + k - n - 2 * p)
        for o, s, k, n, p in zip(size, stride, kernel, shape[2:], padding, strict=True)
    )
    return bottom, right


def lowest_padded(x: np.ndarray, size: Pair, kernel: Pair, stride: Pair, padding: Pair) -> np.ndarray:
    """Images as (H, W, N, C), with padding that never wins a maximum."""
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    return padded(x, padding, overhang(x.shape, size, kernel, stride, padding), lowest)


def counts(
    shape: tuple[int, ...], size: Pair, kernel: Pair, stride: Pair, padding: Pair, count_include_pad: bool
) -> np.ndarray:
    """How many elements each window's mean divides by, as (OH, OW, 1, 1); what hangs over the padding never counts."""
    lengths = []
    for n, o, k, s, p in zip(shape[2:], size, kernel, stride, padding, strict=True):
        starts = np.arange(o) * s - p
        low, high = (-p, n + p) if count_include_pad else (0, n)
        lengths.append(np.minimum(starts + k, high) - np.maximum(starts, low))
    return np.multiply.outer(*lengths)[:, :, None, None]
