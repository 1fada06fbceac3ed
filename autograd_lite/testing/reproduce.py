"""A failing check as a program that anyone can run."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np


def reproduction(
    f: Callable[..., Any] | None,
    arrays: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    **options: Any,
) -> str:
    """The text of a program that repeats ``gradcheck(f, *arrays, kwargs=kwargs, vjp=vjp, **options)``.

    A function that can be imported is imported, another is given by its source. What it takes from around it (a
    closure) must be added by hand.

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
    lines = ["import numpy as np", "from autograd_lite.testing import gradcheck"]
    imports: list[str] = []
    definitions: list[str] = []
    names: list[str] = []
    for name, function in (("f", f), ("vjp", vjp)):
        if function is not None:
            (imports if (text := _definition(function, name)).startswith("from ") else definitions).append(text)
    previous: list[Any] = []
    for i, a in enumerate(arrays):
        same = next((k for k, other in enumerate(previous) if other is a), None)
        previous.append(a)
        names.append(f"x{i}")
        definitions.append(f"x{i} = {_array(a) if same is None else f'x{same}'}")
    call = [*(["None"] if f is None else ["f"]), *names]
    call += ["vjp=vjp"] if vjp is not None else []
    call += ["kwargs={" + ", ".join(f"{k!r}: {_array(v)}" for k, v in kwargs.items()) + "}"] if kwargs else []
    call += [f"{name}={value!r}" for name, value in options.items()]
    return "\n".join([*lines, *imports, "", *definitions, f"print(gradcheck({', '.join(call)}))"])


def _array(a: Any) -> str:
    """An expression for ``a``, its layout in memory included."""
    if not isinstance(a, np.ndarray | np.generic):
        return repr(a)
    a = np.asarray(a)
    dtype = "" if a.dtype in (np.float64, np.int64, np.bool_) and a.size else f", dtype=np.{a.dtype}"
    if a.size == 0:
        return f"np.zeros({a.shape}{dtype})"
    if a.ndim and 0 in a.strides and a.shape[0] > 1 and a.strides[0] == 0:
        return f"np.broadcast_to({_array(a[:1].copy())}, {a.shape})"
    turned = "".join("::-1, " if s < 0 else ":, " for s in a.strides)[:-2]
    if any(s < 0 for s in a.strides):
        return (
            f"np.array({_numbers(a[tuple(slice(None, None, -1 if s < 0 else 1) for s in a.strides)])}{dtype})[{turned}]"
        )
    text = f"np.array({_numbers(a)}{dtype})"
    return f"np.asfortranarray({text})" if a.flags.f_contiguous and not a.flags.c_contiguous else text


def _numbers(a: np.ndarray) -> str:
    return repr(a.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")


def _definition(function: Any, name: str) -> str:
    """How a program gets hold of ``function``."""
    qualified, module = getattr(function, "__qualname__", ""), getattr(function, "__module__", None)
    if qualified and "<" not in qualified and module not in (None, "__main__"):
        outer, _, inner = qualified.rpartition(".")
        if outer:
            return f"from {module} import {outer.partition('.')[0]}\n{name} = {qualified}"
        return f"from {module} import {inner}" + (f" as {name}" if inner != name else "")
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return f"{name} = ...  # {function!r}"
    if qualified.endswith("<lambda>"):
        return f"{name} = {_lambda(source, function)}"
    return f"{source.rstrip()}\n\n{name} = {function.__name__}"


def _lambda(source: str, function: Any) -> str:
    """The lambda expression in a line of source that is no other than ``function``, if it can be told."""
    for start in range(source.count("lambda")):
        at = -1
        for _ in range(start + 1):
            at = source.index("lambda", at + 1)
        for end in range(len(source), at, -1):
            try:
                tree = ast.parse(source[at:end].strip(), mode="eval")
            except SyntaxError:
                continue
            if isinstance(tree.body, ast.Lambda):
                code = compile(ast.Expression(tree.body), "", "eval").co_consts[0]
                if (code.co_code, code.co_names) == (function.__code__.co_code, function.__code__.co_names):
                    return ast.unparse(tree)
                break
    return f"...  # {source.strip()}"
