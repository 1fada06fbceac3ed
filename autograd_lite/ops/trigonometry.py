"""Trigonometric and hyperbolic functions and their inverses, element by element."""

import numpy as np

from .elementwise import Elementwise, Hypot, Sqrt, ZeroSafeDiv


class Sin(Elementwise):
    """y = sin(a)."""

    __slots__ = ()

    def forward(self, a): return np.sin(a)
    def grad_a(self, g, a): return g * Cos()(a)


class Cos(Elementwise):
    """y = cos(a)."""

    __slots__ = ()

    def forward(self, a): return np.cos(a)
    def grad_a(self, g, a): return -g * Sin()(a)


class Tan(Elementwise):
    """y = tan(a)."""

    __slots__ = ()

    def forward(self, a): return np.tan(a)
    def grad_a(self, g, y): return g * (1 + y * y)


class Arcsin(Elementwise):
    """y = arcsin(a)."""

    __slots__ = ()

    def forward(self, a): return np.arcsin(a)
    def grad_a(self, g, a): return g / Sqrt()((1 - a) * (1 + a))


class Arccos(Elementwise):
    """y = arccos(a)."""

    __slots__ = ()

    def forward(self, a): return np.arccos(a)
    def grad_a(self, g, a): return -g / Sqrt()((1 - a) * (1 + a))


class Arctan(Elementwise):
    """y = arctan(a)."""

    __slots__ = ()

    def forward(self, a): return np.arctan(a)
    def grad_a(self, g, a): return g / (1 + a * a)


class Arctan2(Elementwise):
    """y = the angle of the point (b, a). The slopes at the origin, which has no angle, count as 0."""

    __slots__ = ()

    def forward(self, a, b): return np.arctan2(a, b)
    def grad_a(self, g, a, b): return g * ZeroSafeDiv()(b, a * a + b * b)
    def grad_b(self, g, a, b): return -g * ZeroSafeDiv()(a, a * a + b * b)


class Sinh(Elementwise):
    """y = sinh(a)."""

    __slots__ = ()

    def forward(self, a): return np.sinh(a)
    def grad_a(self, g, a): return g * Cosh()(a)


class Cosh(Elementwise):
    """y = cosh(a)."""

    __slots__ = ()

    def forward(self, a): return np.cosh(a)
    def grad_a(self, g, a): return g * Sinh()(a)


class Tanh(Elementwise):
    """y = tanh(a)."""

    __slots__ = ()

    def forward(self, a): return np.tanh(a)
    def grad_a(self, g, y): return g * (1 - y * y)


class Arcsinh(Elementwise):
    """y = arcsinh(a)."""

    __slots__ = ()

    def forward(self, a): return np.arcsinh(a)
    def grad_a(self, g, a): return g / Hypot()(a, 1)


class Arccosh(Elementwise):
    """y = arccosh(a)."""

    __slots__ = ()

    def forward(self, a): return np.arccosh(a)
    def grad_a(self, g, a): return g / Sqrt()((a - 1) * (a + 1))


class Arctanh(Elementwise):
    """y = arctanh(a)."""

    __slots__ = ()

    def forward(self, a): return np.arctanh(a)
    def grad_a(self, g, a): return g / ((1 - a) * (1 + a))
