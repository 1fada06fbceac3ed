"""The pytest plugin: a profile and a seed for generated gradient checks, and a table of what was checked how.

Loaded by pytest itself wherever the package is installed. Hypothesis is imported only where its options are used; it
keeps failing examples in its database and tries them first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .ledger import Row, table, take
from .profiles import PROFILES, chosen

PROPERTY = "gradient"  # under this name rows of the table travel with the report of their test, and into JUnit's XML


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
    """Choose how hard to search, before tests are made."""
    chosen.profile, chosen.seed = config.getoption("--gradients", None), config.getoption("--gradient-seed", None)
    if (chosen.profile, chosen.seed) == (None, None):
        return
    try:
        import hypothesis  # noqa: F401
    except ImportError as error:
        import pytest

        raise pytest.UsageError(
            "Generated gradient checks need hypothesis: pip install 'autograd_lite[prove]'"
        ) from error


def pytest_runtest_makereport(item: Any, call: Any) -> None:
    """Send what a test checked along with its report, which also reaches pytest from another process."""
    if call.when == "call":
        item.user_properties += [(PROPERTY, row) for row in take()]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table of gradients that generated checks judged, if there were any."""
    rows = list(_rows(terminalreporter))
    if not rows:
        return
    how = [chosen.profile] if chosen.profile else []
    how += [f"seed {chosen.seed}"] if chosen.seed is not None else []
    terminalreporter.section(f"gradients ({', '.join(how)})" if how else "gradients")
    for line in table(rows):
        terminalreporter.write_line(line)


def _rows(terminalreporter: Any) -> Iterator[Row]:
    """The rows that came with the reports, each under the name by which pytest runs its test."""
    for report in (r for reports in terminalreporter.stats.values() for r in reports):
        if getattr(report, "when", None) != "call":
            continue
        for name, *rest in (row for key, row in report.user_properties if key == PROPERTY):
            own = name.rpartition(".")[2]
            yield (report.nodeid if report.nodeid.endswith(f"::{own}") else f"{report.nodeid}: {own}", *rest)
