"""Dual numbers: floats that carry their own derivative along one direction, for a slow and obvious reference.

An array of them is a NumPy array of objects. NumPy's own functions then do the rest: ``np.exp`` asks each element for
its ``exp``, sums and products of arrays add and multiply elements, and moving elements moves their derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np


class Dual:
    """A number, its derivative, and how large the terms were that the derivative is the sum of.

    Attributes
    ----------
    v, d : float
    size : float
        At least ``abs(d)``; much more where large terms cancelled, and rounding counts.
    """

    __slots__ = ("d", "size", "v")

    moving: ClassVar[bool] = True  # False inside no_grad: then what is computed has no derivative

    def __init__(self, v: float, d: float = 0.0, size: float | None = None) -> None:
        self.v, self.d, self.size = v, d, abs(d) if size is None else size

    def __repr__(self) -> str:
        return f"Dual({self.v}, {self.d})"

    def __add__(self, o: Any) -> Any:
        return _both(self, o, lambda a, b: (a + b, 1.0, 1.0))

    def __sub__(self, o: Any) -> Any:
        return _both(self, o, lambda a, b: (a - b, 1.0, -1.0))

    def __rsub__(self, o: Any) -> Any:
        return _both(self, o, lambda a, b: (b - a, -1.0, 1.0))

    def __mul__(self, o: Any) -> Any:
        return _both(self, o, lambda a, b: (a * b, b, a))

    def __truediv__(self, o: Any) -> Any:
        return _both(self, o, lambda a, b: (a / b, 1 / b, -a / b / b))

    def __rtruediv__(self, o: Any) -> Any:
        return _both(self, o, lambda a, b: (b / a, -b / a / a, 1 / a))

    def __mod__(self, o: Any) -> Any:
        return _both(self, o, lambda a, b: (a % b, 1.0, -math.floor(a / b)))

    def __pow__(self, n: Any) -> Any:
        if isinstance(n, np.ndarray | Dual):
            return _both(self, n, lambda a, b: (a**b, b * a ** (b - 1), a**b * math.log(a)))
        return computed(self.v**n, (self, n * self.v ** (n - 1) if n else 0.0))

    def __rpow__(self, base: Any) -> Any:
        return computed(base**self.v, (self, base**self.v * math.log(base)))

    def __neg__(self) -> Dual:
        return computed(-self.v, (self, -1.0))

    def __pos__(self) -> Dual:
        return self

    def __abs__(self) -> Dual:
        return computed(abs(self.v), (self, float(np.sign(self.v))))

    def __lt__(self, o: Any) -> Any:
        return self.v < dual(o).v

    def __gt__(self, o: Any) -> Any:
        return self.v > dual(o).v

    def __eq__(self, o: object) -> Any:
        return self.v == dual(o).v

    __hash__ = None  # type: ignore[assignment]
    __radd__, __rmul__ = __add__, __mul__

    def conjugate(self) -> Dual:
        """The number itself, for NumPy's variance."""
        return self

    def hypot(self, o: Any) -> Any:
        """For ``np.hypot``."""
        return _both(self, o, lambda a, b: (r := math.hypot(a, b), a / r, b / r))

    def arctan2(self, o: Any) -> Any:
        """For ``np.arctan2``."""
        return _both(self, o, lambda a, b: (math.atan2(a, b), b / (a * a + b * b), -a / (a * a + b * b)))


def dual(x: Any) -> Dual:
    """A number without a derivative, unless it has one."""
    if isinstance(x, np.ndarray):  # NumPy may put an array of one object into an array of objects
        x = x.item()
    return x if isinstance(x, Dual) else Dual(float(x))


def computed(v: float, *parts: tuple[Dual, float]) -> Dual:
    """A number computed from others, with the slope along each."""
    d = size = 0.0
    if Dual.moving:
        for x, slope in parts:
            d += slope * x.d
            size += abs(slope) * x.size
    return Dual(v, d, size)


def _both(x: Dual, o: Any, rule: Callable[[float, float], tuple[float, float, float]]) -> Any:
    """A function of two numbers by its value and its two slopes; arrays are NumPy's business."""
    if isinstance(o, np.ndarray):
        return NotImplemented
    o = dual(o)
    v, left, right = rule(x.v, o.v)
    return computed(v, (x, left), (o, right))


# What NumPy asks its elements for: the value, and the slope from the argument and the value.
FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float, float], float]]] = {
    "sqrt": (math.sqrt, lambda x, y: 0.5 / y),
    "cbrt": (math.cbrt, lambda x, y: 1 / (3 * y * y)),
    "exp": (math.exp, lambda x, y: y),
    "exp2": (math.exp2, lambda x, y: y * math.log(2)),
    "expm1": (math.expm1, lambda x, y: math.exp(x)),
    "log": (math.log, lambda x, y: 1 / x),
    "log2": (math.log2, lambda x, y: 1 / (x * math.log(2))),
    "log10": (math.log10, lambda x, y: 1 / (x * math.log(10))),
    "log1p": (math.log1p, lambda x, y: 1 / (1 + x)),
    "fabs": (math.fabs, lambda x, y: float(np.sign(x))),
    "erf": (math.erf, lambda x, y: 2 / math.sqrt(math.pi) * math.exp(-x * x)),
    "sin": (math.sin, lambda x, y: math.cos(x)),
    "cos": (math.cos, lambda x, y: -math.sin(x)),
    "tan": (math.tan, lambda x, y: 1 / math.cos(x) ** 2),
    "arcsin": (math.asin, lambda x, y: 1 / math.sqrt(1 - x * x)),
    "arccos": (math.acos, lambda x, y: -1 / math.sqrt(1 - x * x)),
    "arctan": (math.atan, lambda x, y: 1 / (1 + x * x)),
    "sinh": (math.sinh, lambda x, y: math.cosh(x)),
    "cosh": (math.cosh, lambda x, y: math.sinh(x)),
    "tanh": (math.tanh, lambda x, y: (1 - y) * (1 + y)),  # where cosh would overflow
    "arcsinh": (math.asinh, lambda x, y: 1 / math.sqrt(x * x + 1)),
    "arccosh": (math.acosh, lambda x, y: 1 / math.sqrt(x * x - 1)),
    "arctanh": (math.atanh, lambda x, y: 1 / (1 - x * x)),
}


def _method(value: Callable[[float], float], slope: Callable[[float, float], float]) -> Callable[[Dual], Dual]:
    def method(x: Dual) -> Dual:
        y = value(x.v)
        return computed(y, (x, slope(x.v, y)))

    return method


for _name, _rule in FUNCTIONS.items():
    setattr(Dual, _name, _method(*_rule))


@contextmanager
def no_grad() -> Iterator[None]:
    """What is computed inside the block has no derivative."""
    before, Dual.moving = Dual.moving, False
    try:
        yield
    finally:
        Dual.moving = before


def duals(values: Any, directions: Any = None) -> np.ndarray:
    """The array of dual numbers with some values, and some derivatives or those that the values have."""
    values = np.asarray(values, object)
    out = np.empty(values.shape, object)
    if directions is None:
        out.reshape(-1)[:] = [dual(x) for x in values.reshape(-1)]
    else:
        pairs = zip(values.reshape(-1), np.reshape(directions, -1), strict=True)
        out.reshape(-1)[:] = [Dual(float(x), float(d)) for x, d in pairs]
    return out


def plain_values(a: np.ndarray) -> np.ndarray:
    """The numbers without their derivatives."""
    if a.dtype != object:
        return a
    return np.array([dual(x).v for x in a.reshape(-1)]).reshape(a.shape)
