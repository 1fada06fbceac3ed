"""The pytest plugin: profiles for hypothesis, a seed and examples to replay, a table of what was checked how.

Loaded by pytest itself wherever the package is installed. Hypothesis is imported only where its options are used.
"""

from __future__ import annotations

import sys
from typing import Any

PROFILES = {"quick": 20, "thorough": 2000}


def pytest_addoption(parser: Any) -> None:
    """``--gradients=quick`` or ``--gradients=thorough``, and ``--gradient-seed``."""
    group = parser.getgroup("gradients", "gradient checks of autograd_lite")
    group.addoption(
        "--gradients",
        choices=sorted(PROFILES),
        help="how many inputs each generated gradient check tries: "
        + ", ".join(f"{name} {number}" for name, number in PROFILES.items()),
    )
    group.addoption("--gradient-seed", type=int, help="search for wrong gradients from this seed, to replay a run")


def pytest_configure(config: Any) -> None:
    """Choose the profile; failing examples are kept by hypothesis, in its database, and tried first next time."""
    chosen, seed = config.getoption("--gradients", None), config.getoption("--gradient-seed", None)
    if chosen is None and seed is None:
        return
    try:
        from hypothesis import core, settings
    except ImportError as error:
        raise ImportError("Generated gradient checks need hypothesis: pip install 'autograd_lite[prove]'") from error
    if chosen is not None:
        options: dict[str, Any] = {"max_examples": PROFILES[chosen], "deadline": None, "print_blob": True}
        settings.register_profile("gradients", settings(settings.get_profile("default"), derandomize=False, **options))
        settings.load_profile("gradients")
    if seed is not None:
        core.global_force_seed = seed


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table of gradients that ``given_gradients`` checked, if it checked any."""
    ledger = sys.modules.get("autograd_lite.testing.ledger")
    lines = ledger.table() if ledger else []
    if lines:
        terminalreporter.section("gradients")
        for line in lines:
            terminalreporter.write_line(line)
