"""Who uses the cores: BLAS, inside each matrix product, or a few threads of our own, each with a part of the batch.

Never both. The threads of BLAS wait for the next product in a busy loop, for some tens of milliseconds, and would take
the cores from ours; so while ours are at work, BLAS is limited to one thread, for the whole process, until
:func:`set_threads` says otherwise. As that touches a setting that is not ours alone, nobody's code is changed
unasked: by default BLAS has the cores. Results are the same up to the order of sums.

Threads of our own are faster for convolutional networks, since the work between the products is then shared too;
networks of matrix products are better left to BLAS. Measure before choosing. The
environment variable ``AUTOGRAD_LITE_THREADS`` chooses when the first kernel runs: a number of threads, or ``blas``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from queue import SimpleQueue

Task = TypeVar("Task")
Result = TypeVar("Result")

VARIABLE = "AUTOGRAD_LITE_THREADS"
LEAST = 4 << 20  # bytes: a thread takes some tens of microseconds to wake, and to wait for the interpreter each time
BUFFER = 1024  # NumPy copies rows that are shorter than its buffers, 8192 elements, before and after it works on them

_lock = threading.RLock()
_count: int | None = None  # None: not yet decided; 0: BLAS has the cores
_jobs: SimpleQueue[Callable[[], object] | None] | None = None  # what our own threads wait for
_restore_blas: Callable[[], object] | None = None


def count() -> int:
    """How many threads of our own share the batch of an operation; 1 while the cores belong to BLAS."""
    if _count is None:
        set_threads(_asked_for())
    return _count or 1


def alone() -> bool:
    """Whether the cores are ours, and BLAS has one thread for each product."""
    count()
    return bool(_count)


def parts(size: int) -> int:
    """Into how many parts to cut work on ``size`` bytes: one for each thread, unless handing over costs more."""
    return count() if size >= LEAST else 1


def set_threads(n: int | None) -> None:
    """Let ``n`` threads of our own share batches, and BLAS have one each; None gives the cores back to BLAS.

    If BLAS does not let itself be limited, this warns, and all stays as it was.
    """
    global _count, _restore_blas
    if n is not None and (not isinstance(n, int) or n < 1):
        raise ValueError(f"set_threads takes a whole number of threads, at least 1, or None; got {n!r}.")
    with _lock:
        if _restore_blas is not None:
            _restore_blas()
            _restore_blas = None
        _dismiss()
        _count = 0
        if n is not None:
            _restore_blas = _limit_blas()
            if _restore_blas is None:
                warnings.warn("BLAS cannot be limited to one thread, so it keeps its own.", stacklevel=2)
            else:
                _count = n


@contextlib.contextmanager
def threads(n: int | None) -> Iterator[None]:
    """:func:`set_threads` for a while."""
    count()
    before = _count or None
    set_threads(n)
    try:
        yield
    finally:
        set_threads(before)


def run(function: Callable[[Task], Result], tasks: Iterable[Task]) -> list[Result]:
    """``[function(task) for task in tasks]``, several at a time if threads of our own are at work.

    The caller works too, so that nobody waits to begin; and whoever is done with a task takes the next.
    """
    from queue import SimpleQueue  # here and below, as to import it takes longer than most of this package

    todo = list(enumerate(tasks))
    number = len(todo)
    todo.reverse()
    outcomes: SimpleQueue[tuple[int, Any, BaseException | None]] = SimpleQueue()

    def work() -> None:
        np.setbufsize(BUFFER)
        while todo:
            try:
                i, task = todo.pop()
            except IndexError:  # somebody was faster
                return
            try:
                outcomes.put((i, function(task), None))
            except BaseException as error:
                outcomes.put((i, None, error))

    helpers = min(count(), number) - 1
    if helpers > 0:
        jobs = _staff()
        for _ in range(helpers):
            jobs.put(partial(copy_context().run, work))  # np.errstate, like all context, holds for one thread
    copy_context().run(work)
    results: list[Any] = [None] * number
    failure = None
    for _ in range(number):
        i, results[i], error = outcomes.get()
        failure = failure or error
    if failure:
        raise failure
    return results


def _staff() -> SimpleQueue[Callable[[], object] | None]:
    """Threads of our own, beside the caller's, and what they wait for."""
    from queue import SimpleQueue

    global _jobs
    with _lock:
        if _jobs is None:
            _jobs = SimpleQueue()
            for _ in range((_count or 1) - 1):
                threading.Thread(target=_serve, args=(_jobs,), name="autograd_lite", daemon=True).start()
        return _jobs


def _serve(jobs: SimpleQueue[Callable[[], object] | None]) -> None:
    while job := jobs.get():
        job()
        del job  # or its arrays would stay until the next


def _dismiss() -> None:
    """Let our threads end, after what they were already given."""
    global _jobs
    if _jobs is not None:
        for _ in range((_count or 1) - 1):
            _jobs.put(None)
    _jobs = None


def _after_fork() -> None:
    """A child has the settings of its parent, but none of its threads."""
    global _lock, _jobs
    _lock, _jobs = threading.RLock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _asked_for() -> int | None:
    value = os.environ.get(VARIABLE, "").strip().lower()
    if value in ("", "blas"):
        return None
    if value.isdecimal() and int(value) > 0:
        return int(value)
    warnings.warn(f"{VARIABLE}={value!r} is neither a number of threads nor 'blas', so it is ignored.", stacklevel=3)
    return None


def _limit_blas() -> Callable[[], object] | None:
    """Limit BLAS to one thread; what restores it, or None if there is no way."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return _limit_openblas()
    limits: Any = threadpool_limits(1, user_api="blas")
    restore: Callable[[], object] = limits.restore_original_limits
    return restore


def _limit_openblas() -> Callable[[], object] | None:
    """The same for the OpenBLAS that comes with NumPy's wheels."""
    from pathlib import Path  # here, as this is not needed before, and takes long to import

    package = Path(np.__file__).parent
    for path in [*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")]:
        library = ctypes.CDLL(str(path))
        for name in ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", "openblas_{}_num_threads"):
            with contextlib.suppress(AttributeError):
                set_number, before = getattr(library, name.format("set")), getattr(library, name.format("get"))()
                set_number(1)
                return lambda: set_number(before)
    return None
