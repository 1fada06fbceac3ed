"""Which of our functions stands in for which of NumPy's, for ``np.exp(tensor)`` and the like."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, TypeVar

from .errors import RuleError

F = TypeVar("F", bound=Callable[..., Any])

_ours: dict[Any, Callable[..., Any]] = {}


def implements(*numpy_functions: Any) -> Callable[[F], F]:
    """Let the decorated function answer for ``numpy_functions`` when they are called with a tensor."""

    def register(function: F) -> F:
        for numpy_function in numpy_functions:
            _ours[numpy_function] = function
        return function

    return register


def implemented() -> dict[Any, Callable[..., Any]]:
    """All of NumPy's functions that work on tensors, with ours in their place."""
    return dict(_ours)


def stand_in(numpy_function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call our function in place of NumPy's; never a detour that would lose the gradient."""
    name = _name(numpy_function)
    function = _ours.get(numpy_function)
    if function is None:
        from difflib import get_close_matches

        near = get_close_matches(name, sorted(map(_name, _ours)), n=1, cutoff=0.0)[0]
        raise RuleError(
            f"{name} has no rule for tensors; the nearest by name that has one is {near}. Use tensor.numpy() to leave "
            "the graph, or write a Function."
        )
    if kwargs:
        try:
            signature(function).bind(*args, **kwargs)
        except TypeError as error:
            raise RuleError(f"{name} on tensors: {error}.") from None
    return function(*args, **kwargs)


def _name(numpy_function: Any) -> str:
    module = getattr(numpy_function, "__module__", None) or "numpy"
    return f"{module}.{numpy_function.__name__}".replace("numpy", "np", 1)
