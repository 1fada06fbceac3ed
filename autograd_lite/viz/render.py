"""From DOT source to a picture: find a program that draws, run it, write the result whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ..errors import AutogradError
from ..files import atomic_write

VARIABLE = "AUTOGRAD_LITE_DOT"
FORMATS = ("svg", "png", "pdf")


class RenderError(AutogradError, RuntimeError):
    """A picture that could not be made or written."""


def find_renderer() -> str:
    """The path of a program that understands ``dot``'s options.

    The environment variable ``AUTOGRAD_LITE_DOT`` comes first, then Graphviz's own ``dot``, then the one that
    ``pip install 'autograd_lite[render]'`` brings.

    Raises
    ------
    RenderError
        If there is none.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise RenderError(f"{VARIABLE} names {chosen!r}, which is no program that can be run. Correct or unset it.")
        return found
    found = shutil.which("dot") or _from_wheel() or shutil.which("graphviz-pure")
    if found is None:
        raise RenderError(
            "No program was found that draws DOT. Install one with pip install 'autograd_lite[render]', or Graphviz "
            f"from graphviz.org, or set {VARIABLE} to its path. The DOT text itself needs none: save it as '.dot'."
        )
    return found


def _from_wheel() -> str | None:
    """Where pip put the program of the wheel, also if that folder is not on PATH."""
    try:
        files = distribution("graphviz-pure").files or []
    except PackageNotFoundError:
        return None
    programs = [file.locate() for file in files if file.stem == "graphviz-pure" and file.suffix in ("", ".exe")]
    return next((str(program) for program in programs if Path(str(program)).is_file()), None)


def render(source: str, format: str = "svg", timeout: float = 60.0, dpi: int | None = None) -> bytes:
    """Draw DOT source.

    Parameters
    ----------
    source : str
    format : str
        ``"svg"``, ``"png"`` or ``"pdf"``.
    timeout : float
        Seconds after which to give up.
    dpi : int, optional
        Dots per inch of a PNG.

    Raises
    ------
    RenderError
        If no renderer is found, it fails, or it takes too long.
    """
    if format not in FORMATS:
        raise RenderError(f"There is no format {format!r}; choose one of {', '.join(FORMATS)}.")
    program = find_renderer()
    command = [program, f"-T{format}", *([f"-Gdpi={dpi}"] if dpi and format == "png" else [])]
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"{program} did not finish within {timeout:g} seconds for {source.count(chr(10))} lines of DOT. Draw less "
            "(fold repeated blocks, collapse modules), or allow more time with timeout=."
        ) from None
    except OSError as error:
        raise RenderError(f"{program} could not be run: {error}.") from None
    if done.returncode or not done.stdout:
        said = " ".join(done.stderr.decode(errors="replace").split())[:500] or "nothing"
        hint = " Graphviz itself, from graphviz.org, writes PDF." if format == "pdf" else ""
        raise RenderError(f"{program} failed with exit code {done.returncode} and said: {said}.{hint}")
    return done.stdout


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    RenderError
        If the folder does not exist or cannot be written to.
    """
    if not path.parent.is_dir():
        raise RenderError(f"Cannot write {path}: the folder {str(path.parent)!r} does not exist.")
    try:
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:
        raise RenderError(f"Cannot write {path}: {error.strerror or error}. Nothing was written.") from None
