"""Proving derivatives: compare what a program claims with what its values do.

>>> import autograd_lite as ag
>>> from autograd_lite.testing import gradcheck
>>> gradcheck(lambda x: (x * x).sum(), [1.0, 2.0], order=2).status
PASS
"""

from .check import gradcheck
from .network import GradientReport, ParameterReport, check_gradients
from .numerical import numerical_gradient
from .verdict import FAIL, PASS, UNDECIDED, Location, Status, Verdict

__all__ = [
    "FAIL",
    "PASS",
    "UNDECIDED",
    "GradientReport",
    "Location",
    "ParameterReport",
    "Status",
    "Verdict",
    "check_gradients",
    "gradcheck",
    "numerical_gradient",
]
