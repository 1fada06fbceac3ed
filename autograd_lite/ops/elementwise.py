"""Functions of single numbers. Arrays broadcast; the engine sums gradients down to the shapes of the inputs."""

import math

import numpy as np

from .._arrays import power
from ..function import Function
from ..kernels import rectify, special

LOG_2, LOG_10 = math.log(2), math.log(10)


class Elementwise(Function):
    """A rule that works element by element: where the cotangent is 0, so is the gradient, even at a singularity."""

    __slots__ = ()
    broadcasts = True
    elementwise = True


# -- Arithmetic -------------------------------------------------------------------------------------------------------

class Add(Elementwise):
    """y = a + b."""

    __slots__ = ()

    def forward(self, a, b): return a + b
    def grad_a(self, g): return g
    def grad_b(self, g): return g


class Sub(Elementwise):
    """y = a - b."""

    __slots__ = ()

    def forward(self, a, b): return a - b
    def grad_a(self, g): return g
    def grad_b(self, g): return -g


class Mul(Elementwise):
    """y = a * b."""

    __slots__ = ()

    def forward(self, a, b): return a * b
    def grad_a(self, g, b): return g * b
    def grad_b(self, g, a): return g * a


class Div(Elementwise):
    """y = a / b."""

    __slots__ = ()

    def forward(self, a, b): return a / b
    def grad_a(self, g, b): return g / b
    def grad_b(self, g, b, y): return -(g / b) * y  # in this order 0 / 0 is noticed, and settled


class Mod(Elementwise):
    """y = a - floor(a / b) * b, which has the sign of b."""

    __slots__ = ()

    def forward(self, a, b): return np.remainder(a, b)
    def grad_a(self, g): return g
    def grad_b(self, g, a, b): return -g * Flat(np.floor_divide)(a, b)


class Neg(Elementwise):
    """y = -a."""

    __slots__ = ()

    def forward(self, a): return -a
    def grad_a(self, g): return -g


class Power(Elementwise):
    """y = a ** n, for a number n. The slope of a ** 0 is 0, also at 0."""

    __slots__ = ("n",)

    def __init__(self, n): self.n = n
    def __repr__(self): return f"Power({self.n})"
    def forward(self, a): return power(a, self.n)
    def grad_a(self, g, a): return g * (self.n * Power(self.n - (self.n != 0))(a))


class Pow(Elementwise):
    """y = a ** b. At a = 0 the slope along b is 0."""

    __slots__ = ()

    def forward(self, a, b): return a ** b
    def grad_a(self, g, a, b): return g * b * a ** (b * 1 - ((a != 0) | (b != 0)))  # booleans cannot be subtracted
    def grad_b(self, g, a, y): return g * y * Log()(Where()(a == 0, 1, a)).astype(g.dtype)


class Square(Elementwise):
    """y = a * a."""

    __slots__ = ()

    def forward(self, a): return a * a
    def grad_a(self, g, a): return g * (2 * a)


class Reciprocal(Elementwise):
    """y = 1 / a."""

    __slots__ = ()

    def forward(self, a): return np.reciprocal(a)
    def grad_a(self, g, y): return -g * (y * y)


class Sqrt(Elementwise):
    """y = sqrt(a). The slope at 0 counts as 0."""

    __slots__ = ()

    def forward(self, a): return np.sqrt(a)
    def grad_a(self, g, y): return ZeroSafeDiv()(g * 0.5, y)


class Cbrt(Elementwise):
    """y = cbrt(a), the real cube root. The slope at 0 counts as 0."""

    __slots__ = ()

    def forward(self, a): return np.cbrt(a)
    def grad_a(self, g, y): return ZeroSafeDiv()(g, 3 * y * y)


class Hypot(Elementwise):
    """y = sqrt(a * a + b * b), without overflow. The slopes at 0, 0 count as 0."""

    __slots__ = ()

    def forward(self, a, b): return np.hypot(a, b)
    def grad_a(self, g, a, y): return g * ZeroSafeDiv()(a, y)
    def grad_b(self, g, b, y): return g * ZeroSafeDiv()(b, y)


class ZeroSafeDiv(Elementwise):
    """y = a / b, but 0 where a or b is 0: even 0 / 0 and 0 / nan are 0."""

    __slots__ = ()

    def forward(self, a, b): return np.where((a == 0) | (b == 0), 0, a / np.where(b == 0, 1, b))
    def grad_a(self, g, b): return ZeroSafeDiv()(g, b)
    def grad_b(self, g, b, y): return ZeroSafeDiv()(-g * y, b)


# -- Exponentials and logarithms --------------------------------------------------------------------------------------

class Exp(Elementwise):
    """y = exp(a)."""

    __slots__ = ()

    def forward(self, a): return np.exp(a)
    def grad_a(self, g, y): return g * y


class Exp2(Elementwise):
    """y = 2 ** a."""

    __slots__ = ()

    def forward(self, a): return np.exp2(a)
    def grad_a(self, g, y): return g * (y * LOG_2)


