"""Watching rules that users write: what they return, and that they leave alone what is not theirs.

The library's own rules are proved by its tests and run unwatched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ._arrays import read_only
from .errors import RuleError

PACKAGE = __name__.partition(".")[0] + "."


def watch(rule: type) -> None:
    """Wrap the methods that ``rule`` itself defines, unless it is one of ours."""
    if rule.__module__.startswith(PACKAGE):
        return
    for name, method in list(vars(rule).items()):
        if name == "forward":
            rule.forward = _watched(rule, method, "an array")  # type: ignore[attr-defined]
        elif name.startswith("grad_"):
            setattr(rule, name, _watched(rule, method, "a floating point array"))


def _watched(rule: type, method: Callable[..., Any], wanted: str) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *args: Any) -> Any:
        result = method(self, *map(read_only, args))
        if hasattr(result, "_data") and not any(hasattr(arg, "_data") for arg in args):
            result = result._data  # a tensor, made from arrays by functions for tensors
        kind = getattr(getattr(result, "dtype", None), "kind", None)
        if kind is None or (wanted != "an array" and kind not in "fc"):
            what = type(result).__name__ if kind is None else f"data of dtype {result.dtype}"
            raise RuleError(f"{rule.__name__}.{method.__name__} returned {what}; it must return {wanted}.")
        return result

    return call
