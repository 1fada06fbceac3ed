"""Gradient descent, with and without momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import SettingError
from .optimizer import Group, Optimizer
from .walk import Array


class SGD(Optimizer):
    """``w -= lr * g``; with momentum ``v = momentum * v + g``, ``w -= lr * v`` (Deep Learning from Scratch, 6.1).

    Parameters
    ----------
    params : iterable of Parameter, or of dicts
    lr : float
    momentum : float
        Share of the velocity that is kept. The book's velocity is ``-lr`` times this one: the steps are the same.
    dampening : float
        Share of the gradient that the velocity does not take up, after the first step.
    weight_decay : float
        Adds ``weight_decay * w`` to g: the gradient of the penalty ``weight_decay / 2 * sum(w ** 2)``.
    nesterov : bool
        Look ahead: ``w -= lr * (g + momentum * v)`` (Sutskever et al. 2013).
    l1 : float
        Adds ``l1 * sign(w)`` to g: the gradient of the penalty ``l1 * sum(abs(w))``.
    maximize : bool
        Climb instead.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter([1.0])
    >>> (w * 3.0).sum().backward()
    >>> nn.optim.SGD([w], lr=0.1).step()
    >>> round(w.item(), 4)
    0.7
    """

    nonnegative = ("momentum", "dampening")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise SettingError("Nesterov's method needs momentum above 0 and no dampening.")
        options = {"momentum": momentum, "dampening": dampening, "nesterov": nesterov}
        super().__init__(params, lr=lr, weight_decay=weight_decay, l1=l1, maximize=maximize, **options)

    def keeps(self, o: Group) -> dict[str, float]:
        """The velocity, if there is one."""
        return {"momentum_buffer": 0.0} if o.momentum else {}

    def update(self, w: Array, g: Array, t: int, o: Group, *kept: Array) -> None:
        """One step."""
        for v in kept:
            v *= o.momentum
            v += g if t == 1 or not o.dampening else (1 - o.dampening) * g
            g = g + o.momentum * v if o.nesterov else v
        w -= o.lr * g
