"""Convolution in many groups of few channels, without matrices: they would be too narrow to be worth a product.

Each place (i, j) of the filters adds ``w[:, i, j]`` times a part of the image to the output, channel by channel, and
all images of a batch are treated alike. So runs of N * C elements, which lie together in memory, are multiplied with
runs of weights as long, and added up: ``einsum`` does both in one pass over a tile that stays in the cache. An image
whose channels several filters see is copied so often; of several channels that a filter sees, each has its own copy.
"""

from __future__ import annotations

import itertools
import math
import operator
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from . import threads
from .scratch import pieces, scratch, slices
from .windows import Pair, Shape, by_place, fill

MOST = 4  # products for each place in a group; matrices do more of them faster
RUN = 1 << 11  # elements side by side that are enough to forget what it costs to begin with them
LONG = 1 << 12  # for shorter runs, what a filter sees of a row may fit einsum's buffers, and it would copy that first

Geometry = tuple[Pair, Pair, Pair, int]  # stride, padding, dilation and groups
Part = tuple[slice, slice]  # of the images, and of the rows of their windows


def suits(filters: Shape, groups: int) -> bool:
    """Whether groups are so narrow that it pays."""
    return groups > 1 and 0 < filters[0] // groups * filters[1] <= MOST


def correlate(
    x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, y: np.ndarray, geometry: Geometry, dtype: np.dtype[Any]
) -> None:
    """Write the convolution to ``y``, computed in ``dtype``."""
    filters = _by_group(w, geometry[3]).transpose(2, 3, 4, 0, 1)
    _run([_Pass(x, _flat(filters, dtype), y, *geometry[:3])], bias)


