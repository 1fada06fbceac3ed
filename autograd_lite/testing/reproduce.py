"""A failing check as a program that anyone can run."""

from __future__ import annotations

import copyreg
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from operator import attrgetter
from types import MethodType, ModuleType
from typing import Any

import numpy as np

from ..tensor import Tensor
from .check import gradcheck
from .source import Source

LARGEST = 1000  # elements of an array that a function takes from around it; a larger one is left to the reader


def reproduction(
    f: Callable[..., Any] | None,
    arrays: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    **options: Any,
) -> str:
    """The text of a program that repeats ``gradcheck(f, *arrays, kwargs=kwargs, vjp=vjp, **options)``.

    A function that can be imported is imported. Another one, of a test, a script or inside a function, is given by its
    source, after what this takes from around it: imports, other functions, the values of variables. What cannot be
    written down is named in the first line, and has to be supplied.

    Examples
    --------
    >>> from autograd_lite import relu
    >>> print(reproduction(relu, [np.array([0.0, 1.0])]))
    import numpy as np
    from autograd_lite.testing import gradcheck
    from autograd_lite.functions.choice import relu as f
    <BLANKLINE>
    x0 = np.array([0.0, 1.0])
    print(gradcheck(f, x0))
    """
    script = Script()
    names = [f"x{i}" for i in range(len(arrays))]
    main = {"f": f, "vjp": vjp, **dict(zip(names, arrays, strict=True))}
    script.names |= {name: value for name, value in main.items() if value is not None}  # nothing else takes these
    for name in ("f", "vjp"):
        if main[name] is not None:
            script.define(name, main[name])
    for i, a in enumerate(arrays):
        same = next(k for k, other in enumerate(arrays) if other is a)
        script.lines.append(f"x{i} = {array(a) if same == i else f'x{same}'}")
    call = [*(["None"] if f is None else ["f"]), *names]
    call += ["vjp=vjp"] if vjp is not None else []
    call += [f"kwargs={script.expression(dict(kwargs))}"] if kwargs else []
    call += [f"{name}={script.expression(value)}" for name, value in options.items()]
    script.lines.append(f"print(gradcheck({', '.join(call)}))")
    return str(script)


class Script:
    """Imports and lines of a program as they are added, and what stands under each name in it."""

    def __init__(self) -> None:
        self.imports = ["import numpy as np", "from autograd_lite.testing import gradcheck"]
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"np": np, "gradcheck": gradcheck}
        self.missing: list[str] = []

    def __str__(self) -> str:
        first = [f"# Not complete: supply {', '.join(self.missing)}."] if self.missing else []
        return "\n".join([*first, *dict.fromkeys(self.imports), "", *self.lines])

    def expression(self, value: Any) -> str:
        """Python for ``value``: its literal, or a name under which the program has it from here on."""
        text = self._literal(value)
        return self._name_of(value) if text is None else text

    def bind(self, name: str, value: Any) -> bool:
        """Let ``value`` stand under ``name``; False if something else does."""
        if name in self.names:
            return self.names[name] is value
        self.names[name] = value
        self.define(name, value)
        return True

    def define(self, name: str, value: Any) -> None:
        """Add the line or lines that bind ``name``."""
        text = self._literal(value)
        if text is not None:
            self.lines.append(f"{name} = {text}")
        elif not (self._imported(name, value) or self._by_source(name, value) or self._by_state(name, value)):
            self.missing.append(name)
            what = f"array of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value).partition("\n")[0]
            self.lines.append(f"{name} = ...  # {what}")

    # -- Expressions

    def _literal(self, value: Any) -> str | None:
        """Python that needs no name for ``value``, if there is any."""
        kind = type(value)
        if value is None or value is ... or kind in (bool, int, str, bytes, slice):
            return repr(value)
        if kind in (float, complex):
            return _numbers(repr(value))
        if kind is list:
            return "[" + self._items(value) + "]"
        if kind is tuple:
            return "(" + self._items(value) + ("," if len(value) == 1 else "") + ")"
        if kind is dict:
            return "{" + ", ".join(f"{self.expression(k)}: {self.expression(v)}" for k, v in value.items()) + "}"
        if isinstance(value, np.dtype):
            return f"np.dtype({value.str!r})"
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fciub" and value.size <= LARGEST:
            return array(value)
        if isinstance(value, Tensor) and (value.is_leaf or not value.requires_grad) and value.size <= LARGEST:
            return f"{self._name_of(kind)}({array(value.data)}, requires_grad={value.requires_grad})"
        if kind is partial:
            keywords = "".join(f", {name}={self.expression(v)}" for name, v in value.keywords.items())
            return f"{self._name_of(partial)}({self._items([value.func, *value.args])}{keywords})"
        if kind is MethodType:
            if getattr(getattr(value.__self__, value.__name__, None), "__func__", None) is value.__func__:
                return f"{self.expression(value.__self__)}.{value.__name__}"
            return self.expression(partial(value.__func__, value.__self__))  # decorated, or under another name
        return None

    def _items(self, values: Sequence[Any]) -> str:
        return ", ".join(map(self.expression, values))

    def _name_of(self, value: Any) -> str:
        for name, other in self.names.items():
            if other is value:
                return name
        wish = getattr(value, "__name__", type(value).__name__.lower()).rpartition(".")[2]
        wish = wish if wish.isidentifier() else "function"
        name = next(n for k in count(1) if (n := f"{wish}_{k}" if k > 1 else wish) not in self.names)
        self.bind(name, value)
        return name

    # -- Definitions

    def _imported(self, name: str, value: Any) -> bool:
        if isinstance(value, ModuleType):
            self.imports.append(f"import {value.__name__}" + (f" as {name}" if name != value.__name__ else ""))
            return True
        module, qualified = _place_of(value)
        outer, _, inner = qualified.rpartition(".")
        if outer:
            self.imports.append(f"from {module} import {outer.partition('.')[0]}")
            self.lines.append(f"{name} = {qualified}")
        elif qualified:
            self.imports.append(f"from {module} import {inner}" + (f" as {name}" if inner != name else ""))
        return bool(qualified)

    def _by_source(self, name: str, value: Any) -> bool:
        """Define a function or a class by its source; in a scope of its own where its names mean something else."""
        source = Source.of(value)
        if source is None:
            return False
        if source.annotated:  # which need not be carried out
            self.imports.insert(0, "from __future__ import annotations")
        clashes = {n: v for n, v in source.around.items() if not self.bind(n, v)}
        own = source.name
        if own not in (name, "") and own not in self.names:
            self.names[own] = value
        if clashes or source.rebinds or (own and self.names[own] is not value):
            given = clashes | (source.closure if source.rebinds else {})
            parameters = ", ".join(f"{n}={self.expression(v)}" for n, v in given.items())
            body = f"{source.text}\nreturn {own}" if own else f"return {source.text}"
            self.lines.append(f"\ndef made_{name}({parameters}):\n{textwrap.indent(body, '    ')}\n")
            self.lines.append(f"{name} = made_{name}()")
        elif own:
            self.lines.append(f"\n{source.text}\n")
            self.lines += [f"{name} = {own}"] if own != name else []
        else:
            self.lines.append(f"{name} = {source.text}")
        return True

    def _by_state(self, name: str, value: Any) -> bool:
        """Define an object by its class and its attributes, if these make it."""
        try:
            make, arguments, state, *more = (*value.__reduce_ex__(2), None, None)[:5]
        except Exception:  # whatever a class says to being taken apart
            return False
        plain = make is copyreg.__newobj__ and arguments == (type(value),)  # type: ignore[attr-defined]
        if not plain or not isinstance(state, dict | None) or any(part is not None for part in more):
            return False
        kind = self._name_of(type(value))
        self.lines.append(f"{name} = {kind}.__new__({kind})")
        if state:
            self.lines.append(f"vars({name}).update({self.expression(state)})")
        return True


