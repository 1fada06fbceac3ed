"""Functions of single numbers beyond those of NumPy."""

import math

from ..kernels import special
from .elementwise import Elementwise, Exp, Sigmoid


class Erf(Elementwise):
    """y = 2 / sqrt(pi) * integral of exp(-t * t) for t from 0 to a."""

    __slots__ = ()

    def forward(self, a): return special.erf(a)
    def grad_a(self, g, a): return g * (Exp()(-(a * a)) * (2 / math.sqrt(math.pi)))


class Gelu(Elementwise):
    """y = a * share, where share is the part of the normal numbers below a."""

    __slots__ = ()

    def by_share(self, a): return 0.5 * (1 + Erf()(a * math.sqrt(0.5)))
    def forward(self, a, share): return a * share
    def grad_a(self, g, a, share): return g * (share + a * Exp()(-0.5 * (a * a)) * (1 / math.sqrt(2 * math.pi)))


class GeluTanh(Elementwise):
    """y = a * s with s = sigmoid(2 u), u = SCALE * (a + CUBIC * a ** 3), which is close to Gelu and cheaper."""

    __slots__ = ()

    def forward(self, a): return special.gelu_tanh(a)
    def grad_a(self, g, a): return g * GeluTanhSlope()(a)


class GeluTanhSlope(Elementwise):
    """y = d(a * s)/da."""

    __slots__ = ()

    def forward(self, a): return special.gelu_tanh_slope(a)

    def grad_a(self, g, a):
        u1, u2 = special.SCALE * (1 + 3 * special.CUBIC * (a * a)), 6 * special.SCALE * special.CUBIC * a
        s = Sigmoid()(2 * special.SCALE * (a + special.CUBIC * (a * a * a)))
        bell = 2 * s * (1 - s)
        s1 = bell * u1
        return g * (2 * s1 + a * (bell * u2 + 2 * u1 * s1 * (1 - 2 * s)))
