"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO

FilePath = str | PathLike[str]


@contextmanager
def atomic_write(path: FilePath) -> Iterator[IO[bytes]]:
    """A file to write; it takes the place of ``path`` only when all of it is on the disk.

    Whatever happens, ``path`` holds either what it held before or all that was written.
    """
    path = Path(path)
    draft = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}")
    try:
        with open(draft, "xb") as file:  # a new file like any other: whoever may read those may read it
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
