"""Weights and whole training runs as files, written atomically and read without ever running code from them.

Weights are ``.npz`` files (arrays by name, without pickle) or, with the extra ``safetensors``, ``.safetensors`` files.
A checkpoint is an ``.npz`` file too: a description in JSON and the arrays that it refers to.

What only files need is imported when one is read or written, since ``import nn`` would be slower for all.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

import numpy as np

from autograd_lite.files import FilePath, atomic_write

from .errors import StateError
from .functional._common import as_array
from .module import Module
from .parameter import Parameter
from .random import get_rng_state, set_rng_state

VERSION = 1
_KIND = "autograd_lite checkpoint"


# -- Weights ----------------------------------------------------------------------------------------------------------


def save(state: Module | Mapping[str, Any], path: FilePath) -> None:
    """Write a model's weights, or any arrays with names, to ``path``.

    Parameters
    ----------
    state : Module or mapping from names to array_like
    path : path
        Ends with ``.npz`` or ``.safetensors``.

    Raises
    ------
    StateError
        If something is not an array of numbers, or the ending is another.

    Examples
    --------
    >>> import nn, tempfile
    >>> model, again = nn.Linear(3, 2), nn.Linear(3, 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.save(model, f"{folder}/weights.npz")
    ...     report = again.load_state_dict(nn.load(f"{folder}/weights.npz"))
    >>> again.weight.tolist() == model.weight.tolist()
    True
    """
    given = state.state_dict() if isinstance(state, Module) else state
    if not isinstance(given, Mapping):
        raise StateError(f"A model or a mapping of arrays comes first, then the path, not {type(given).__name__}.")
    arrays = {name: as_array(value) for name, value in given.items()}
    if bad := [f"{name} holds {array.dtype}" for name, array in arrays.items() if array.dtype.kind not in "biufc"]:
        raise StateError(f"Only arrays of numbers can be saved: {'; '.join(bad)}.")
    kind = _ending(path)
    with atomic_write(path) as file:
        if kind == ".npz":
            _write_npz(file, arrays)
        else:
            # The writer takes the bytes in the order in which they lie, so they must lie in C order.
            ordered = {name: np.array(array, order="C") for name, array in arrays.items()}
            file.write(_safetensors().save(ordered))


def load(path: FilePath) -> dict[str, np.ndarray]:
    """Read what :func:`save` wrote, or a ``.safetensors`` file of any framework.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    StateError
        If the file is damaged or of another kind.
    """
    if _ending(path) == ".npz":
        return _read_npz(path)
    with open(path, "rb") as file:
        data = file.read()
    try:
        return dict(_safetensors().load(data))
    except Exception as error:  # its own exception class, which is private
        raise StateError(f"{path} cannot be read as safetensors: {error}") from None


def _ending(path: FilePath) -> str:
    ending = os.path.splitext(path)[1]
    if ending not in (".npz", ".safetensors"):
        raise StateError(f"Weights are files that end with .npz or .safetensors, not {os.path.basename(path)!r}.")
    return ending


def _safetensors() -> Any:
    try:
        import safetensors.numpy as format
    except ImportError:
        raise ImportError("Files that end with .safetensors need: pip install 'autograd_lite[safetensors]'") from None
    return format


def _write_npz(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    import zipfile

    # np.savez takes names as keyword arguments, some of which mean something else to it.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def _read_npz(path: FilePath) -> dict[str, np.ndarray]:
    import zipfile

    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                entries = {name.removesuffix(".npy"): io.BytesIO(archive.read(name)) for name in archive.namelist()}
            return {name: np.lib.format.read_array(entry, allow_pickle=False) for name, entry in entries.items()}
        except Exception as error:  # a damaged file can fail in any way
            raise StateError(f"{path} is damaged, or no file of arrays: {error}.") from None


# -- Checkpoints ------------------------------------------------------------------------------------------------------


def save_checkpoint(path: FilePath, **parts: Any) -> None:
    """Write everything that a training run needs to go on as if it had not been interrupted.

    Besides the parts, the state of the shared random generator is saved, and of generators that layers own.

    Parameters
    ----------
    **parts
        Whatever has ``state_dict`` and ``load_state_dict``, under names of your choice; or plain numbers, texts and
        containers.

    Examples
    --------
    >>> import nn, tempfile
    >>> model = nn.Linear(3, 2)
    >>> optimizer = nn.optim.Adam(model.parameters())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.save_checkpoint(f"{folder}/run.npz", model=model, optimizer=optimizer, epoch=3)
    ...     rest = nn.load_checkpoint(f"{folder}/run.npz", model=model, optimizer=optimizer)
    >>> rest
    {'epoch': 3}
    """
    import json

    arrays: dict[str, np.ndarray] = {}
    content = {
        "kind": _KIND,
        "version": VERSION,
        "random": _encoded(get_rng_state(), arrays),
        "generators": _encoded({name: _generators(part) for name, part in parts.items()}, arrays),
        "parts": {
            name: _encoded(part.state_dict() if hasattr(part, "state_dict") else part, arrays)
            for name, part in parts.items()
        },
    }
    text = np.frombuffer(json.dumps(content).encode(), np.uint8)
    with atomic_write(path) as file:
        _write_npz(file, {"content": text, **arrays})


def load_checkpoint(path: FilePath, **parts: Any) -> dict[str, Any]:
    """Give all ``parts`` the states that :func:`save_checkpoint` saved under their names, and restore randomness.

    Returns
    -------
    dict
        What was saved but not asked for by name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    StateError
        If the file is damaged, of another kind or a newer version, or a state does not fit its part. Then everything
        is as it was.
    """
    saved, generators, random = _read_checkpoint(path)
    if missing := [name for name in parts if name not in saved]:
        raise StateError(f"{path} has no {', '.join(missing)}; it has {', '.join(saved)}. Nothing was loaded.")
    undo: list[Callable[[], None]] = []
    name = ""
    try:
        # Lazy models first: states of their optimisers need the shapes that they get from theirs.
        for name, part in sorted(parts.items(), key=lambda item: not _lazy(item[1])):
            undo.append(snapshot(part))
            part.load_state_dict(saved[name])
            for place, generator in _own_generators(part):
                if place in generators.get(name, {}):
                    generator.bit_generator.state = generators[name][place]
        name = "the shared generator"
        set_rng_state(random)
    except Exception as error:
        for put_back in undo:
            put_back()
        raise StateError(f"{path}: the state of {name!r} does not fit: {error}") from error
    return {name: value for name, value in saved.items() if name not in parts}


def _read_checkpoint(path: FilePath) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """The states of the parts, of their generators, and of the shared one."""
    import json

    arrays = _read_npz(path)
    try:
        content = json.loads(arrays["content"].tobytes())
        readable = content["kind"] == _KIND and content["version"] <= VERSION
    except (KeyError, TypeError, ValueError):
        raise StateError(f"{path} is no checkpoint of this library.") from None
    if not readable:
        raise StateError(
            f"{path} is a {content['kind']!r} of version {content['version']}; this library reads {_KIND!r} up to "
            f"version {VERSION}."
        )
    try:
        saved = {name: _decoded(value, arrays) for name, value in content["parts"].items()}
        return saved, dict(_decoded(content["generators"], arrays)), _decoded(content["random"], arrays)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StateError(f"{path} is a damaged checkpoint: {error!r}.") from None


def snapshot(*parts: Any) -> Callable[[], None]:
    """A function that puts ``parts``, with the modes of modules, and all randomness back into the state of now."""
    states = [(part, part.state_dict()) for part in parts]
    modules = [module for part in parts if isinstance(part, Module) for module in part.modules()]
    modes = [(module, module.training) for module in modules]
    lazy = [p for part in parts for p in _lazy(part)]
    generators = [(rng, rng.bit_generator.state) for part in parts for _, rng in _own_generators(part)]
    shared = get_rng_state()

    def put_back() -> None:
        for parameter in lazy:  # which may have got their shapes since
            parameter.become(np.empty(0, parameter.dtype))
        for part, state in states:
            part.load_state_dict(state)
        for module, training in modes:
            module.training = training
        for rng, state in generators:
            rng.bit_generator.state = state
        set_rng_state(shared)

    return put_back


def _lazy(part: Any) -> list[Parameter]:
    """Parameters of ``part`` that have no shape yet."""
    return [p for p in part.parameters() if p.awaits_shape] if isinstance(part, Module) else []


def _own_generators(part: Any) -> Iterator[tuple[str, np.random.Generator]]:
    """Random generators that are attributes of the modules of ``part``, with their places."""
    for path, module in part.named_modules() if isinstance(part, Module) else ():
        for name, value in vars(module).items():
            if isinstance(value, np.random.Generator):
                yield f"{path}.{name}", value


def _generators(part: Any) -> dict[str, Any]:
    return {place: dict(generator.bit_generator.state) for place, generator in _own_generators(part)}


def _encoded(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """``value`` for JSON: containers say what they are, arrays go to ``arrays`` under a number."""

    def inner(value: Any) -> Any:
        if isinstance(value, np.generic):  # as an array it would come back with a dtype that Python's numbers lack
            value = value.item()
        if isinstance(value, np.ndarray):
            arrays[str(len(arrays))] = value
            return {"array": str(len(arrays) - 1)}
        if isinstance(value, Mapping):
            return {"dict": [[inner(key), inner(item)] for key, item in value.items()]}
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"  # named ones too, which would not be known again
            return {kind: [inner(item) for item in value]}
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise StateError(f"A checkpoint holds arrays, numbers, texts and containers, not {type(value).__name__}.")

    return inner(value)


def _decoded(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    builders: dict[str, Callable[[Any], Any]] = {
        "array": lambda name: arrays[name],
        "dict": lambda items: {inner(key): inner(item) for key, item in items},
        "list": lambda items: [inner(item) for item in items],
        "tuple": lambda items: tuple(inner(item) for item in items),
    }

    def inner(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        ((kind, content),) = value.items()
        return builders[kind](content)

    return inner(value)
