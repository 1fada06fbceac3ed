"""What a row of the table is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Row:
    """One function.

    Attributes
    ----------
    name : str
        The public name, and after a space what is special about this row.
    cases : strategy
        Of pairs (arrays, keywords), away from kinks.
    call : callable, optional
        ``call(m, *arrays, **keywords)``; by default the function of that name.
    kinks : strategy, optional
        Cases at kinks, where the first derivative must be a subgradient.
    open : bool
        Whether several pieces can meet at these kinks, so that a check may stay undecided.
    """

    name: str
    cases: Any
    call: Callable[..., Any] | None = None
    kinks: Any = None
    open: bool = False

    def __call__(self, m: Any, arrays: list[Any], keywords: dict[str, Any]) -> Any:
        function = getattr(m, self.function) if self.call is None else None
        return function(*arrays, **keywords) if function else self.call(m, *arrays, **keywords)

    @property
    def function(self) -> str:
        """The public name."""
        return self.name.partition(" ")[0]


def fixed(**choices):
    """Keywords that do not depend on a shape."""
    return lambda shape: st.fixed_dictionaries({name: st.sampled_from(values) for name, values in choices.items()})
