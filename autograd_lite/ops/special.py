"""Functions of single numbers beyond those of NumPy."""

import math

from ..kernels import special
from .elementwise import Elementwise, Exp
from .trigonometry import Tanh


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
    """y = a / 2 * (1 + t) with t = tanh(SCALE * (a + CUBIC * a ** 3)), which is close to Gelu and cheaper."""

    __slots__ = ()

    SCALE, CUBIC = math.sqrt(2 / math.pi), 0.044715

    def by_t(self, a): return Tanh()(a * (self.SCALE + self.SCALE * self.CUBIC * (a * a)))
    def forward(self, a, t): return 0.5 * a * (1 + t)

    def grad_a(self, g, a, t):
        slope = a * (0.5 * self.SCALE + 1.5 * self.SCALE * self.CUBIC * (a * a))
        return g * (slope * (1 - t * t) + (0.5 + 0.5 * t))
