"""Checks of settings that many layers have, so that they are refused when a layer is made, and in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .errors import SettingError


def at_least_one(**sizes: int) -> None:
    """Refuse sizes that are no positive whole numbers."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or size < 1:
            raise SettingError(f"{name} must be a positive whole number, not {size!r}.")


def lengths(value: int | Iterable[int], name: str) -> tuple[int, ...]:
    """One length or several, each a positive whole number, as a tuple."""
    found = tuple(value) if isinstance(value, Iterable) else (value,)
    for length in found:
        at_least_one(**{name: length})
    return tuple(map(int, found))


def probability(p: float, name: str) -> float:
    """``p``, if it is a probability."""
    try:
        if 0 <= p <= 1:
            return p
    except (TypeError, ValueError):  # data; to ask for its axes first takes longer than many a layer's whole work
        pass
    raise SettingError(f"{name} must lie between 0 and 1, not be {shown(p)}.")


def one_of(value: str, name: str, known: Sequence[str]) -> str:
    """``value``, if it is one of those that are known."""
    if not isinstance(value, str) or value not in known:
        *others, last = map(repr, known)
        raise SettingError(f"{name} is {', '.join(others)} or {last}, not {shown(value)}.")
    return value


def shown(value: Any) -> str:
    """A setting that is refused, in words; data, as in ``nn.BCELoss(scores, targets)``, by their shape alone."""
    if np.ndim(value) == 0:
        return repr(value)
    return f"data of shape {np.shape(value)}; settings are given first, data in a second pair of brackets"
