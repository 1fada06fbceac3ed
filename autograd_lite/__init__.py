"""Automatic differentiation on NumPy: write plain array code, call ``backward``, look at what was recorded."""

from .function import Function
from .tensor import Tensor, enable_grad, no_grad
from .functions.elementwise import exp, add, where
from .functions.linalg import *
