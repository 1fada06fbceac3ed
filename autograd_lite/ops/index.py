"""Rules that pick elements, put elements, and order them."""

import numpy as np

from .._arrays import Piece, last_assigned
from ..function import Function
from .elementwise import Where
from .shape import Unbroadcast


class GetItem(Function):
    """y = a[index]."""

    __slots__ = ("index",)

    def __init__(self, index): self.index = index
    def forward(self, a): return a[self.index]
    def grad_a(self, g, shape_a): return Scatter(self.index, shape_a).piece(g)


class Scatter(Function):
    """Zeros of ``shape``, with ``a`` added at ``index``; repeated indices add up."""

    __slots__ = ("index", "shape")

    def __init__(self, index, shape): self.index, self.shape = index, shape
    def forward(self, a): return Piece(self.shape, self.index, a).array()
    def grad_a(self, g): return GetItem(self.index)(g)

    def piece(self, a):
        """The same, but not made yet if ``a`` is no tensor: the engine adds it to what is there."""
        return Piece(self.shape, self.index, a) if isinstance(a, np.ndarray | np.generic) else self(a)


class SetItem(Function):
    """A copy of a in which the elements at ``index`` are those of b."""

    __slots__ = ("index",)

    def __init__(self, index): self.index = index

    def forward(self, a, b):
        y = np.array(a)
        y[self.index] = b
        return y

    def grad_a(self, g): return SetItem(self.index)(g, 0)

    def grad_b(self, g, shape_b):
        kept, last = g[self.index], last_assigned(self.index, g.shape)
        if last is not True:
            kept = Where()(last, kept, 0)
        shape = shape_b[max(0, len(shape_b) - kept.ndim) :]  # NumPy lets b have more axes, of length 1, in front
        return Unbroadcast(shape)(kept).reshape(shape_b)


class Reorder(Function):
    """y[..., i, ...] = a[..., order[..., i, ...], ...] along one axis, where ``order`` names each place once."""

    __slots__ = ("axis", "order")

    def __init__(self, order, axis): self.order, self.axis = order, axis
    def forward(self, a): return np.take_along_axis(a, self.order, self.axis)
    def grad_a(self, g): return Reorder(np.argsort(self.order, self.axis), self.axis)(g)