class Expm1(Elementwise):
    """y = exp(a) - 1, exact for small a."""

    __slots__ = ()

    def forward(self, a): return np.expm1(a)
    def grad_a(self, g, y): return g * (y + 1)


class Log(Elementwise):
    """y = log(a)."""

    __slots__ = ()

    def forward(self, a): return np.log(a)
    def grad_a(self, g, a): return g / a


class Log2(Elementwise):
    """y = log(a) / log(2)."""

    __slots__ = ()

    def forward(self, a): return np.log2(a)
    def grad_a(self, g, a): return g / (a * LOG_2)


class Log10(Elementwise):
    """y = log(a) / log(10)."""

    __slots__ = ()

    def forward(self, a): return np.log10(a)
    def grad_a(self, g, a): return g / (a * LOG_10)


class Log1p(Elementwise):
    """y = log(1 + a), exact for small a."""

    __slots__ = ()

    def forward(self, a): return np.log1p(a)
    def grad_a(self, g, a): return g / (1 + a)


class Logaddexp(Elementwise):
    """y = log(exp(a) + exp(b)), without overflow."""

    __slots__ = ()

    def forward(self, a, b): return np.logaddexp(a, b)
    def grad_a(self, g, a, b): return g * Sigmoid()(a - b)
    def grad_b(self, g, a, b): return g * Sigmoid()(b - a)


class Sigmoid(Elementwise):
    """y = 1 / (1 + exp(-a)), finite for every a."""

    __slots__ = ()

    def forward(self, a): return special.sigmoid(a)
    def grad_a(self, g, y): return g * (y * (1 - y))


# -- Kinks ------------------------------------------------------------------------------------------------------------

class Abs(Elementwise):
    """y = abs(a). The slope at 0 is 0."""

    __slots__ = ()

    def forward(self, a): return np.abs(a)
    def grad_a(self, g, a): return g * Flat(np.sign)(a)


class Relu(Elementwise):
    """y = max(a, 0). The slope at 0 is 0."""

    __slots__ = ()

    def forward(self, a): return rectify.relu(a)
    def grad_a(self, g, y): return Gate()(g, y)


class Gate(Elementwise):
    """y = u where b > 0, else 0."""

    __slots__ = ()

    def forward(self, u, b): return rectify.relu_gradient(u, b)
    def grad_u(self, g, b): return Gate()(g, b)


class Maximum(Elementwise):
    """y = max(a, b). Ties share the gradient, half and half."""

    __slots__ = ()

    def forward(self, a, b): return np.maximum(a, b)
    def grad_a(self, g, a, b): return share(g, a, b)
    def grad_b(self, g, a, b): return share(g, b, a)


class Minimum(Elementwise):
    """y = min(a, b). Ties share the gradient, half and half."""

    __slots__ = ()

    def forward(self, a, b): return np.minimum(a, b)
    def grad_a(self, g, a, b): return share(g, b, a)
    def grad_b(self, g, a, b): return share(g, a, b)


def share(g, a, b):
    """g where a > b, half of it where they are equal, 0 elsewhere."""
    return Gate()(g * (1 - 0.5 * (a == b)).astype(g.dtype), a >= b)


class Clip(Elementwise):
    """y = min(max(a, low), high). At the bounds the gradient passes, as it does between them."""

    __slots__ = ("high", "low")

    def __init__(self, low, high): self.low, self.high = low, high
    def forward(self, a): return np.clip(a, self.low, self.high)

    def grad_a(self, g, a):
        if self.low is not None: g = Gate()(g, a >= self.low)
        if self.high is not None: g = Gate()(g, a <= self.high)
        return g


class Where(Elementwise):
    """y = a where the condition holds, else b. No gradient, not even a nan, reaches the branch not taken."""

    __slots__ = ()
    masks = True

    def forward(self, condition, a, b): return np.where(condition, a, b)
    def grad_a(self, g, condition): return Where()(condition, g, 0)
    def grad_b(self, g, condition): return Where()(condition, 0, g)


class Flat(Elementwise):
    """y = ufunc(*operands), for what moves in steps or is a yes or no: it has no gradient."""

    __slots__ = ("ufunc",)

    def __init__(self, ufunc): self.ufunc = ufunc
    def __repr__(self): return self.ufunc.__name__
    def forward(self, *operands): return self.ufunc(*operands)


# -- Kind -------------------------------------------------------------------------------------------------------------

class AsType(Function):
    """The same numbers in another dtype; the gradient comes back in the first one."""

    __slots__ = ("before", "dtype")

    def __init__(self, dtype, before): self.dtype, self.before = dtype, before
    def forward(self, a): return a.astype(self.dtype)
    def grad_a(self, g): return AsType(self.before, g.dtype)(g)


class Copy(Function):
    """The same numbers in memory of their own."""

    __slots__ = ()

    def forward(self, a): return a.copy()
    def grad_a(self, g): return g
