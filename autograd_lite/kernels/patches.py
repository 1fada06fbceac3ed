"""Convolution as matrix products: the windows of images as factors, tile by tile."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from . import threads
from .scratch import pieces, scratch, slices
from .windows import Pair, Shape, fill

FEW = 8  # channels; from here on they are the better run of neighbours to copy, below it the images of a batch are


class Patches(NamedTuple):
    """How the convolution of images with filters (O, C, KH, KW) is cut into products of matrices that fit the cache.

    With few channels that is one product, with a window in each row. With more there is one for each row of the filter:
    their factors are parts of the same strip of the image, whose windows are one row high, so that a place is copied KW
    times instead of KH * KW times (Cho and Brand, MEC: Memory-efficient Convolution, 2017).
    """

    filters: Shape
    out: Shape
    stride: Pair
    padding: Pair
    dilation: Pair
    dtype: np.dtype[Any]

    @property
    def few(self) -> bool:
        """Whether channels are few."""
        return self.filters[1] < FEW

    @property
    def stack(self) -> Shape:
        """The shape of the filters as a stack of right factors."""
        o, c, kh, kw = self.filters
        return (1, kh * kw * c, o) if self.few else (kh, kw * c, o)

    def right(self, w: np.ndarray) -> np.ndarray:
        """The right factors."""
        return w.transpose(2, 3, 1, 0).reshape(self.stack).astype(self.dtype, copy=False)

    def batches(self, n: int) -> list[slice]:
        """Into which parts to cut a batch of ``n`` images; at least one for each thread, if there are so many."""
        size = self._row_bytes if self.few else self._row_bytes * self.out[0]  # strips overlap, so rather few images
        return list(slices(n, max(threads.count(), pieces(n, size, self._least))))

    def left(self, x: np.ndarray) -> Iterator[tuple[slice, list[np.ndarray]]]:
        """The left factors for images ``x``, with the rows of the output that they give, some rows at a time."""
        n, c = x.shape[:2]
        kh, kw = self.filters[2:]
        step = self.stride[1]  # columns of the image that are so far apart lie together
        images = [self._with_neighbours(x[..., start::step], f"image {start}") for start in range(step)]
        for rows in slices(self.out[0], pieces(self.out[0], n * self._row_bytes, self._least)):
            count = rows.stop - rows.start
            if self.few:
                starts = [i * self.dilation[0] for i in range(kh)]
                windows = scratch("windows", (kh, kw, c, count, self.out[1], n), self.dtype)
                strips = windows.transpose(0, 1, 3, 4, 5, 2)
                factors = [windows.reshape(kh * kw * c, -1).T]
            else:  # and so do rows
                lags = [divmod(i * self.dilation[0], self.stride[0]) for i in range(kh)]
                starts = sorted({start for _, start in lags})
                shape = (len(starts), count + lags[-1][0], self.out[1], n, kw, c)
                windows = scratch("windows", shape, self.dtype)
                strips = windows.transpose(0, 4, 1, 2, 3, 5)
                factors = [windows[starts.index(start), q : q + count].reshape(-1, kw * c) for q, start in lags]
            top = self.padding[0] - rows.start * self.stride[0]
            for start, strip in zip(starts, strips, strict=True):
                for j, part in enumerate(strip):
                    lag, column = divmod(j * self.dilation[1] - self.padding[1], step)
                    fill(part, images[column], (self.stride[0], 1), (top - start, -lag))
            yield rows, factors

    @property
    def _row_bytes(self) -> int:
        """Memory for one row of the output of one image: its windows, and twice the result."""
        o, c, kh, kw = self.filters
        copies = kw * (kh if self.few else min(kh, self.stride[0]))
        return self.out[1] * (copies * c + 2 * o) * self.dtype.itemsize

    @property
    def _least(self) -> int:
        """How large tiles should be at least: each reads all filters, so it should not be small beside them."""
        return 2 * math.prod(self.filters) * self.dtype.itemsize

    def _with_neighbours(self, x: np.ndarray, name: str) -> np.ndarray:
        """Images as (H, W, N, C), where what is copied in one run lies together; if need be, a copy kept by name."""
        n, c, height, width = x.shape
        image = x.transpose(2, 3, 0, 1)
        if x.dtype == self.dtype and image.strides[2 if self.few else 3] == x.itemsize:
            return image
        if self.few:
            copy = scratch(name, (c, height, width, n), self.dtype).transpose(1, 2, 3, 0)
        else:
            copy = scratch(name, (height, width, n, c), self.dtype)
        copy[...] = image
        return copy
