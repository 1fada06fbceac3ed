"""Optimisers with a step size for each number, by the gradients that it had so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_lite import run_compiled

from . import loops
from .optimizer import Group, Optimizer
from .walk import Array


class Adagrad(Optimizer):
    """``h += g * g``, ``w -= lr * g / (sqrt(h) + eps)`` (Duchi et al. 2011).

    Parameters
    ----------
    params : iterable of Parameter, or of dicts
    lr : float
    lr_decay : float
        Step number t uses ``lr / (1 + (t - 1) * lr_decay)``.
    weight_decay, l1, maximize
        As for :class:`SGD`.
    initial_accumulator_value : float
        First value of h.
    eps : float
        Outside the root. Deep Learning from Scratch (section 6.1.5) uses 1e-7.
    """

    nonnegative = ("lr_decay", "initial_accumulator_value", "eps")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        options = {"lr_decay": lr_decay, "initial_accumulator_value": initial_accumulator_value, "eps": eps}
        super().__init__(params, lr=lr, weight_decay=weight_decay, l1=l1, maximize=maximize, **options)

    def keeps(self, o: Group) -> dict[str, float]:
        """The sum of squared gradients."""
        return {"sum": o.initial_accumulator_value}

    def update(self, w: Array, g: Array, t: int, o: Group, *kept: Array) -> None:
        """One step."""
        (h,) = kept
        lr = o.lr / (1 + (t - 1) * o.lr_decay)
        if run_compiled(loops.adagrad, w, g, h, *map(w.dtype.type, (lr, o.eps))):
            return
        h += g * g
        spread = np.sqrt(h)
        spread += o.eps
        step = g / spread
        step *= lr
        w -= step


class RMSprop(Optimizer):
    """``h = alpha * h + (1 - alpha) * g * g``, ``w -= lr * g / (sqrt(h) + eps)`` (Tieleman and Hinton 2012).

    Parameters
    ----------
    params : iterable of Parameter, or of dicts
    lr : float
    alpha : float
        Share of h that is kept.
    eps : float
        Outside the root. The book uses 1e-7.
    weight_decay, l1, maximize
        As for :class:`SGD`.
    momentum : float
        Above 0, w moves by a velocity that takes up these steps.
    centered : bool
        Divide by the standard deviation of the gradients: subtract the square of their mean from h.
    """

    nonnegative = ("eps", "momentum")
    shares = ("alpha",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        options = {"alpha": alpha, "eps": eps, "momentum": momentum, "centered": centered}
        super().__init__(params, lr=lr, weight_decay=weight_decay, l1=l1, maximize=maximize, **options)

    def keeps(self, o: Group) -> dict[str, float]:
        """Means of squared gradients and, where asked for, of gradients; the velocity."""
        return {
            "square_avg": 0.0,
            **({"grad_avg": 0.0} if o.centered else {}),
            **({"momentum_buffer": 0.0} if o.momentum else {}),
        }

    def update(self, w: Array, g: Array, t: int, o: Group, *kept: Array) -> None:
        """One step."""
        h, *others = kept
        h *= o.alpha
        h += (1 - o.alpha) * g * g
        spread = h
        if o.centered:
            mean = others[0]
            mean += (1 - o.alpha) * (g - mean)
            spread = h - mean * mean
        step = g / (np.sqrt(spread) + o.eps)
        if o.momentum:
            v = others[-1]
            v *= o.momentum
            v += step
            step = v
        w -= o.lr * step


class Adadelta(Optimizer):
    """``h = rho * h + (1 - rho) * g * g``, ``d = sqrt(s + eps) / sqrt(h + eps) * g``, ``w -= lr * d`` (Zeiler 2012).

    Then ``s = rho * s + (1 - rho) * d * d``: steps have the size of earlier steps, whatever the unit of the gradient.

    Parameters
    ----------
    params : iterable of Parameter, or of dicts
    lr, rho, eps : float
    eps_outside : bool
        Add ``eps`` to the roots instead, as some lecture notes do.
    weight_decay, l1, maximize
        As for :class:`SGD`.
    """

    nonnegative = ("eps",)
    shares = ("rho",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        eps_outside: bool = False,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        options = {"rho": rho, "eps": eps, "eps_outside": eps_outside}
        super().__init__(params, lr=lr, weight_decay=weight_decay, l1=l1, maximize=maximize, **options)

    def keeps(self, o: Group) -> dict[str, float]:
        """Means of squared gradients and of squared steps."""
        return {"square_avg": 0.0, "acc_delta": 0.0}

    def update(self, w: Array, g: Array, t: int, o: Group, *kept: Array) -> None:
        """One step."""
        h, s = kept
        inside, outside = (0.0, o.eps) if o.eps_outside else (o.eps, 0.0)
        h *= o.rho
        h += (1 - o.rho) * g * g
        d = (np.sqrt(s + inside) + outside) / (np.sqrt(h + inside) + outside) * g
        s *= o.rho
        s += (1 - o.rho) * d * d
        w -= o.lr * d


class Adam(Optimizer):
    """Momentum divided by the root of the mean square (Kingma and Ba 2014)::

        m = b1 * m + (1 - b1) * g                 M = m / (1 - b1 ** t)
        v = b2 * v + (1 - b2) * g * g             V = v / (1 - b2 ** t)
        w -= lr * M / (sqrt(V) + eps)

    Parameters
    ----------
    params : iterable of Parameter, or of dicts
    lr : float
    betas : pair of float
        Shares of m and of v that are kept.
    eps : float
    weight_decay, l1, maximize
        As for :class:`SGD`.
    amsgrad : bool
        Divide by the largest V so far (Reddi et al. 2018).
    corrected_eps : bool
        False adds ``eps`` to ``sqrt(v)`` instead of ``sqrt(V)``, as Deep Learning from Scratch does, with 1e-7.
    """  # noqa: D400  (the formula ends the sentence)

    nonnegative = ("eps",)
    pairs = ("betas",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        corrected_eps: bool = True,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        options = {"betas": betas, "eps": eps, "amsgrad": amsgrad, "corrected_eps": corrected_eps}
        super().__init__(params, lr=lr, weight_decay=weight_decay, l1=l1, maximize=maximize, **options)

    def keeps(self, o: Group) -> dict[str, float]:
        """Means of gradients and of squared gradients."""
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0, **({"max_exp_avg_sq": 0.0} if o.amsgrad else {})}

    def update(self, w: Array, g: Array, t: int, o: Group, *kept: Array) -> None:
        """One step."""
        m, v, *largest = kept
        b1, b2 = o.betas
        correction = (1 - b2**t) ** 0.5
        eps = o.eps * correction if o.corrected_eps else o.eps
        lr = o.lr * correction / (1 - b1**t)
        if not largest and run_compiled(loops.adam, w, g, m, v, *map(w.dtype.type, (1 - b1, 1 - b2, lr, eps))):
            return
        change = g - m
        change *= 1 - b1
        m += change
        square = np.multiply(g, g, out=change)  # and so on, in memory that is in the cache already
        square *= 1 - b2
        v *= b2
        v += square
        for top in largest:
            np.maximum(top, v, out=top)
            v = top
        spread = np.sqrt(v, out=square)
        spread += eps
        step = np.divide(m, spread, out=spread)
        step *= lr
        w -= step


class AdamW(Adam):
    """:class:`Adam` whose weight decay shrinks the weights themselves, ``w *= 1 - lr * weight_decay``, before the step.

    (Loshchilov and Hutter 2017). Unlike a term in the gradient, it is not divided by the root of v.
    """

    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, l1=l1, maximize=maximize)


class NAdam(Optimizer):
    """:class:`Adam` with Nesterov's look ahead (Dozat 2016)::

        mu_t = b1 * (1 - 0.96 ** (t * momentum_decay) / 2)          P_t = mu_1 * ... * mu_t
        m, v, V as in Adam
        w -= lr * (mu_(t+1) * m / (1 - P_(t+1)) + (1 - mu_t) * g / (1 - P_t)) / (sqrt(V) + eps)

    Parameters
    ----------
    params : iterable of Parameter, or of dicts
    lr, betas, eps, weight_decay, l1, maximize
        As for :class:`Adam`.
    momentum_decay : float
    """  # noqa: D400

    nonnegative = ("eps", "momentum_decay")
    pairs = ("betas",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        options = {"betas": betas, "eps": eps, "momentum_decay": momentum_decay}
        super().__init__(params, lr=lr, weight_decay=weight_decay, l1=l1, maximize=maximize, **options)

    def keeps(self, o: Group) -> dict[str, float]:
        """Means of gradients and of squared gradients; P, whose factors ``betas`` may change on the way."""
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0, "mu_product": 1.0}

    def update(self, w: Array, g: Array, t: int, o: Group, *kept: Array) -> None:
        """One step."""
        m, v, product = kept
        b1, b2 = o.betas
        mu, mu_next = (b1 * (1 - 0.5 * 0.96 ** (n * o.momentum_decay)) for n in (t, t + 1))
        product *= mu
        m += (1 - b1) * (g - m)
        v *= b2
        v += (1 - b2) * g * g
        ahead = mu_next / (1 - product * mu_next) * m + (1 - mu) / (1 - product) * g
        w -= o.lr * ahead / (np.sqrt(v / (1 - b2**t)) + o.eps)
