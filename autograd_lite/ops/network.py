"""What networks are made of, where one rule is worth more than a composition: fewer passes over the data."""

import numpy as np

from ..function import Function
from .elementwise import Exp
from .reduce import LogSoftmax


class Linear(Function):
    """y = x @ w.T + bias, for rows x, weights w of shape (out, in)."""

    __slots__ = ()

    def forward(self, x, w, bias):
        y = x @ w.swapaxes(0, 1)
        return y if bias is None else np.add(y, bias, out=y if y.dtype == bias.dtype else None)

    def grad_x(self, g, w): return g @ w
    def grad_w(self, g, x): return g.swapaxes(0, 1) @ x
    def grad_bias(self, g): return (np.ones((1, g.shape[0]), g.dtype) @ g).reshape(-1)  # BLAS sums columns faster


class CrossEntropy(Function):
    """y = -sum over rows n of scale[n] * log(softmax(a)[n, labels[n]]).

    The gradient is the book's (softmax - one-hot) (Deep Learning from Scratch, section 5.6.3), scaled.
    """

    __slots__ = ("labels", "scale")

    def __init__(self, labels, scale): self.labels, self.scale = labels, scale
    def by_logp(self, a): return LogSoftmax(-1)(a)

    def forward(self, a, logp): return -np.dot(logp[np.arange(len(self.labels)), self.labels], self.scale)

    def grad_a(self, g, logp):
        one_hot = np.zeros(logp.shape, logp.dtype)
        one_hot[np.arange(len(self.labels)), self.labels] = 1
        return (Exp()(logp) - one_hot) * (g * self.scale[:, None])


class Normalize(Function):
    """y = gamma * (x - mean) / sqrt(var + eps) + beta, with mean and variance of x over some axes.

    Batch, layer and group normalisation, by the choice of axes. Mean and variance are differentiated through, to any
    order. ``statistics`` holds them afterwards, for running averages; a rule serves one use only.
    """

    __slots__ = ("axes", "eps", "statistics")
    broadcasts = True

    def __init__(self, axes, eps): self.axes, self.eps = axes, eps
    def by_mean(self, x): return x.mean(axis=self.axes, keepdims=True)

    def by_var(self, x, mean):
        off = x - mean
        return (off * off).mean(axis=self.axes, keepdims=True)

    def forward(self, x, gamma, beta, mean, var):
        self.statistics = mean, var
        return (x - mean) * ((var + self.eps) ** -0.5 * gamma) + beta

    def by_xhat(self, g, x, mean, var): return (x - mean) * (var + self.eps) ** -0.5

    def grad_x(self, g, gamma, var, xhat):
        g = g * gamma
        return (g - g.mean(axis=self.axes, keepdims=True)
                - xhat * (g * xhat).mean(axis=self.axes, keepdims=True)) * (var + self.eps) ** -0.5

    def grad_gamma(self, g, xhat): return g * xhat
    def grad_beta(self, g): return g
