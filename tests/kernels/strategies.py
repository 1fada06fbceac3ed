"""Images, windows and memory layouts to try kernels with."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st


def pairs(least, most):
    return st.tuples(st.integers(least, most), st.integers(least, most))


@dataclass(frozen=True)
class Case:
    n: int
    c: int
    size: tuple
    kernel: tuple
    stride: tuple
    padding: tuple
    dilation: tuple

    @property
    def shape(self):
        return (self.n, self.c, *self.size)


few = st.integers(1, 3)


@st.composite
def cases(draw, channels=few, kernels=pairs(1, 3), strides=pairs(1, 4), dilations=pairs(1, 2)):  # noqa: B008
    """Images and windows that fit: also no image at all, windows as large as the image, steps larger than windows."""
    kernel, dilation = draw(kernels), draw(dilations)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = tuple(  # at least the dilation, so that no window lies in padding alone
        max(d * (k - 1) + 1 - 2 * p, d) + draw(st.integers(0, 5))
        for k, p, d in zip(kernel, padding, dilation, strict=True)
    )
    return Case(draw(st.integers(0, 3)), draw(channels), size, kernel, draw(strides), padding, dilation)


def in_layout(values, layout):
    """A copy of ``values`` (N, C, H, W) that lies in memory as ``layout`` says."""
    if layout == "strided":
        wide = np.zeros([2 * n + 1 for n in values.shape], values.dtype)
        wide[tuple(slice(0, 2 * n, 2) for n in values.shape)] = values
        return wide[tuple(slice(0, 2 * n, 2) for n in values.shape)]
    if layout == "backwards":
        return values[:, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1]
    order = ["NCHW".index(axis) for axis in layout]
    return np.ascontiguousarray(values.transpose(order)).transpose(np.argsort(order))


LAYOUTS = ("NCHW", "HWNC", "NHWC", "WHCN", "strided", "backwards")
arrays_seed = st.integers(0, 2**32 - 1)
in_memory = st.sampled_from(LAYOUTS)
