"""Weights averaged over the steps of training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from ..errors import SettingError
from ..module import Module
from ..parameter import Parameter


class ExponentialMovingAverage:
    """A second, calmer set of weights: ``average += (1 - decay) * (weights - average)`` after each step.

    Buffers, such as running means, are taken over as they are.

    Parameters
    ----------
    model : Module
    decay : float
        Share of the average that is kept.

    Examples
    --------
    >>> import nn
    >>> model = nn.Linear(1, 1)
    >>> average = nn.optim.ExponentialMovingAverage(model, decay=0.9)
    >>> with average.applied():
    ...     y = model([[1.0]])  # answers with the averaged weights
    """

    def __init__(self, model: Module, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise SettingError(f"decay must be in [0, 1), not {decay}.")
        self.model, self.decay = model, decay
        self._average = model.state_dict()

    def update(self) -> None:
        """Take in the weights of now; call it after each step of the optimiser."""
        learnt = {name for name, _ in self.model._named(Parameter)}
        for name, now in self.model.state_dict().items():
            average = self._average[name]
            if name in learnt and average.shape == now.shape:  # a lazy weight had none before the first use
                average += (1 - self.decay) * (now - average)
            else:
                self._average[name] = now

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the model use the averages inside the block."""
        weights = self.model.state_dict()
        self.model.load_state_dict(self._average)
        try:
            yield
        finally:
            self.model.load_state_dict(weights)

    def state_dict(self) -> dict[str, np.ndarray]:
        """The averages, which a model of the same kind can load."""
        return {name: array.copy() for name, array in self._average.items()}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from averages that were saved."""
        weights = self.model.state_dict()
        self.model.load_state_dict(state)  # checks
        self._average = self.model.state_dict()
        self.model.load_state_dict(weights)
