"""Who uses the cores (first version: BLAS)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def count() -> int:
    """How many tasks run at a time."""
    return 1


def run(function: Callable[[Task], Result], tasks: Iterable[Task]) -> list[Result]:
    """``[function(task) for task in tasks]``."""
    return [function(task) for task in tasks]
