"""Whether loops are compiled, and the compiled ones.

With numba installed (``pip install autograd_lite[fast]``), the kernels that whole-array NumPy makes slow are compiled
from the loops in :mod:`loops`, each when it is first needed and then kept on disk. Nothing is missing without it, and
results are the same up to rounding. The environment variable ``AUTOGRAD_LITE_COMPILED=0``, or :func:`set_compiled`,
leaves everything to NumPy.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from . import loops
from .windows import by_place

VARIABLE = "AUTOGRAD_LITE_COMPILED"
LEAST = 1 << 14  # elements; for fewer numba is not imported, as NumPy would be done before a loop is called

_lock = threading.Lock()
_wanted: bool | None = None  # None: not yet decided
_compiled: dict[Any, Any] = {}  # by loop; None for one that failed


def set_compiled(on: bool) -> None:
    """Let kernels be compiled, or leave them all to NumPy.

    Raises
    ------
    ImportError
        If they should be and numba is not installed.

    Examples
    --------
    >>> set_compiled(False)
    """
    global _wanted
    if on and not _installed():
        raise ImportError("Compiled kernels need numba; install it with: pip install 'autograd_lite[fast]'.")
    _wanted = on


def wanted() -> bool:
    """Whether kernels are compiled: if numba is installed and nobody said otherwise."""
    global _wanted
    if _wanted is None:
        _wanted = _asked_for() and _installed()
    return _wanted


def run(loop: Callable[..., None], *args: Any) -> bool:
    """Run a loop over elements, if it can be compiled and is worth it for the first array; whether it was run.

    It is not for small arrays, for other dtypes than single and double precision, for arrays with gaps, or for None.

    Examples
    --------
    >>> def double(y, x):
    ...     for k in range(x.size):
    ...         y[k] = 2 * x[k]
    >>> x = np.arange(4.0)
    >>> y = np.empty(4)
    >>> if not run(double, y, x):
    ...     y[...] = 2 * x  # NumPy does it
    >>> y
    array([0., 2., 4., 6.])
    """
    if not wanted() or not all(map(_fits, args)) or args[0].size < LEAST:
        return False
    if loop not in _compiled:
        _compile(loop)
    function = _compiled[loop]
    if function is None:
        return False
    try:
        function(*args)  # which compiles it for these types first; what can fail fails before anything is written
    except Exception as error:
        _give_up(loop, error)
        return False
    return True


def rows(images: np.ndarray) -> np.ndarray | None:
    """Images (N, C, H, W) as (H, W, N * C), if they lie so in memory, and loops are compiled."""
    if not wanted():
        return None
    lines = by_place(images)
    return lines.reshape(*lines.shape[:2], -1) if lines.flags.c_contiguous and lines.size else None


def _fits(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.char in "fdlq" and value.flags.c_contiguous
    return value is not None


def _compile(loop: Callable[..., None]) -> None:
    with _lock:
        if loop in _compiled:
            return
        try:
            import numba
            from numba.extending import register_jitable

            for helper in loops.HELPERS:
                register_jitable(helper)
            _compiled[loop] = numba.njit(loop, nogil=True, cache=True, error_model="numpy")
        except Exception as error:  # of a numba that does not fit this NumPy, or a cache that cannot be written
            _give_up(loop, error)


def _give_up(loop: Callable[..., None], error: Exception) -> None:
    _compiled[loop] = None
    warnings.warn(f"The kernel {loop.__name__} cannot be compiled, so NumPy does its work: {error}", stacklevel=4)


def _installed() -> bool:
    from importlib.util import find_spec  # here, as few ask

    return find_spec("numba") is not None


def _asked_for() -> bool:
    value = os.environ.get(VARIABLE, "").strip().lower()
    if value not in ("", "0", "1"):
        warnings.warn(f"{VARIABLE}={value!r} is neither 0 nor 1, so it is ignored.", stacklevel=4)
    return value != "0"
