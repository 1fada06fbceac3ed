"""How hard generated gradient checks search: hypothesis' settings for them, and what the command line chose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PROFILES = {"quick": 20, "thorough": 2000}  # inputs a test


@dataclass
class Chosen:
    """A profile and a seed for all generated gradient checks; None leaves it to hypothesis."""

    profile: str | None = None
    seed: int | None = None


chosen = Chosen()


def fed(test: Callable[..., Any], description: Any) -> Callable[..., Any]:
    """``test`` as a test of hypothesis, which draws its ``inputs`` of ``description``.

    The settings are those that are active, with no deadline: a slow function is not a wrong one. They hold for this
    test alone, and ``@settings(...)`` above it can replace them. Hypothesis reads the active settings when it makes a
    test, so they are active just then.
    """
    from hypothesis import Phase, given, seed, settings

    before = settings()
    options: dict[str, Any] = {"deadline": None, "phases": [p for p in before.phases if p is not Phase.explain]}
    if chosen.profile is not None:
        options |= {"max_examples": PROFILES[chosen.profile], "derandomize": False}
    _activate(settings(before, **options))
    try:
        made = given(inputs=description)(test)
    finally:
        _activate(before)
    return made if chosen.seed is None else seed(chosen.seed)(made)


def _activate(wanted: Any) -> None:
    from hypothesis import settings

    settings.register_profile("autograd_lite", wanted)
    settings.load_profile("autograd_lite")