def array(a: Any) -> str:
    """Python for the array ``a``, its layout in memory included."""
    if not isinstance(a, np.ndarray | np.generic):
        return repr(a)
    a = np.asarray(a)
    dtype = "" if a.dtype in (np.float64, np.int64, np.bool_) and a.size else f", dtype={_dtype(a.dtype)}"
    if a.size == 0:
        return f"np.zeros({a.shape}{dtype})"
    if a.ndim and 0 in a.strides and a.shape[0] > 1 and a.strides[0] == 0:
        return f"np.broadcast_to({array(a[:1].copy())}, {a.shape})"
    turned = "".join("::-1, " if s < 0 else ":, " for s in a.strides)[:-2]
    if any(s < 0 for s in a.strides):
        forward = a[tuple(slice(None, None, -1 if s < 0 else 1) for s in a.strides)]
        return f"np.array({_values(forward)}{dtype})[{turned}]"
    text = f"np.array({_values(a)}{dtype})"
    return f"np.asfortranarray({text})" if a.flags.f_contiguous and not a.flags.c_contiguous else text


def _dtype(dtype: np.dtype[Any]) -> str:
    own = dtype.kind in "fciub" and dtype.isnative  # then NumPy has a name for it
    return f"np.{dtype}" if own else repr(dtype.str)


def _values(a: np.ndarray) -> str:
    text = repr(a.tolist())
    return _numbers(text) if a.dtype.kind == "f" else text


def _numbers(text: str) -> str:
    return re.sub(r"\b(nan|inf)\b(?!')", r"np.\1", text)  # np.longdouble reads its own from quotes


def _place_of(value: Any) -> tuple[str, str]:
    """The module that ``value``, a function or a class, can be imported from, and its name there; else empty."""
    module, qualified = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not callable(value) or not isinstance(qualified, str):
        return "", ""
    if module in sys.modules and not _is_script(module) and _at(module, qualified) is value:
        return module, qualified
    if inspect.isfunction(value) or inspect.isclass(value):
        return "", ""
    name = value.__name__  # of a compiled function, which may not know its module
    homes = [m for m, found in sys.modules.items() if getattr(found, "__dict__", {}).get(name) is value]
    public = [m for m in homes if "._" not in f".{m}" and not _is_script(m)]
    return (min(public, key=lambda m: (m.count("."), m)), name) if public else ("", "")


def _at(module: str, qualified: str) -> Any:
    try:
        return attrgetter(qualified)(sys.modules[module])
    except AttributeError:
        return None


def _is_script(module: str) -> bool:
    """Whether a module is a script or a file of tests, which one does not import."""
    last = module.rpartition(".")[2]
    return module == "__main__" or last == "conftest" or last.startswith("test_") or last.endswith("_test")
