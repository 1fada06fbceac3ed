"""Where layers and initial weights draw their random numbers: one generator that can be seeded, saved and restored."""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeAlias

import numpy as np

# NumPy imports its random numbers only when they are asked for, as that takes time; so do we: hence quotes, and no
# generator before somebody draws.
Rng: TypeAlias = "np.random.Generator | int | None"

_generator: np.random.Generator | None = None
_lock = Lock()


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
    shared = _shared()
    shared.bit_generator.state = np.random.default_rng(seed).bit_generator.state
    return shared


def generator(rng: Rng = None) -> np.random.Generator:
    """``rng`` itself, a new generator if it is a seed, or the shared one if it is None."""
    return _shared() if rng is None else np.random.default_rng(rng)


def words64(rng: np.random.Generator, n: int) -> np.ndarray:
    """``n`` words of 64 random bits each."""
    source = rng.bit_generator
    if isinstance(source, np.random.PCG64):  # every generator of NumPy's but MT19937 could: its words have 32 bits
        return source.random_raw(n)  # the same words in half the time
    return rng.integers(0, 1 << 64, n, np.uint64)


def get_rng_state() -> dict[str, Any]:
    """The state of the shared generator, as plain numbers."""
    return dict(_shared().bit_generator.state)


def set_rng_state(state: dict[str, Any]) -> None:
    """Put the shared generator back into a state that :func:`get_rng_state` returned."""
    _shared().bit_generator.state = state


def _shared() -> np.random.Generator:
    global _generator
    with _lock:  # two threads that both draw first must not get one each
        if _generator is None:
            _generator = np.random.default_rng()
    return _generator
