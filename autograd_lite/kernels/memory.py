"""What becomes of freed memory: kept for the next arrays, rather than given back to the system and asked for again.

A step of training frees as much as it takes. Fresh pages from the system are zeroed one by one, which costs more than
the arithmetic on them: a step that keeps its memory is up to twice as fast. The C library (glibc) decides, and by
default it gives back every large block at once. So importing this package tells it to keep up to 1 GiB for the whole
process. The environment variable ``AUTOGRAD_LITE_KEEP_MEMORY`` sets another number of MiB; 0 changes nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import warnings

VARIABLE = "AUTOGRAD_LITE_KEEP_MEMORY"
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of mallopt
MOST = 2047  # MiB, as mallopt counts bytes in 32 bits


def keep_memory(mebibytes: int) -> bool:
    """Let the process keep so much freed memory; whether the C library could be told.

    Parameters
    ----------
    mebibytes : int
        What is freed beyond that goes back to the system. At most 2047.

    Raises
    ------
    ValueError
        If that is no such number.

    Examples
    --------
    >>> keep_memory(256) in (True, False)
    True
    """
    if not 0 < mebibytes <= MOST:
        raise ValueError(f"keep_memory takes 1 to {MOST} MiB, not {mebibytes}.")
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError, AttributeError):  # a C library without mallopt
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(MMAP_THRESHOLD, mebibytes << 20) and mallopt(TRIM_THRESHOLD, mebibytes << 20))
    return False


def keep_as_asked() -> None:
    """:func:`keep_memory` as the environment variable says, 1 GiB by default."""
    value = os.environ.get(VARIABLE, "1024").strip()
    if value.isdecimal() and int(value) <= MOST:
        if int(value):
            keep_memory(int(value))
    else:
        warnings.warn(f"{VARIABLE}={value!r} is no number of MiB up to {MOST}, so it is ignored.", stacklevel=3)
