"""The layers of the project, read from its imports: each uses only those below it, and nothing runs in circles."""

import ast
import graphlib
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What each part of the core may import of the project; a part is a module or a package with all that is in it.
# Everything else in autograd_lite stands above the core and may use all of it.
LAYERS = {
    "errors": set(),
    "_arrays": {"errors"},
    "_watch": {"errors", "_arrays"},
    "_protocol": {"errors"},
    "kernels": {"errors", "kernels"},
    "switches": set(),
    "function": {"errors", "_arrays", "_watch", "switches"},
    "ops": {"errors", "_arrays", "function", "kernels", "ops"},
    "kept": {"errors", "function", "switches"},
    "delivery": {"errors", "_arrays", "function", "ops.elementwise", "ops.shape"},
    "engine": {"errors", "function", "kept", "delivery", "switches"},
    "recording": {"errors", "function", "ops", "switches"},
    "array_methods": {"errors", "_arrays", "function", "ops", "recording"},
    "operators": {"errors", "function", "ops", "recording", "array_methods", "switches"},
    "gradients": {"errors", "_arrays", "function", "engine", "recording", "array_methods", "switches"},
    "tensor": {"errors", "_arrays", "_protocol", "recording", "array_methods", "operators", "gradients", "switches"},
    "functions": {"errors", "_arrays", "_protocol", "function", "ops", "tensor", "functions"},
}

# Imports of other libraries than NumPy, which all of the project has. Optional ones are imported where they are used.
THIRD_PARTY = {
    "autograd_lite.kernels": {"numba", "threadpoolctl"},
    "autograd_lite.viz": {"graphviz"},
    "autograd_lite.testing": {"hypothesis"},
    "nn.plots": {"matplotlib"},
}
HEAVY = {"graphviz", "hypothesis", "matplotlib", "numba", "pytest", "safetensors", "scipy", "threadpoolctl", "tqdm"}
LATE = {"csv", "difflib", "json", "numpy.random", "pathlib", "zipfile"}  # imported where they are used, as few do


def find_modules():
    """Every module of the project, name to path."""
    modules = {}
    for package in ("autograd_lite", "nn"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


MODULES = find_modules()


def in_part(module, part):
    return module == part or module.startswith(part + ".")


def statements(nodes, lazy):
    """Import statements that are carried out; those inside functions too if ``lazy``."""
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from statements(node.orelse, lazy)
        elif lazy or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from statements(ast.iter_child_nodes(node), lazy)


def imports(module, source, is_package, lazy=True):
    """What ``module`` imports: pairs of a module and the name taken from it, None for the module itself."""
    for node in statements(ast.parse(source).body, lazy):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
            continue
        base = node.module or ""
        if node.level:
            up = module.split(".")[: len(module.split(".")) - node.level + is_package]
            base = ".".join([*up, base] if base else up)
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            yield (inner, None) if inner in MODULES else (base, alias.name)


def imports_of(module, lazy=True):
    path = MODULES[module]
    return list(imports(module, path.read_text(encoding="utf-8"), path.name == "__init__.py", lazy))


def is_ours(module):
    return in_part(module, "autograd_lite") or in_part(module, "nn")


# -- The reader of imports itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import numpy.linalg as la, math", [("numpy.linalg", None), ("math", None)]),
        ("from numpy import exp", [("numpy", "exp")]),
        ("from .shape import Reshape", [("autograd_lite.ops.shape", "Reshape")]),
        ("from . import shape", [("autograd_lite.ops.shape", None)]),
        ("from .. import engine, Tensor", [("autograd_lite.engine", None), ("autograd_lite", "Tensor")]),
        ("from ..function import Function as F", [("autograd_lite.function", "Function")]),
        ("try:\n  import numba\nexcept ImportError: pass", [("numba", None)]),
        ("class A:\n  from math import pi", [("math", "pi")]),
        ("def f():\n  if 1: import tqdm", [("tqdm", None)]),
        ("if TYPE_CHECKING:\n  import nn", []),
    ],
)
def test_imports_are_found_in_every_form(source, found):
    assert list(imports("autograd_lite.ops.reduce", source, is_package=False)) == found


def test_lazy_imports_can_be_left_out():
    assert list(imports("nn.module", "def f():\n  import tqdm", is_package=False, lazy=False)) == []


# -- The layers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", LAYERS)
def test_a_part_of_the_core_imports_only_what_lies_below_it(part):
    part_of_package = f"autograd_lite.{part}"
    members = [module for module in MODULES if in_part(module, part_of_package)]
    assert members, f"{part} is gone; take it out of LAYERS"
    allowed = [f"autograd_lite.{below}" for below in LAYERS[part]]
    wrong = [
        f"{module} imports {target}"
        for module in members
        for target, _ in imports_of(module)
        if is_ours(target) and not any(in_part(target, below) for below in allowed)
    ]
    assert not wrong


def test_no_module_imports_itself_through_others():
    graph = {module: {target for target, _ in imports_of(module, lazy=False)} & MODULES.keys() for module in MODULES}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail("circular import: " + " <- ".join(error.args[1]))


def test_autograd_lite_knows_nothing_of_nn():
    wrong = [m for m in MODULES if in_part(m, "autograd_lite") and any(in_part(t, "nn") for t, _ in imports_of(m))]
    assert not wrong


def test_nn_takes_only_names_that_autograd_lite_exports():
    wrong = [
        f"{module} imports {name or 'all'} of {target}"
        for module in MODULES
        if in_part(module, "nn")
        for target, name in imports_of(module)
        if in_part(target, "autograd_lite") and not is_exported(target, name)
    ]
    assert not wrong


def is_exported(module, name):
    """Whether users may import this: a public name of the package, or of a public module that is not of the core."""
    inner = module.split(".")[1:]
    if any(part.startswith("_") for part in inner) or (inner and inner[0] in LAYERS.keys() - {"errors"}):
        return False
    found = importlib.import_module(module)
    return name is None or name in getattr(found, "__all__", vars(found))


@pytest.mark.parametrize("module", MODULES)
def test_other_libraries_are_imported_only_where_they_are_needed(module):
    allowed = {"numpy"}.union(*(names for part, names in THIRD_PARTY.items() if in_part(module, part)))
    lazy = any(in_part(module, f"autograd_lite.{part}") for part in LAYERS)  # the core does not import them even late
    found = {target.split(".")[0] for target, _ in imports_of(module, lazy) if not is_ours(target)}
    assert not found - allowed - sys.stdlib_module_names


@pytest.mark.parametrize("package", ["autograd_lite", "nn"])
def test_importing_a_package_loads_nothing_heavy(package):
    code = (
        f"import sys, numpy; before = {{*sys.modules}}; import {package}; "
        f"print(*sorted({HEAVY | LATE!r} & sys.modules.keys() - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


def test_submodules_that_are_loaded_late_are_offered_and_found():
    code = "import nn; assert {'data', 'plots'} <= {*dir(nn)}; nn.data.DataLoader, nn.plots.lines"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    with pytest.raises(AttributeError, match="no attribute 'date'"):
        _ = importlib.import_module("nn").date
