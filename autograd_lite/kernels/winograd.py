"""Convolution with 3 x 3 filters by fewer multiplications: Winograd's F(2 x 2, 3 x 3).

Two neighbouring outputs of a filter of three elements need six multiplications; after additions on either side, four
will do. In two dimensions that is 16 for 36 (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016)::

    y = A' ((G w G') * (B' d B)) A      for a tile d of 4 x 4 elements, which gives 2 x 2 outputs

The products, summed over channels, are 16 products of matrices. What comes before and after is a product with a small
matrix too, for the rows of the tiles and for their columns; and the images and channels, side by side in memory, make
as long a row of the other factor as BLAS could wish for. Where loops can be compiled, one pass does both. Rounding
errors are a little larger, so only float32 goes this way.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import reduce

import numpy as np
from numpy.lib.stride_tricks import as_strided

from . import compiled, loops, products, threads
from .scratch import pieces, scratch, slices
from .windows import Pair, Shape, by_place, fill

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, -1]], np.float32)  # of d and g, the last is turned
B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], np.float32)
A = np.array([[1, 1, 1, 0], [0, 1, -1, 1]], np.float32)
GG = np.kron(G, G)  # what it does to the columns and to the rows, at once
AA = np.kron(A, A).reshape(2, 2, 16).swapaxes(0, 1).copy()  # the same, for the row and the column of an output


def suits(filters: Shape, groups: int, stride: Pair, dilation: Pair, dtype: np.dtype[np.generic]) -> bool:
    """Whether it can be done this way, and pays."""
    if filters[2:] != (3, 3) or stride != (1, 1) or dilation != (1, 1) or dtype != np.float32:
        return False
    return min(filters[0] // groups, filters[1]) >= 8


def correlate(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, y: np.ndarray, padding: Pair, groups: int) -> None:
    """Write the convolution of images (N, C, H, W) with filters (O, C / groups, 3, 3) to ``y``."""
    o, c = len(w) // groups, w.shape[1]
    columns = w.reshape(groups, o, c, 3, 3).transpose(4, 3, 0, 2, 1).reshape(9, groups * c * o)
    filters = (GG @ columns.astype(np.float32, copy=False)).reshape(16, groups, c, o)

    def work(batch: slice) -> None:
        n = batch.stop - batch.start
        biases = None if bias is None else np.tile(bias, n)
        for rows, d in _tiles(x, batch, w.shape, y.shape[2:], padding):
            m = scratch("product", (*d.shape[:4], n * len(w)), np.float32)
            products.by_rows(_by_group(d, groups, c), filters, _by_group(m, groups, o))
            if biases is not None:
                m[1, 1] += biases  # this product is a summand of all four outputs
            if not compiled.run(loops.winograd_outputs, compiled.rows(y), m, rows.start, batch.start * len(w)):
                _outputs(m, by_place(y)[rows, :, batch])

    threads.run(work, _batches(x.shape, w.shape, y.shape[2:]))


def weight_gradient(g: np.ndarray, x: np.ndarray, shape: Shape, padding: Pair, groups: int) -> np.ndarray:
    """What filters of ``shape`` (O, C / groups, 3, 3) get of the cotangent ``g`` (N, O, OH, OW)."""
    o, c = shape[0] // groups, shape[1]

    def shares(batch: slice) -> Iterator[np.ndarray]:
        for rows, d in _tiles(x, batch, shape, g.shape[2:], padding):
            u = _cotangents(g, batch, rows.start, d.shape[2:4])
            yield products.over_rows(_by_group(d, groups, c), _by_group(u, groups, o))

    parts = threads.run(lambda batch: reduce(operator.iadd, shares(batch)), _batches(x.shape, shape, g.shape[2:]))
    total = reduce(operator.iadd, parts) if parts else np.zeros((16, groups, c, o), np.float32)
    dw = (GG.T @ total.reshape(16, groups * c * o)).reshape(3, 3, groups, c, o)
    return dw.transpose(2, 4, 3, 1, 0).reshape(shape)


def _by_group(tiles: np.ndarray, groups: int, channels: int) -> np.ndarray:
    """Tiles (4, 4, h, w, N * C) as 16 stacks of one matrix for each group, with its channels in the columns."""
    return tiles.reshape(16, -1, groups, channels).swapaxes(1, 2)


def _tiles(
    x: np.ndarray, batch: slice, filters: Shape, out: Shape, padding: Pair
) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows of the output, and what they need of some images: B' d B, as (4, 4, rows / 2, OW / 2, N * C)."""
    n, c = batch.stop - batch.start, x.shape[1]
    tall, wide = -(-out[0] // 2), -(-out[1] // 2)
    image, padded = compiled.rows(x), None
    for pairs in slices(tall, pieces(tall, n * _row_bytes(filters[0] + c, out), _least(filters))):
        first = 2 * pairs.start
        d = scratch("windows", (4, 4, pairs.stop - pairs.start, wide, n * c), np.float32)
        if not compiled.run(loops.winograd_tiles, d, image, first - padding[0], -padding[1], batch.start * c):
            if padded is None:
                padded = scratch("image", (2 * tall + 2, 2 * wide + 2, n, c), np.float32)
                fill(padded, by_place(x[batch]), (1, 1), padding)
            strip = padded[first : 2 * pairs.stop + 2]
            _transformed(strip.reshape(*strip.shape[:2], n * c), d)
        yield slice(first, 2 * pairs.stop), d


def _cotangents(g: np.ndarray, batch: slice, top: int, size: Shape) -> np.ndarray:
    """A g A' of some tiles, for some images, as (4, 4, rows / 2, OW / 2, N * O)."""
    cotangent = by_place(g[batch])
    u = scratch("product", (4, 4, *size, cotangent[0, 0].size), np.float32)
    if not compiled.run(loops.winograd_cotangents, u, compiled.rows(g), top, batch.start * g.shape[1]):
        high, wide = size
        strip = cotangent[top : top + 2 * high]
        if strip.shape[:2] == (2 * high, 2 * wide):
            u[::3, ::3] = strip.reshape(high, 2, wide, 2, u.shape[4]).transpose(3, 1, 0, 2, 4)
        else:  # the last tiles are half outside
            for i, j in np.ndindex(2, 2):
                fill(u[3 * j, 3 * i].reshape(high, wide, *strip.shape[2:]), strip, (2, 2), (-i, -j))
        for part in (u[::3].swapaxes(0, 1), u):  # rows of the corners, then columns of all; two numbers are soon added
            np.add(part[0], part[3], out=part[1])
            np.subtract(part[0], part[3], out=part[2])
    return u


def _transformed(strip: np.ndarray, d: np.ndarray) -> None:
    """B' d B of the tiles of a strip (2 * rows + 2, 2 * columns + 2, M)."""
    high = d.shape[2]
    half = scratch("half", (4, high, *strip.shape[1:]), np.float32)
    runs = 1 if 16 * strip[0].size <= products.FREE else strip.shape[1]  # that a row is cut into
    rows = _fours(strip, 0).reshape(high, 4, runs, -1)
    np.matmul(B, rows.swapaxes(1, 2), out=half.reshape(4, high, runs, -1).transpose(1, 2, 0, 3))
    np.matmul(B, _fours(half, 2), out=d.transpose(1, 2, 3, 0, 4))


def _fours(a: np.ndarray, axis: int) -> np.ndarray:
    """All four neighbours along an axis that begin with an even one: (..., how many, 4, ...)."""
    shape, steps = a.shape, a.strides
    return as_strided(
        a,
        (*shape[:axis], shape[axis] // 2 - 1, 4, *shape[axis + 1 :]),
        (*steps[:axis], 2 * steps[axis], steps[axis], *steps[axis + 1 :]),
    )


def _outputs(m: np.ndarray, tile: np.ndarray) -> None:
    """A' m A as a tile of the output."""
    high, wide, length = m.shape[2:]
    fits = tile.shape[:2] == (2 * high, 2 * wide)
    whole = tile if fits else scratch("output", (2 * high, 2 * wide, *tile.shape[2:]), np.float32)
    squares = whole.reshape(high, 2, wide, 2, length).swapaxes(1, 2)
    np.matmul(AA, m.reshape(16, high, wide, 1, length).transpose(1, 2, 3, 0, 4), out=squares)
    if not fits:  # the last tiles are half outside of the output
        tile[...] = whole[: len(tile), : tile.shape[1]]


def _batches(images: Shape, filters: Shape, out: Shape) -> list[slice]:
    """The batch in parts of which some rows fit a tile: neighbouring tiles have two rows of the image in common."""
    n, c = images[:2]
    row_bytes = _row_bytes(filters[0] + c, out)
    size = max(row_bytes, 4 * (out[0] + 2) * (out[1] + 2) * c)
    return list(slices(n, max(threads.parts(n * -(-out[0] // 2) * row_bytes), pieces(n, size, _least(filters)))))


def _row_bytes(channels: int, out: Shape) -> int:
    """Memory for the factors and the products, with so many channels, of two rows of the output of one image."""
    return 16 * -(-out[1] // 2) * channels * 4


def _least(filters: Shape) -> int:
    """How large tiles should be at least: each reads all filters, so it should not be small beside them."""
    return 2 * 16 * filters[0] * filters[1] * 4
