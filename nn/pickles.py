"""Arrays from pickle files, such as the weights that come with Deep Learning from Scratch, without running any code.

A pickle is a program: to read one means to run it, and it may do anything. The reader here lets it build plain
containers and arrays, from stand-ins of its own, and refuses every other name before anything is called.
"""

from __future__ import annotations

import io
import pickle
import re
from os import PathLike
from typing import Any

import numpy as np

from .errors import StateError


class _DType:
    """Stands in for ``numpy.dtype``: numbers and truth values only."""

    def __init__(self, code: Any, *options: Any) -> None:
        if not isinstance(code, str) or not re.fullmatch(r"[<>|=]?(?:b1|[iu][1248]|f[248])", code):
            raise StateError(f"This pickle holds data of type {code!r}; only numbers are read.")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">", "|", "="):
            raise StateError(f"This pickle has a number type with the strange state {state!r}.")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stands in for ``numpy.ndarray``."""

    def __init__(self, *arguments: Any) -> None:
        self.array: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        try:
            _, shape, kind, fortran, data = state
            flat = np.frombuffer(data, kind.dtype)
            self.array = flat.reshape(shape, order="F" if fortran else "C").astype(kind.dtype.newbyteorder("="))
        except (AttributeError, TypeError, ValueError) as error:
            raise StateError(f"This pickle has an array that is damaged: {error}.") from None


def _from_buffer(data: Any, kind: Any, shape: Any, order: Any, axes: Any = None) -> _Array:
    """Stands in for what builds arrays in protocol 5; ``shape`` is that before ``axes`` change places (NumPy 2.4)."""
    made = _Array()
    made.__setstate__((1, shape, kind, order == "F", data))
    if order == "K" and axes is not None and made.array is not None:
        made.array = made.array.transpose(axes)
    return made


def _scalar(kind: Any, data: Any) -> Any:
    """Stands in for what builds NumPy's numbers."""
    if not isinstance(kind, _DType) or not isinstance(data, bytes):
        raise StateError("This pickle has a number that is damaged.")
    return np.frombuffer(data, kind.dtype, count=1)[0]


def _encode(text: Any, encoding: Any = "utf-8") -> bytes:
    """Stands in for ``_codecs.encode``, with which old protocols write bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise StateError("This pickle has bytes in a strange encoding.")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """Stands in for ``bytes``, by which old protocols write none."""
    return b""


_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    ("collections", "OrderedDict"): dict,
    ("_codecs", "encode"): _encode,
}
for _module in ("builtins", "__builtin__"):  # of Python 3 and 2
    _STAND_INS |= {(_module, "set"): set, (_module, "frozenset"): frozenset, (_module, "bytes"): _no_bytes}
for _core in ("numpy.core", "numpy._core"):  # before and since NumPy 2
    _STAND_INS[f"{_core}.multiarray", "_reconstruct"] = _Array
    _STAND_INS[f"{_core}.multiarray", "scalar"] = _scalar
    _STAND_INS[f"{_core}.numeric", "_frombuffer"] = _from_buffer


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Give out stand-ins only."""
        if (module, name) not in _STAND_INS:
            raise StateError(f"This pickle wants to use {module}.{name}; only arrays and plain containers are read.")
        return _STAND_INS[module, name]


def load_pickle(path: str | PathLike[str]) -> Any:
    """Read arrays and plain containers (dict, list, tuple, set, texts, numbers) from a pickle file, safely.

    Meant for the parameter files of Deep Learning from Scratch, ``sample_weight.pkl`` and the like. Weights of its
    fully connected layers have the shape (in, out): transpose them for :class:`nn.Linear`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    StateError
        If the file holds, or asks for, anything else, or is damaged. Nothing of it was run.

    Examples
    --------
    >>> import pickle, tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     size = Path(f"{folder}/w.pkl").write_bytes(pickle.dumps({"W1": np.ones((2, 3), np.float32)}))
    ...     weights = load_pickle(f"{folder}/w.pkl")
    >>> weights["W1"].shape
    (2, 3)
    """
    with open(path, "rb") as file:
        data = file.read()
    try:
        return _plain(_Reader(io.BytesIO(data)).load())
    except StateError as error:
        raise StateError(f"{path}: {error}") from None
    except Exception as error:  # a damaged pickle can fail in any way
        raise StateError(f"{path} is damaged, or no pickle: {error!r}.") from None


def _plain(value: Any) -> Any:
    """``value`` with arrays in place of their stand-ins."""
    if isinstance(value, _Array):
        if value.array is None:
            raise StateError("an array has no content.")
        return value.array
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_plain(item) for item in value)
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic):
        return value
    raise StateError(f"it holds a {type(value).__name__}.")
