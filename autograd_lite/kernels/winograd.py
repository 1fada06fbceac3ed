"""Convolution with 3 x 3 filters by fewer multiplications: Winograd's F(2 x 2, 3 x 3).

Two neighbouring outputs of a filter of three elements need six multiplications; after additions on either side, four
will do. In two dimensions that is 16 for 36 (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016)::

    y = A' ((G w G') * (B' d B)) A      for a tile d of 4 x 4 elements, which gives 2 x 2 outputs

The products, summed over channels, are 16 products of matrices. Everything else is additions of whole arrays, of which
NumPy does not have to copy the windows. Rounding errors are a little larger, so only float32 goes this way.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import reduce

import numpy as np

from . import threads
from .scratch import pieces, scratch, slices
from .windows import Pair, Shape, fill

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)
GG = np.kron(G, G)  # what G does to the rows and to the columns of a filter, at once
BOTH = 5  # the element (1, 1) of 4 x 4, which counts once in each of the 2 x 2 outputs


def suits(filters: Shape, stride: Pair, dilation: Pair, dtype: np.dtype[np.generic]) -> bool:
    """Whether it can be done this way, and pays."""
    return filters[2:] == (3, 3) and stride == dilation == (1, 1) and dtype == np.float32 and min(filters[:2]) >= 8


def correlate(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, y: np.ndarray, padding: Pair) -> None:
    """Write the convolution of images (N, C, H, W) with filters (O, C, 3, 3) to ``y``."""
    o, c = w.shape[:2]
    filters = (GG @ w.transpose(2, 3, 1, 0).reshape(9, c * o).astype(np.float32, copy=False)).reshape(16, c, o)
    out = y.transpose(2, 3, 0, 1)

    def work(batch: slice) -> None:
        for rows, d in _tiles(x[batch], w.shape, y.shape[2:], padding):
            high, wide, n = d.shape[2:5]
            m = scratch("product", (16, high * wide * n, o), np.float32)
            np.matmul(d.reshape(16, -1, c), filters, out=m)
            if bias is not None:
                m[BOTH] += bias
            half = scratch("half", (2, 4, high, wide, n, o), np.float32)
            _a_transposed(m.reshape(4, 4, high, wide, n, o), half)
            tile = out[rows, :, batch]
            whole = tile.shape[:2] == (2 * high, 2 * wide) and tile.dtype == np.float32
            target = tile if whole else scratch("target", (2 * high, 2 * wide, n, o), np.float32)
            _a_transposed(half.swapaxes(0, 1), target.reshape(high, 2, wide, 2, n, o).transpose(3, 1, 0, 2, 4, 5))
            if not whole:
                tile[...] = target[: tile.shape[0], : tile.shape[1]]

    threads.run(work, _batches(len(x), w.shape, y.shape[2:]))


def weight_gradient(g: np.ndarray, x: np.ndarray, shape: Shape, padding: Pair) -> np.ndarray:
    """What filters of ``shape`` (O, C, 3, 3) get of the cotangent ``g`` (N, O, OH, OW)."""
    o, c = shape[:2]
    cotangent = g.transpose(2, 3, 0, 1)

    def products(batch: slice) -> Iterator[np.ndarray]:
        for rows, d in _tiles(x[batch], shape, g.shape[2:], padding):
            high, wide, n = d.shape[2:5]
            tile = scratch("target", (2 * high, 2 * wide, n, o), np.float32)
            fill(tile, cotangent[:, :, batch], (1, 1), (-rows.start, 0))
            half = scratch("half", (4, high, 2 * wide, n, o), np.float32)
            _a(tile, half)
            u = scratch("product", (4, 4, high, wide, n, o), np.float32)
            _a(half.transpose(2, 0, 1, 3, 4), u.transpose(1, 3, 0, 2, 4, 5))
            yield np.matmul(d.reshape(16, -1, c).transpose(0, 2, 1), u.reshape(16, -1, o))

    parts = threads.run(lambda batch: reduce(operator.iadd, products(batch)), _batches(len(x), shape, g.shape[2:]))
    total = reduce(operator.iadd, parts) if parts else np.zeros((16, c, o), np.float32)
    return (GG.T @ total.reshape(16, c * o)).reshape(3, 3, c, o).transpose(3, 2, 0, 1)


def _tiles(x: np.ndarray, filters: Shape, out: Shape, padding: Pair) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows of the output, and what they need of images: B' d B, as (4, 4, rows / 2, OW / 2, N, C)."""
    n, c = x.shape[:2]
    image = x.transpose(2, 3, 0, 1)
    tall, wide = -(-out[0] // 2), -(-out[1] // 2)
    for pairs in slices(tall, pieces(tall, n * _row_bytes(filters, out), _least(filters))):
        high = pairs.stop - pairs.start
        tile = scratch("image", (2 * high + 2, 2 * wide + 2, n, c), np.float32)
        fill(tile, image, (1, 1), (padding[0] - 2 * pairs.start, padding[1]))
        half = scratch("half", (4, high, 2 * wide + 2, n, c), np.float32)
        _b_transposed(tile, half)
        d = scratch("windows", (4, 4, high, wide, n, c), np.float32)
        _b_transposed(half.transpose(2, 0, 1, 3, 4), d.transpose(1, 3, 0, 2, 4, 5))
        yield slice(2 * pairs.start, 2 * pairs.stop), d


def _b_transposed(d: np.ndarray, out: np.ndarray) -> None:
    """B' times each four neighbours, at steps of two: (2 m + 2, ...) to (4, m, ...)."""
    d0, d1, d2, d3 = d[:-2:2], d[1:-1:2], d[2::2], d[3::2]
    np.subtract(d0, d2, out=out[0])
    np.add(d1, d2, out=out[1])
    np.subtract(d2, d1, out=out[2])
    np.subtract(d1, d3, out=out[3])


def _a_transposed(m: np.ndarray, out: np.ndarray) -> None:
    """A' times each four: (4, ...) to (2, ...)."""
    np.add(m[1], m[2], out=out[0])
    np.subtract(m[1], m[2], out=out[1])
    out[0] += m[0]
    out[1] -= m[3]


def _a(g: np.ndarray, out: np.ndarray) -> None:
    """A times each two: (2 m, ...) to (4, m, ...)."""
    g0, g1 = g[::2], g[1::2]
    out[0] = g0
    np.add(g0, g1, out=out[1])
    np.subtract(g0, g1, out=out[2])
    np.negative(g1, out=out[3])


def _batches(n: int, filters: Shape, out: Shape) -> list[slice]:
    """The batch in parts of which some rows fit a tile: neighbouring tiles have two rows of the image in common."""
    some = min(4, -(-out[0] // 2)) * _row_bytes(filters, out)
    return list(slices(n, max(threads.count(), pieces(n, some, _least(filters)))))


def _row_bytes(filters: Shape, out: Shape) -> int:
    """Memory for the factors and the products of two rows of the output of one image."""
    return 16 * -(-out[1] // 2) * (filters[0] + filters[1]) * 4


def _least(filters: Shape) -> int:
    """How large tiles should be at least: each reads all filters, so it should not be small beside them."""
    return 2 * 16 * filters[0] * filters[1] * 4
