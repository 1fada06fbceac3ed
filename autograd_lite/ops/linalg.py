"""Products of matrices and of arrays of any dimension."""

import numpy as np

from ..function import Function
from ..kernels import products


class MatMul(Function):
    """y = a @ b, for matrices and stacks of matrices."""

    __slots__ = ()
    broadcasts = True

    def forward(self, a, b): return products.matmul(a, b)
    def grad_a(self, g, b): return MatMul()(g, b.swapaxes(-1, -2))
    def grad_b(self, g, a): return MatMul()(a.swapaxes(-1, -2), g)


class Einsum(Function):
    """Sum of products in Einstein's notation.

    Every index of an input stands in the output or in another input, and none twice in one input, and has one length
    wherever it stands; then the gradient of an input is again a sum of products, with the cotangent in its place.
    """

    __slots__ = ("inputs", "output")

    def __init__(self, inputs, output): self.inputs, self.output = inputs, output
    def __repr__(self): return f"Einsum({','.join(self.inputs)}->{self.output})"
    def forward(self, *parts): return np.einsum(f"{','.join(self.inputs)}->{self.output}", *parts, optimize=True)

    def grad_parts(self, g, i, parts):
        before, after = slice(None, i), slice(i + 1, None)
        rule = Einsum((self.output, *self.inputs[before], *self.inputs[after]), self.inputs[i])
        return rule(g, *parts[before], *parts[after])
