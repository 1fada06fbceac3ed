"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from typing import IO

FilePath = str | PathLike[str]


@contextmanager
def atomic_write(path: FilePath) -> Iterator[IO[bytes]]:
    """A file to write; it takes the place of ``path`` only when all of it is on the disk.

    Whatever happens, ``path`` holds either what it held before or all that was written.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    folder, name = os.path.split(path)
    if folder and not os.path.isdir(folder):
        raise FileNotFoundError(f"There is no folder {folder!r} to write {name!r} to.")
    draft = os.path.join(folder, f".{name[:40]}.{os.urandom(8).hex()}")
    try:
        with open(draft, "xb") as file:  # a new file like any other: whoever may read those may read it
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.remove(draft)
        raise
