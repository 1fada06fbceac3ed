"""Which learning rate to begin with: a short trial with rising rates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .errors import SettingError
from .module import Module
from .optim import Optimizer
from .saving import snapshot
from .training import Loss, beside, check_training, train_step


class RateTrial(NamedTuple):
    """What :func:`find_learning_rate` saw.

    Attributes
    ----------
    rates, losses : ndarray
        One of each an update; losses are smoothed.
    suggestion : float
        Where the loss fell most steeply.
    """

    rates: np.ndarray
    losses: np.ndarray
    suggestion: float


def find_learning_rate(
    model: Module,
    loss: Loss,
    optimizer: Optimizer,
    loader: Iterable[Any],
    low: float = 1e-6,
    high: float = 10.0,
    updates: int = 100,
    smoothing: float = 0.9,
) -> RateTrial:
    """Train for some updates while the rate rises from ``low`` to ``high``, then put everything back (Smith 2015).

    Ends early when the loss is four times its lowest, or not a number.

    Raises
    ------
    SettingError
        If an argument is not what is meant, or the loss is no number from the first updates on.

    Examples
    --------
    >>> import nn
    >>> rng = nn.manual_seed(0)
    >>> x = np.linspace(-1, 1, 64, dtype=np.float32).reshape(-1, 1)
    >>> model = nn.Linear(1, 1)
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    >>> loader = nn.data.DataLoader((x, 2 * x), batch_size=16, shuffle=True, seed=0)
    >>> trial = nn.find_learning_rate(model, nn.MSELoss(), optimizer, loader)
    >>> 1e-3 < trial.suggestion < 10.0
    True
    """
    if not 0 < low < high or updates < 2:
        raise SettingError(f"Rates must rise from above 0 in two updates or more; got {low} to {high} in {updates}.")
    check_training(loss, optimizer, loader)
    put_back = snapshot(model, optimizer)
    rates, losses, mean = np.geomspace(low, high, updates), [], 0.0
    model.train()
    try:
        for n, (rate, batch) in enumerate(zip(rates, _forever(beside(loader)), strict=False), start=1):
            for group in optimizer.param_groups:
                group["lr"] = float(rate)
            with np.errstate(over="ignore", invalid="ignore"):  # too large a rate is what we are looking for
                mean = smoothing * mean + (1 - smoothing) * train_step(model, loss, optimizer, *batch)
            losses.append(mean / (1 - smoothing**n))
            if n > 2 and not losses[-1] < 4 * min(losses):
                break
    finally:
        put_back()
        optimizer.zero_grad()
    curve = np.array(losses)
    width = max(1, len(curve) // 10)  # over which batches average out
    with np.errstate(invalid="ignore"):
        falls = curve[width:] - curve[:-width]
    if not np.isfinite(falls).any():
        raise SettingError(
            f"The loss is no number from the first updates on: {losses}. Look at the data, or begin lower."
        )
    steepest = int(np.argmin(np.where(np.isfinite(falls), falls, np.inf)))
    return RateTrial(rates[: len(curve)], curve, float(rates[steepest + width // 2]))


def _forever(loader: Iterable[Any]) -> Iterator[Any]:
    while True:
        empty = True
        for batch in loader:
            empty = False
            yield batch
        if empty:
            raise SettingError("The loader gave no batches.")
