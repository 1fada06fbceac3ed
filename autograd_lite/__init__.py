"""Automatic differentiation on NumPy: write plain array code, call ``backward``, look at what was recorded."""

from .derivatives import grad, hessian, hvp, jacobian, jvp, vjp
from .function import Function, is_grad_enabled
from .functions.elementwise import add, exp, where
from .functions.linalg import *
from .tensor import Tensor, enable_grad, no_grad
