"""Rules that sum up: along axes, in all or as they go."""

from math import prod

import numpy as np

from .._arrays import kept_shape
from ..function import Function
from ..kernels import softmax, sums
from .elementwise import Exp, Gate, Where
from .shape import Broadcast, Flip


class Sum(Function):
    """Sum over axes."""

    __slots__ = ("axis", "keepdims")

    def __init__(self, axis=None, keepdims=False): self.axis, self.keepdims = axis, keepdims
    def forward(self, a): return sums.total(a, self.axis, self.keepdims)
    def grad_a(self, g, shape_a): return Broadcast(shape_a)(g.reshape(kept_shape(shape_a, self.axis)))


class Mean(Function):
    """Mean over axes."""

    __slots__ = ("axis", "keepdims")

    def __init__(self, axis=None, keepdims=False): self.axis, self.keepdims = axis, keepdims
    def forward(self, a): return sums.mean(a, self.axis, self.keepdims)

    def grad_a(self, g, shape_a):
        shape = kept_shape(shape_a, self.axis)
        return Broadcast(shape_a)((g * (count(shape) / count(shape_a))).reshape(shape))


class Inner(Function):
    """Sum of a * b, where b is broadcast to a, over the axes along which ``shape`` would be repeated."""

    __slots__ = ("shape",)
    broadcasts = True

    def __init__(self, shape): self.shape = shape
    def forward(self, a, b): return sums.inner(a, b, self.shape)
    def grad_a(self, g, b, shape_a): return Broadcast(shape_a)(b * g)
    def grad_b(self, g, a): return a * g


class Max(Function):
    """Maximum over axes; ties share the gradient equally."""

    __slots__ = ("axis", "keepdims")

    def __init__(self, axis=None, keepdims=False): self.axis, self.keepdims = axis, keepdims
    def forward(self, a): return a.max(axis=self.axis, keepdims=self.keepdims)
    def grad_a(self, g, a, y): return shared_by_ties(g, a, y, self.axis)


class Min(Function):
    """Minimum over axes; ties share the gradient equally."""

    __slots__ = ("axis", "keepdims")

    def __init__(self, axis=None, keepdims=False): self.axis, self.keepdims = axis, keepdims
    def forward(self, a): return a.min(axis=self.axis, keepdims=self.keepdims)
    def grad_a(self, g, a, y): return shared_by_ties(g, a, y, self.axis)


def shared_by_ties(g, a, y, axis):
    """g spread evenly over the places where ``a`` equals its extreme ``y``."""
    shape = kept_shape(a.shape, axis)
    hit = a == y.reshape(shape)
    return Gate()(g.reshape(shape) / hit.sum(axis=axis, keepdims=True).astype(g.dtype), hit)


def count(shape):
    """The number of elements, at least 1, for means of nothing."""
    return max(1, prod(shape))


class Logsumexp(Function):
    """y = log(sum(exp(a))) over axes, without overflow."""

    __slots__ = ("axis", "keepdims")

    def __init__(self, axis=None, keepdims=False): self.axis, self.keepdims = axis, keepdims

    def forward(self, a):
        top = a.max(axis=self.axis, keepdims=True)
        top = np.where(np.isfinite(top), top, 0)
        y = np.log(np.exp(a - top).sum(axis=self.axis, keepdims=True)) + top
        return y if self.keepdims else y.squeeze(axis=self.axis)

    def grad_a(self, g, a, y):
        shape = kept_shape(a.shape, self.axis)
        y = Where()(y == -np.inf, 0, y)  # of nothing but -inf, no element is responsible
        return g.reshape(shape) * Exp()(a - y.reshape(shape))


class Softmax(Function):
    """y = exp(a) / sum(exp(a)) along an axis, without overflow."""

    __slots__ = ("axis",)

    def __init__(self, axis): self.axis = axis
    def forward(self, a): return softmax.softmax(a, self.axis)

    def grad_a(self, g, y):
        slope = g - Inner(kept_shape(y.shape, self.axis))(g, y)
        slope *= y
        return slope


class LogSoftmax(Function):
    """y = a - log(sum(exp(a))) along an axis, without overflow."""

    __slots__ = ("axis",)

    def __init__(self, axis): self.axis = axis
    def forward(self, a): return softmax.log_softmax(a, self.axis)
    def grad_a(self, g, y): return g - Exp()(y) * g.sum(axis=self.axis, keepdims=True)


class Cumsum(Function):
    """Running sums along an axis."""

    __slots__ = ("axis",)

    def __init__(self, axis): self.axis = axis
    def forward(self, a): return np.cumsum(a, self.axis)
    def grad_a(self, g): return Flip(self.axis)(Cumsum(self.axis)(Flip(self.axis)(g)))
