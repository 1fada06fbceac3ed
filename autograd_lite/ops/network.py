"""What networks are made of, where one rule is worth more than a composition: fewer passes over the data."""

from math import prod

import numpy as np

from .._arrays import into
from ..function import Function
from ..kernels import products, recurrent
from ..kernels.broadcast import along
from .elementwise import Exp, Sigmoid
from .linalg import MatMul
from .reduce import Inner, LogSoftmax, Mean, Sum
from .shape import Concatenate, Stack, Unbroadcast
from .trigonometry import Tanh


class Linear(Function):
    """y = x @ w.T + bias, over the last axis of x, for weights w of shape (out, in).

    BLAS is fastest where w.T, rather than w, lies in memory row by row; so then does the gradient.
    """

    __slots__ = ()

    def forward(self, x, w, bias):
        y = products.matmul(rows(x), w.swapaxes(0, 1))
        y = y if bias is None else into(np.add, y, bias)
        return y if x.ndim == 2 else y.reshape(*x.shape[:-1], w.shape[0])

    def grad_x(self, g, w):
        dx = MatMul()(rows(g), w)
        return dx if g.ndim == 2 else dx.reshape(*g.shape[:-1], w.shape[1])

    def grad_w(self, g, x): return MatMul()(rows(x).swapaxes(0, 1), rows(g)).swapaxes(0, 1)
    def grad_bias(self, g): return Sum(0)(rows(g))


def rows(a):
    """``a`` as a matrix: one product with it is faster than a stack of them."""
    return a if a.ndim == 2 else a.reshape(prod(a.shape[:-1]), a.shape[-1])


class CrossEntropy(Function):
    """y = -sum over rows n of scale[n] * log(softmax(a)[n, labels[n]]), where scale may be one number for all.

    The gradient is the book's (softmax - one-hot) (Deep Learning from Scratch, section 5.6.3), scaled.
    """

    __slots__ = ("labels", "scale")

    def __init__(self, labels, scale): self.labels, self.scale = labels, scale
    def by_logp(self, a): return LogSoftmax(-1)(a)

    def forward(self, a, logp): return -(logp[np.arange(len(self.labels)), self.labels] * self.scale).sum()

    def grad_a(self, g, logp):
        slope = Exp()(logp)
        slope[np.arange(len(self.labels)), self.labels] -= 1
        slope *= g * self.scale[..., None]
        return slope


class Normalization(Function):
    """y = gamma * (x - mean) / sqrt(var + eps) + beta, with mean and variance of x over some axes.

    Mean and variance are differentiated through, to any order. ``statistics`` holds them after forward, for running
    averages; a rule serves one use only. This is what both rules below share.
    """

    __slots__ = ("axes", "eps", "statistics")
    broadcasts = True

    def __init__(self, axes, eps): self.axes, self.eps = axes, eps
    def by_mean(self, x): return Mean(self.axes, True)(x)
    def by_off(self, x, mean): return x - along(mean, x)
    def by_var(self, mean, off): return Inner(mean.shape)(off, off) / (off.size // (mean.size or 1))
    def by_scale(self, var): return (var + self.eps) ** -0.5
    def by_centred(self, g, x, mean): return self.by_off(x, mean)  # cheaper to compute again than to keep

    def grad_x(self, g, gamma, scale, centred, total, dot):
        n = centred.size // (scale.size or 1)
        dx = centred  # which nobody reads any more
        dx *= along(scale * dot / -n, centred)
        dx += self.before(g, gamma)
        dx -= along(total / n, centred)
        dx *= along(self.after(scale, gamma), centred)
        return dx

    def before(self, g, gamma): return g * along(gamma, g)  # where gamma comes in, before the gradient is centred
    def after(self, scale, gamma): return scale  # or after that


class NormalizeEvenly(Normalization):
    """For gamma and beta that are the same all along the axes, as in batch normalisation: x and both share sums."""

    __slots__ = ()

    def forward(self, x, gamma, beta, mean, off, var, scale):
        self.statistics = mean, var
        return into(np.add, into(np.multiply, off, along(scale * gamma, x)), along(beta, x))

    def before(self, g, gamma): return g
    def after(self, scale, gamma): return scale * gamma
    def by_total(self, g, mean): return Unbroadcast(mean.shape)(g)
    def by_dot(self, g, mean, scale, centred): return Inner(mean.shape)(g, centred) * scale

    def grad_gamma(self, g, dot): return dot
    def grad_beta(self, g, total): return total


class Normalize(Normalization):
    """For gamma and beta of any shape, as in layer normalisation."""

    __slots__ = ()

    def forward(self, x, gamma, beta, mean, off, var, scale):
        self.statistics = mean, var
        off = into(np.multiply, off, along(scale, x))
        return into(np.add, into(np.multiply, off, along(gamma, x)), along(beta, x))

    def by_moves(self, g, centred): return g * centred
    def by_total(self, g, gamma, mean): return Inner(mean.shape)(g, gamma)
    def by_dot(self, g, gamma, mean, scale, moves): return Inner(mean.shape)(moves, gamma) * scale

    def grad_gamma(self, g, scale, shape_gamma, moves): return Inner(shape_gamma)(moves, scale)
    def grad_beta(self, g): return g


class LSTM(Function):
    """Long short-term memory over a whole sequence; y[0] are the outputs h, y[1] the memories c, from step 0 on.

    With (i, f, g, o) = z[t] + h @ w.T, of which g goes through tanh and the others through sigmoid::

        c = f * c + i * g           h = o * tanh(c)

    The gates are computed again for the gradient, of all steps at once; what is left to do step by step is linear.
    """

    __slots__ = ()

    def forward(self, z, w, h0, c0): return recurrent.lstm(z, w, h0, c0)

    def by_slopes(self, g, z, w, y):
        """How much each gate moves c or h, and c moves h and its next value."""
        steps, n, width = z.shape[0], z.shape[1], w.shape[1]
        before, c = y[0, :-1].reshape(steps * n, width), y[1, :-1]
        gates = z + MatMul()(before, w.swapaxes(0, 1)).reshape(steps, n, 4 * width)
        i, f, o = (Sigmoid()(gates[:, :, k * width : (k + 1) * width]) for k in (0, 1, 3))
        new, out = Tanh()(gates[:, :, 2 * width : 3 * width]), Tanh()(y[1, 1:])
        moves = (new * i * (1 - i), c * f * (1 - f), i * (1 - new * new), out * o * (1 - o))
        return (*moves, o * (1 - out * out), f)

    def by_back(self, g, w, slopes):
        """The cotangents of z, h0 and c0."""
        i, f, new, o, c_to_h, keep = slopes
        dh, dc, dz = g[0, -1], g[1, -1], []
        for t in range(len(i) - 1, -1, -1):
            dc = dc + dh * c_to_h[t]
            dz.append(Concatenate(1)(dc * i[t], dc * f[t], dc * new[t], dh * o[t]))
            dh, dc = g[0, t] + dz[-1] @ w, g[1, t] + dc * keep[t]
        return Stack(0)(*dz[::-1]), dh, dc

    def grad_z(self, g, back): return back[0]

    def grad_w(self, g, y, back):
        return MatMul()(rows(back[0]).swapaxes(0, 1), rows(y[0, :-1]))

    def grad_h0(self, g, back): return back[1]
    def grad_c0(self, g, back): return back[2]
