"""Proving derivatives: compare what a program claims with what its values do.

>>> import autograd_lite as ag
>>> from autograd_lite.testing import gradcheck
>>> gradcheck(lambda x: (x * x).sum(), [1.0, 2.0], order=2).status
PASS
"""

from importlib import import_module

from . import adapters
from .blame import Culprit, culprits
from .check import gradcheck
from .laws import check_laws
from .mutation import Score, mutants_of, mutants_of_rules, mutation_score, planted_in
from .network import GradientReport, ParameterReport, check_gradients
from .numerical import numerical_gradient
from .programs import Program, check_program
from .reproduce import reproduction
from .verdict import FAIL, PASS, UNDECIDED, Location, Status, Verdict

__all__ = [
    "FAIL",
    "PASS",
    "UNDECIDED",
    "Counterexample",
    "Culprit",
    "GradientReport",
    "Location",
    "ParameterReport",
    "Program",
    "Score",
    "Status",
    "Verdict",
    "adapters",
    "check_gradients",
    "check_laws",
    "check_program",
    "culprits",
    "falsify",
    "falsify_programs",
    "given_gradients",
    "gradcheck",
    "mutants_of",
    "mutants_of_rules",
    "mutation_score",
    "numerical_gradient",
    "planted_in",
    "random_programs",
    "reproduction",
    "strategies",
]

# What needs hypothesis, by the module that has it: imported where it is first used.
_LAZY: dict[str, str | None] = {
    "strategies": None,
    "falsify": "search",
    "given_gradients": "search",
    "Counterexample": "search",
    "falsify_programs": "writer",
    "random_programs": "writer",
}


def __getattr__(name: str) -> object:
    """Names whose import needs hypothesis, the extra ``prove``."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_LAZY[name] or name}")
    return module if _LAZY[name] is None else getattr(module, name)
