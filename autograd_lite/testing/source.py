"""The source of a function or a class, and what it takes from around it."""

from __future__ import annotations

import ast
import inspect
import symtable
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any


@dataclass
class Source:
    """A function or a class as text.

    Attributes
    ----------
    name : str
        What the text defines; empty for a lambda, whose text is an expression.
    text : str
        Without decorators, if it is a function: what they made of it is another object.
    closure : dict
        The variables of the functions around it that it uses, and their values.
    around : dict
        These, and the global ones.
    rebinds : bool
        Whether it assigns to variables of the functions around it.
    annotated : bool
        Whether it has annotations.
    """

    name: str
    text: str
    closure: dict[str, Any]
    around: dict[str, Any]
    rebinds: bool
    annotated: bool

    @classmethod
    def of(cls, thing: Any) -> Source | None:
        """The source of ``thing``, if it is a function or a class and the source can be found."""
        try:
            if inspect.isclass(thing):
                text = textwrap.dedent(inspect.getsource(thing))
                name, file = thing.__name__, inspect.getfile(thing)
                methods = [f for f in vars(thing).values() if inspect.isfunction(f)]
                functions = [f for f in methods if f.__code__.co_filename == file]  # not those that a decorator made
                variables, defaults = vars(sys.modules[thing.__module__]), dict[str, Any]()
            elif inspect.isfunction(thing):
                name, (node, text) = thing.__code__.co_name, _definition(thing.__code__)
                functions, variables, defaults = [thing], thing.__globals__, _foreign_defaults(node, thing)
                text = ast.unparse(node) if defaults or isinstance(node, ast.Lambda) else text
            else:
                return None
            closure = {name: value for f in functions for name, value in _closure(f).items()} | defaults
            used = global_names(text, closure)
        except (OSError, TypeError, SyntaxError, LookupError):
            return None
        around = {n: variables[n] for n in used if n in variables} | closure
        around = {n: value for n, value in around.items() if value is not thing}
        nodes = list(ast.walk(ast.parse(text)))
        rebinds = any(isinstance(node, ast.Nonlocal) for node in nodes)
        annotated = any(getattr(node, "annotation", None) or getattr(node, "returns", None) for node in nodes)
        return cls("" if name == "<lambda>" else name, text.strip(), closure, around, rebinds, annotated)


def _definition(code: CodeType) -> tuple[ast.FunctionDef | ast.Lambda, str]:
    """The one definition or lambda expression in its file that ``code`` was compiled from, without decorators."""
    whole = "".join(inspect.findsource(code)[0])
    places = set(code.co_positions())
    for node in ast.walk(ast.parse(whole)):
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and _place(node.body) in places:
            return node, ""
        if isinstance(node, ast.FunctionDef) and (node.name, _first_line(node)) == (code.co_name, code.co_firstlineno):
            node.decorator_list = []
            return node, textwrap.dedent(ast.get_source_segment(whole, node, padded=True) or "")
    raise LookupError("The source is not what was compiled.")


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _foreign_defaults(node: ast.FunctionDef | ast.Lambda, function: FunctionType) -> dict[str, Any]:
    """Defaults that other functions computed, by the names of their arguments, which take their place in ``node``."""
    found, arguments = {}, node.args
    ordered = [a.arg for a in (*arguments.posonlyargs, *arguments.args)][-len(arguments.defaults) or None :]
    values = dict(zip(ordered, function.__defaults__ or (), strict=False)) | (function.__kwdefaults__ or {})
    only = [a.arg for a in arguments.kwonlyargs]
    for names, defaults in ((ordered, arguments.defaults), (only, arguments.kw_defaults)):
        for i, (name, default) in enumerate(zip(names, list(defaults), strict=False)):
            parts = ast.walk(default) if default else ()
            if any(isinstance(part, ast.Name) and part.id not in function.__globals__ for part in parts):
                defaults[i] = ast.Name(name)
                found[name] = values[name]
    return found


def _place(node: ast.expr) -> tuple[int | None, ...]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _closure(function: FunctionType) -> dict[str, Any]:
    """The values of the variables of outer functions; those that have none yet are left out."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def global_names(text: str, closure: Iterable[str] = ()) -> list[str]:
    """The global names in a text, the body of a function, whose outer functions have the variables ``closure``."""
    outer = f"def outer({', '.join(closure)}):\n{textwrap.indent(text, '    ')}"
    tables, found = symtable.symtable(outer, "", "exec").get_children(), dict[str, None]()
    for table in tables:  # which grows
        tables += table.get_children()
        found |= dict.fromkeys(symbol.get_name() for symbol in table.get_symbols() if symbol.is_global())
    return list(found)
