"""Automatic differentiation on NumPy: write plain array code, call ``backward``, look at what was recorded."""

from .derivatives import grad, hessian, hvp, jacobian, jvp, vjp
from .function import Function, is_grad_enabled
from .tensor import Tensor, enable_grad, no_grad
from .functions.elementwise import exp, add, where
from .functions.linalg import *
