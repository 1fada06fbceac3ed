"""Convolution as matrix products: the windows of images as factors, tile by tile."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from . import threads
from .scratch import pieces, scratch, slices
from .windows import Pair, Shape, by_place, fill

FEW = 16  # channels; from here on they are the better run of neighbours to copy, below it the images of a batch are


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

    def right(self, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """The right factors; a bias is one more row of the first, for which the left one has a column of ones."""
        stack = w.transpose(2, 3, 1, 0).reshape(self.stack)
        if bias is not None:
            stack = np.concatenate([stack, np.broadcast_to(bias, (1, 1, len(bias)))], axis=1)
        return stack.astype(self.dtype, copy=False)

    def parts(self, n: int) -> list[tuple[slice, slice]]:
        """Into which parts to cut a batch of ``n`` images and the rows of their output, so that threads may share them.

        With few channels a part is a tile: some rows of all images, if these are not too many. With more it is some
        whole images, if strips overlap.
        """
        height, by_rows = self.out[0], self.few or self.filters[2] == 1
        size = self._row_bytes if by_rows else self._row_bytes * height
        count = pieces(n, size, self._least)
        shares = threads.parts(n * height * self._row_bytes)
        if not by_rows:
            return [(batch, slice(0, height)) for batch in slices(n, max(shares, count))]
        tall = max(shares, pieces(height, -(-n // count) * size, self._least))
        return [(batch, rows) for batch in slices(n, count) for rows in slices(height, tall)]

    def left(self, x: np.ndarray, part: slice, bias: bool = False) -> Iterator[tuple[slice, list[np.ndarray]]]:
        """The left factors for images ``x`` and a part of the rows of the output, with the rows that they give.

        Where channels are few, they may have a column of ones, for the bias.
        """
        images, n, height = self._with_neighbours(x, part), len(x), part.stop - part.start
        for rows in slices(height, pieces(height, n * self._row_bytes, self._least)):
            factors = [self._windows(images, rows, bias)] if self.few else self._strips(images, rows)
            yield slice(part.start + rows.start, part.start + rows.stop), factors

    def _windows(self, images: list[np.ndarray], rows: slice, bias: bool) -> np.ndarray:
        """A window in each row; and perhaps a one. It lies in memory the other way round."""
        (_, c, kh, kw), count, wide = self.filters, rows.stop - rows.start, self.out[1]
        down, n = self.stride[0], images[0].shape[2]
        lines = scratch("windows", (kh * kw * c + bias, count * wide * n), self.dtype)
        lines[kh * kw * c :] = 1
        windows = lines[: kh * kw * c].reshape(kh, kw, c, count, wide, n).transpose(1, 0, 3, 4, 5, 2)
        if self.stride[1] == 1:  # then all places in the windows can be copied at once
            parts = [(slice(None), images[0], kw)]
        else:
            parts = [(slice(j, j + 1), images[start][:, lag:], 1) for j, (lag, start) in enumerate(self._columns)]
        for places, image, number in parts:
            h, w, *rest = image.strides
            steps = (w * self.dilation[1], h * self.dilation[0], h * down, w, *rest)
            windows[places] = as_strided(
                image[rows.start * down :], (number, *windows.shape[1:]), steps, writeable=False
            )
        return lines.T

    def _strips(self, images: list[np.ndarray], rows: slice) -> list[np.ndarray]:
        """A row of a window in each row, for each row of the filter; rows so far apart as the stride lie together."""
        (_, c, kh, kw), count, wide = self.filters, rows.stop - rows.start, self.out[1]
        down, n = self.stride[0], images[0].shape[2]
        if kh == kw == down == 1 and (places := images[0][rows, :wide]).flags.c_contiguous:
            return [places.reshape(-1, c)]
        lags = [divmod(i * self.dilation[0], down) for i in range(kh)]
        starts = sorted({start for _, start in lags})
        windows = scratch("windows", (len(starts), count + lags[-1][0], wide, n, kw, c), self.dtype)
        for first, strip in zip(starts, windows.transpose(0, 4, 1, 2, 3, 5), strict=True):
            top = rows.start * down + first
            lines = slice(top, top + (strip.shape[1] - 1) * down + 1, down)
            for piece, (lag, start) in zip(strip, self._columns, strict=True):
                seen = images[start][lines, lag : lag + wide]
                piece[: len(seen)] = seen
        return [windows[starts.index(first), lag : lag + count].reshape(-1, kw * c) for lag, first in lags]

    @property
    def _columns(self) -> list[tuple[int, int]]:
        """For each column of a filter: where its images begin, and in which of those so far apart as the stride."""
        return [divmod(j * self.dilation[1], self.stride[1]) for j in range(self.filters[3])]

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

    def _with_neighbours(self, x: np.ndarray, part: slice) -> list[np.ndarray]:
        """What a part of the output's rows sees of padded images, as (H, W, N, C).

        Columns so far apart as the stride are an image of their own, and what is copied in one run lies together.
        """
        n, c = x.shape[:2]
        down, step = self.stride
        top = part.start * down - self.padding[0]
        tall, wide = ((k - 1) * d for k, d in zip(self.filters[2:], self.dilation, strict=True))
        size = ((part.stop - part.start - 1) * down + tall + 1, self.out[1] + wide // step)
        image = by_place(x)
        if self.padding == (0, 0) and x.dtype == self.dtype and image.strides[2 if self.few else 3] == x.itemsize:
            return [image[top : top + size[0], start::step] for start in range(step)]
        images = []
        for start in range(step):
            if self.few:
                copy = scratch(f"image {start}", (c, *size, n), self.dtype).transpose(1, 2, 3, 0)
            else:
                copy = scratch(f"image {start}", (*size, n, c), self.dtype)
            fill(copy, image, (1, step), (-top, self.padding[1] - start))
            images.append(copy)
        return images
