"""Functions of single numbers beyond those of NumPy."""

import math

from ..kernels import special
from ..kernels.special import CUBIC, SCALE
from .elementwise import Elementwise, Exp


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

    def by_s(self, a): return GeluTanhShare()(a)
    def forward(self, a, s): return a * s

    def grad_a(self, g, a, s):
        slope = GeluTanhSlope()(a, s)
        slope *= g
        return slope


class GeluTanhShare(Elementwise):
    """y = s, of which the slope is 2 * s * (1 - s) * u'."""

    __slots__ = ()

    def forward(self, a): return special.gelu_tanh_share(a)
    def grad_a(self, g, a, y): return g * (2 * SCALE * y * (1 - y) * (1 + 3 * CUBIC * (a * a)))


class GeluTanhSlope(Elementwise):
    """y = d(a * s)/da = s * (1 + (1 - s) * 2 * a * u')."""

    __slots__ = ()

    def forward(self, a, s): return special.gelu_tanh_slope(a, s)
    def grad_a(self, g, a, s): return g * (2 * SCALE * s * (1 - s) * (1 + 9 * CUBIC * (a * a)))
    def grad_s(self, g, a, s): return g * (1 + (1 - 2 * s) * (2 * SCALE * a) * (1 + 3 * CUBIC * (a * a)))
