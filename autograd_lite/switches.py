"""Switches that recording depends on: whether this thread records, and which arrays were changed in place."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import ContextDecorator
from functools import wraps
from inspect import isgeneratorfunction
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


class Switches:
    """Process-wide counters that the hot path compares with two plain loads.

    ``exceptions`` counts the open ``no_grad``/``enable_grad`` blocks of all threads. While it is zero every thread
    records; otherwise ``this_thread.records`` has the answer. ``updates`` counts in-place updates: a node remembers
    the count at its birth, and only a node that sees another count in backward needs a closer look.
    """

    __slots__ = ("exceptions", "updates")

    def __init__(self) -> None:
        self.exceptions = 0
        self.updates = 0


def _after_fork() -> None:
    """A child has none of the threads that might hold the lock."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class _ThisThread(threading.local):
    records = True

    def __init__(self) -> None:
        self.before: list[bool] = []  # what the open blocks of this thread will restore


switches = Switches()
this_thread = _ThisThread()
_lock = threading.Lock()


def is_grad_enabled() -> bool:
    """Whether operations of this thread are recorded now: outside ``no_grad``."""
    return this_thread.records


class Recording(ContextDecorator):
    """Records operations of this thread inside a ``with`` block or a function, or does not; restored on exceptions."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def __call__(self, function: F) -> F:
        """``function`` inside the block; of a generator all that it does itself, but not what happens at its yields."""
        if not isgeneratorfunction(function):
            return super().__call__(function)

        @wraps(function)
        def steps(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            generator = function(*args, **kwargs)
            step, value = generator.send, None
            while True:
                try:
                    with self:
                        out = step(value)
                except StopIteration as end:
                    return end.value
                try:
                    step, value = generator.send, (yield out)
                except BaseException as error:
                    step, value = generator.throw, error

        return steps  # type: ignore[return-value]

    def __enter__(self) -> None:
        this_thread.before.append(this_thread.records)
        with _lock:
            switches.exceptions += 1
        this_thread.records = self._on

    def __exit__(self, *_: object) -> None:
        this_thread.records = this_thread.before.pop()
        with _lock:
            switches.exceptions -= 1


_updated: dict[int, tuple[int, weakref.ref[Any]]] = {}  # id of the memory's owner -> (update count, its obituary)


def note_update(*arrays: np.ndarray) -> None:
    """Remember that ``arrays`` were changed in place, so that rules which kept one of them find out.

    For programs that write into the memory of tensors by themselves, as optimisers do.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> values = np.ones(2)
    >>> y = Tensor(values, requires_grad=True, copy=False).square()
    >>> values += 1
    >>> note_update(values)  # now y.backward(...) says so, instead of being wrong
    """
    with _lock:
        switches.updates += 1
        for array in arrays:
            owner = _owner(array)
            key = id(owner)
            known = _updated.get(key)
            _updated[key] = switches.updates, known[1] if known else _obituary(owner, key)


def _obituary(owner: np.ndarray, key: int) -> weakref.ref[Any]:
    return weakref.ref(owner, lambda _: _updated.pop(key, None))


def updated_since(array: object, count: int) -> bool:
    """Whether the memory of ``array`` was changed in place after update number ``count``."""
    return isinstance(array, np.ndarray) and id(owner := _owner(array)) in _updated and _updated[id(owner)][0] > count


def _owner(array: np.ndarray) -> np.ndarray:
    while isinstance(base := array.base, np.ndarray):
        array = base
    return array
