"""Rules that move numbers without changing them. They come in pairs, each the other's gradient."""

from itertools import accumulate

import numpy as np

from .._arrays import kept_shape
from ..function import Function
from ..kernels import sums


class Reshape(Function):
    """The same numbers in another shape."""

    __slots__ = ("shape",)

    def __init__(self, shape): self.shape = shape
    def forward(self, a): return a.reshape(self.shape)
    def grad_a(self, g, shape_a): return g.reshape(shape_a)


class Transpose(Function):
    """The axes in another order."""

    __slots__ = ("axes",)

    def __init__(self, axes): self.axes = axes
    def forward(self, a): return a.transpose(self.axes)
    def grad_a(self, g): return g.transpose(tuple(map(self.axes.index, range(len(self.axes)))))


class Broadcast(Function):
    """Repeat along new and length-one axes."""

    __slots__ = ("shape",)

    def __init__(self, shape): self.shape = shape
    def forward(self, a): return np.broadcast_to(a, self.shape)
    def grad_a(self, g, shape_a): return Unbroadcast(shape_a)(g)


class Unbroadcast(Function):
    """Sum over the axes along which ``shape`` would be repeated."""

    __slots__ = ("shape",)

    def __init__(self, shape): self.shape = shape
    def forward(self, a): return sums.unbroadcast(a, self.shape)
    def grad_a(self, g, shape_a): return Broadcast(shape_a)(g)


class Flip(Function):
    """The order along some axes reversed."""

    __slots__ = ("axis",)

    def __init__(self, axis): self.axis = axis
    def forward(self, a): return np.flip(a, self.axis)
    def grad_a(self, g): return Flip(self.axis)(g)


class Roll(Function):
    """Elements moved along an axis; what falls off the end comes back at the start."""

    __slots__ = ("axis", "shift")

    def __init__(self, shift, axis): self.shift, self.axis = shift, axis
    def forward(self, a): return np.roll(a, self.shift, self.axis)
    def grad_a(self, g): return Roll(tuple(-n for n in self.shift), self.axis)(g)


class Repeat(Function):
    """Each element along an axis ``repeats`` times; ``repeats`` is a number or one number an element."""

    __slots__ = ("axis", "repeats")

    def __init__(self, repeats, axis): self.repeats, self.axis = repeats, axis
    def forward(self, a): return np.repeat(a, self.repeats, self.axis)

    def grad_a(self, g, shape_a):
        if isinstance(self.repeats, int):
            runs = (*shape_a[: self.axis + 1], self.repeats, *shape_a[self.axis + 1 :])
            return g.reshape(runs).sum(axis=self.axis + 1)
        return SumRuns(self.repeats, self.axis, shape_a[self.axis])(g)


class SumRuns(Function):
    """Sums of runs of neighbours along an axis; ``repeats`` are the lengths of the ``n`` runs."""

    __slots__ = ("axis", "n", "repeats")

    def __init__(self, repeats, axis, n): self.repeats, self.axis, self.n = repeats, axis, n

    def forward(self, a):
        y = np.zeros(kept_shape(a.shape, self.axis, self.n), a.dtype)
        run = np.repeat(np.arange(self.n), self.repeats)
        np.add.at(np.moveaxis(y, self.axis, 0), run, np.moveaxis(a, self.axis, 0))
        return y

    def grad_a(self, g): return Repeat(self.repeats, self.axis)(g)


# -- Joining ----------------------------------------------------------------------------------------------------------

class Concatenate(Function):
    """Arrays one after the other along an axis."""

    __slots__ = ("axis",)

    def __init__(self, axis): self.axis = axis
    def forward(self, *parts): return np.concatenate(parts, self.axis)

    def by_ends(self, g, shape_parts): return list(accumulate(shape[self.axis] for shape in shape_parts))

    def grad_parts(self, g, i, shape_parts, ends):
        part = slice(ends[i] - shape_parts[i][self.axis], ends[i])
        return g[(slice(None),) * self.axis + (part,)]


class Stack(Function):
    """Arrays of one shape side by side along a new axis."""

    __slots__ = ("axis",)

    def __init__(self, axis): self.axis = axis
    def forward(self, *parts): return np.stack(parts, self.axis)
    def grad_parts(self, g, i): return g[(slice(None),) * self.axis + (i,)]
