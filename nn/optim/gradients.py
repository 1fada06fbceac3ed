"""Gradients kept within bounds, and the penalties that weight decay stands for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_lite import GradError, Tensor, no_grad

from ..errors import SettingError


def _gradients(parameters: Any) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in given if p.grad is not None]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:
    """Scale all gradients by one factor so that their common norm is at most ``max_norm`` (Pascanu et al. 2013).

    Returns
    -------
    float
        The norm before.

    Raises
    ------
    GradError
        If the norm is not finite and ``error_if_nonfinite``; nothing is scaled then.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter([3.0, 4.0])
    >>> (w * w).sum().backward()
    >>> nn.optim.clip_grad_norm_([w], max_norm=1.0)
    10.0
    >>> [round(g, 4) for g in w.grad.tolist()]
    [0.6, 0.8]
    """
    if max_norm < 0:
        raise SettingError(f"max_norm must be 0 or more, not {max_norm}.")
    gradients = _gradients(parameters)
    # Squares in half precision soon exceed its largest number.
    flat = [g.data.ravel().astype(np.promote_types(g.dtype, np.float32), copy=False) for g in gradients]
    norms = [float(np.linalg.norm(g, norm_type)) for g in flat]
    total = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
    if error_if_nonfinite and not math.isfinite(total):
        raise GradError(f"The norm of the gradients is {total}.")
    factor = min(max_norm / (total + 1e-6), 1.0)
    if factor < 1.0:
        with no_grad():
            for g in gradients:
                g *= factor
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Move each number of all gradients into the interval from ``-clip_value`` to ``clip_value``."""
    if clip_value < 0:
        raise SettingError(f"clip_value must be 0 or more, not {clip_value}.")
    with no_grad():
        for g in _gradients(parameters):
            g[...] = g.data.clip(-clip_value, clip_value)


def penalty(parameters: Tensor | Iterable[Tensor], l1: float = 0.0, l2: float = 0.0) -> Tensor:
    """``l1 * sum(abs(w)) + l2 / 2 * sum(w ** 2)``, to be added to a loss (Deep Learning from Scratch, section 6.4.2).

    Its gradient, ``l1 * sign(w) + l2 * w``, is what the options ``l1`` and ``weight_decay`` of optimisers add
    without showing in the loss; use one or the other.

    Examples
    --------
    >>> import nn
    >>> nn.optim.penalty([nn.Parameter([3.0, -4.0])], l1=1.0, l2=2.0).item()
    32.0
    """
    total = Tensor(np.float32(0))
    for w in [parameters] if isinstance(parameters, Tensor) else parameters:
        if l1:
            total = total + abs(w).sum() * l1
        if l2:
            total = total + w.square().sum() * (l2 / 2)
    return total