def input_gradient(g: np.ndarray, w: np.ndarray, dx: np.ndarray, geometry: Geometry, dtype: np.dtype[Any]) -> None:
    """Write the gradient of the images to ``dx``.

    Places of the image so far apart as the stride see the same places of the filters, and step by step the next
    cotangents: they are a convolution with a stride of 1, with the filters turned.
    """
    stride, padding, dilation, groups = geometry
    filters = _flat(_by_group(w, groups).transpose(1, 3, 4, 0, 2), dtype)
    axes = list(zip(w.shape[2:], stride, padding, dilation, strict=True))
    passes = []
    for row, column in itertools.product(*map(range, stride)):
        (up, i), (left, j) = (_seen(start, *axis) for start, axis in zip((row, column), axes, strict=True))
        some, out = filters[:, i][:, :, j], dx[:, :, row :: stride[0], column :: stride[1]]
        if some.size:
            apart = [d // math.gcd(s, d) for s, d in zip(stride, dilation, strict=True)]
            passes.append(_Pass(g, some, out, (1, 1), (up, left), (apart[0], apart[1])))
        else:
            out[...] = 0
    _run(passes)


def weight_gradient(g: np.ndarray, x: np.ndarray, shape: Shape, geometry: Geometry, dtype: np.dtype[Any]) -> np.ndarray:
    """What filters of ``shape`` get of the cotangent ``g``, in ``dtype``."""
    filters = np.zeros((*shape[1:], shape[0]), dtype)
    whole = _Pass(x, filters, g, *geometry[:3])
    return reduce(operator.iadd, threads.run(whole.products, whole.parts()), filters).transpose(3, 0, 1, 2)


class _Pass(NamedTuple):
    """A convolution of images with filters (c, KH, KW, O): the channels of the images, in groups of c.

    ``out`` is where it is written to, or the cotangent of that.
    """

    image: np.ndarray
    filters: np.ndarray
    out: np.ndarray
    stride: Pair
    padding: Pair
    dilation: Pair

    def parts(self) -> list[Part]:
        """Tiles that fit the cache, and that threads share: of a large batch some images, and some rows of these."""
        n, o, height, width = self.out.shape
        row = width * o * self.filters.itemsize  # of one image
        size = -(-n // self._batches) * row * (1 + len(self.filters) * math.prod(self.stride))
        shares = threads.parts(n * height * row * self.filters[..., 0].size)
        tall = max(-(-shares // self._batches), pieces(height, size))
        return list(itertools.product(slices(n, self._batches), slices(height, tall)))

    def repeated(self, a: np.ndarray) -> np.ndarray:
        """A number for each channel of the output, last axis, as often as the longest run has each channel."""
        images = -(-len(self.out) // self._batches)
        return np.tile(a, images * self._columns(images))

    def correlate(self, part: Part, weights: np.ndarray, biases: np.ndarray | None) -> None:
        """Write a part of the convolution, with repeated weights and biases."""
        tile = self._tile(part)
        total, same = self._runs(tile)
        length = total.shape[2]
        np.einsum("cijabm,cijm->abm", self._windows(part), weights[..., :length], out=total)
        if biases is not None:
            total += biases[:length]
        if not same:
            tile[...] = total.reshape(tile.shape)

    def products(self, part: Part) -> np.ndarray:
        """What the filters get of a part of the cotangent."""
        tile = self._tile(part)
        g, same = self._runs(tile)
        if not same:
            g.reshape(tile.shape)[...] = tile
        sums: np.ndarray = np.einsum("cijabm,abm->cijm", self._windows(part), g)
        total: np.ndarray = sums.reshape(*sums.shape[:3], -1, tile.shape[3]).sum(axis=3)
        return total

    def _tile(self, part: Part) -> np.ndarray:
        batch, rows = part
        return by_place(self.out)[rows, :, batch]

    def _runs(self, tile: np.ndarray) -> tuple[np.ndarray, bool]:
        """A tile as (rows, runs, length of a run), and whether that is itself, or a buffer as large."""
        columns = self._columns(tile.shape[2])
        lies = tile.flags.c_contiguous if columns > 1 else tile[0, 0].flags.c_contiguous
        same = lies and tile.dtype == self.filters.dtype
        runs = tile if same else scratch("rows", tile.shape, self.filters.dtype)
        return runs.reshape(len(tile), tile.shape[1] // columns, -1), same

    def _windows(self, part: Part) -> np.ndarray:
        """For each place in a window, what is there for a part of the output: (c, KH, KW, rows, runs, length)."""
        batch, rows = part
        kernel, images = self.filters.shape[:3], batch.stop - batch.start
        high, wide, columns = rows.stop - rows.start, self.out.shape[3], self._columns(images)
        image = self._padded(part, high, wide)
        channel, h, w, element = image.strides
        (down, along), (lower, further) = self.stride, self.dilation
        steps = (channel, h * lower, w * further, h * down, w * along * columns, element)
        shape = (*kernel, high, wide // columns, columns * image.shape[3])
        return as_strided(image, shape, steps, writeable=False)

    def _padded(self, part: Part, high: int, wide: int) -> np.ndarray:
        """What so many windows see of padded images, (c, H, W, N * O): each channel as often as filters see it."""
        (batch, rows), (c, kh, kw, o) = part, self.filters.shape
        (down, along), (lower, further) = self.stride, self.dilation
        image = by_place(self.image[batch])
        height, width, n, channels = image.shape
        image = image.reshape(height, width, n, channels // c, c, 1)
        size = ((high - 1) * down + (kh - 1) * lower + 1, (wide - 1) * along + (kw - 1) * further + 1)
        padded = scratch("image", (c, *size, n, channels // c, o * c // channels), self.filters.dtype)
        for k, canvas in enumerate(padded):
            fill(canvas, image[..., k, :], (1, 1), (self.padding[0] - rows.start * down, self.padding[1]))
        return padded.reshape(c, *size, n * o)

    @property
    def _batches(self) -> int:
        """Into how many parts to cut the batch."""
        n, o = self.out.shape[:2]
        return max(1, int(n * o // RUN))

    def _columns(self, images: int) -> int:
        """How many columns to take together, as one run: a divisor of their number, if their own runs are short."""
        width, run = self.out.shape[3], images * self.out.shape[1]
        if self.stride[1] > 1 or 4 * run > RUN:
            return 1
        some = range(-(-LONG // run), 4 * LONG // run + 1)
        return next((k for k in some if width % k == 0), width if width * run < LONG else 1)


def _run(passes: list[_Pass], bias: np.ndarray | None = None) -> None:
    """Write all these convolutions."""
    tasks = []
    for each in passes:
        if not each.out.size:
            continue
        weights, biases = each.repeated(each.filters), None if bias is None else each.repeated(bias)
        tasks += [(each, part, weights, biases) for part in each.parts()]
    threads.run(lambda task: task[0].correlate(*task[1:]), tasks)


def _seen(start: int, kernel: int, stride: int, padding: int, dilation: int) -> tuple[int, slice]:
    """Which places of a filter see every ``stride``-th place of the image, the last first, and the padding for that."""
    places = [i for i in range(kernel) if (start + padding - i * dilation) % stride == 0]
    if not places:
        return 0, slice(0, 0)
    shift = (places[-1] * dilation - start - padding) // stride
    step = stride // math.gcd(stride, dilation)
    return shift, slice(places[-1], places[0] - 1 if places[0] else None, -step)


def _by_group(w: np.ndarray, groups: int) -> np.ndarray:
    return w.reshape(groups, len(w) // groups, *w.shape[1:])


def _flat(filters: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Filters (c, KH, KW, groups, O / groups) as (c, KH, KW, O)."""
    return filters.reshape(*filters.shape[:3], -1).astype(dtype, copy=False)
