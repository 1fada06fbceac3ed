"""Where layers and initial weights draw their random numbers: one generator that can be seeded, saved and restored."""

from __future__ import annotations

from typing import Any

import numpy as np

_generator = np.random.default_rng()


def manual_seed(seed: int) -> np.random.Generator:
    """Start the shared generator anew, so that what follows is the same in every run.

    Examples
    --------
    >>> import nn
    >>> rng = nn.manual_seed(0)
    >>> first = nn.Linear(3, 2).weight.tolist()
    >>> rng = nn.manual_seed(0)
    >>> nn.Linear(3, 2).weight.tolist() == first
    True
    """
    _generator.bit_generator.state = np.random.default_rng(seed).bit_generator.state
    return _generator


def generator(rng: np.random.Generator | int | None = None) -> np.random.Generator:
    """``rng`` itself, a new generator if it is a seed, or the shared one if it is None."""
    return _generator if rng is None else np.random.default_rng(rng)


def get_rng_state() -> dict[str, Any]:
    """The state of the shared generator, as plain numbers."""
    return dict(_generator.bit_generator.state)


def set_rng_state(state: dict[str, Any]) -> None:
    """Put the shared generator back into a state that :func:`get_rng_state` returned."""
    _generator.bit_generator.state = state
