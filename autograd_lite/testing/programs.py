"""Random programs: expression graphs out of many operations, checked against a slow reference.

A program is a list of steps on numbered arrays; it runs on tensors and, by :class:`Dual`
numbers one scalar at a time, on nothing but floats. The reference knows no rule, no broadcasting of gradients and no
graph: every element carries its own derivative along one direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..derivatives import grad
from ..gradients import no_grad
from ..tensor import Tensor


class Dual:
    """A number and its derivative along one direction."""

    __slots__ = ("d", "v")

    def __init__(self, v: float, d: float = 0.0) -> None:
        self.v, self.d = v, d

    def __add__(self, o: Any) -> Dual:
        o = dual(o)
        return Dual(self.v + o.v, self.d + o.d)

    def __mul__(self, o: Any) -> Dual:
        o = dual(o)
        return Dual(self.v * o.v, self.d * o.v + self.v * o.d)

    def __neg__(self) -> Dual:
        return Dual(-self.v, -self.d)

    def __sub__(self, o: Any) -> Dual:
        o = dual(o)
        return Dual(self.v - o.v, self.d - o.d)

    def __truediv__(self, o: Any) -> Dual:
        o = dual(o)
        return Dual(self.v / o.v, (self.d - self.v / o.v * o.d) / o.v)

    __radd__, __rmul__ = __add__, __mul__

    def of(self, value: float, slope: float) -> Dual:
        """A function of this number, by its value and its slope."""
        return Dual(value, slope * self.d)


def dual(x: Any) -> Any:
    """A number without a derivative, unless it has one."""
    return x if isinstance(x, Dual) else Dual(float(x))


def _max(a: np.ndarray, axis: int) -> np.ndarray:
    """The maximum; of several that are equal, the mean of their derivatives, as the library shares them."""
    out = np.empty(a.shape[:axis] + a.shape[axis + 1 :], object)
    for index in np.ndindex(out.shape):
        column = [a[(*index[:axis], k, *index[axis:])] for k in range(a.shape[axis])]
        top = max(x.v for x in column)
        slopes = [x.d for x in column if x.v == top]
        out[index] = Dual(top, sum(slopes) / len(slopes))
    return out


def _matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.empty((a.shape[0], b.shape[1]), object)
    for i, j in np.ndindex(out.shape):
        out[i, j] = sum((a[i, k] * b[k, j] for k in range(a.shape[1])), Dual(0.0))
    return out


def _each(f: Callable[[Any], Dual]) -> Callable[[np.ndarray], np.ndarray]:
    def apply(a: np.ndarray) -> np.ndarray:
        out = np.empty(a.shape, object)
        for index in np.ndindex(a.shape):
            out[index] = f(a[index])
        return out

    return apply


def _sigmoid(x: Dual) -> Dual:
    y = 1 / (1 + math.exp(-x.v))
    return x.of(y, y * (1 - y))


def _tanh(x: Dual) -> Dual:
    y = math.tanh(x.v)
    return x.of(y, 1 - y * y)


# Name: (on tensors, on arrays of dual numbers). All keep numbers small: results are squashed where they grow.
UNARY: dict[str, tuple[Callable[[Tensor], Any], Callable[[np.ndarray], np.ndarray]]] = {
    "tanh": (lambda x: x.tanh(), _each(_tanh)),
    "sigmoid": (lambda x: x.sigmoid(), _each(_sigmoid)),
    "sin": (lambda x: x.sin(), _each(lambda x: x.of(math.sin(x.v), math.cos(x.v)))),
    "cos": (lambda x: x.cos(), _each(lambda x: x.of(math.cos(x.v), -math.sin(x.v)))),
    "exp of tanh": (
        lambda x: x.tanh().exp(),
        _each(lambda x: (y := _tanh(x)).of(math.exp(y.v), math.exp(y.v))),
    ),
    "log of 2 + sin": (
        lambda x: (x.sin() + 2.0).log(),
        _each(lambda x: x.of(math.log(2 + math.sin(x.v)), math.cos(x.v) / (2 + math.sin(x.v)))),
    ),
    "sqrt of 1 + square": (
        lambda x: (x * x + 1.0).sqrt(),
        _each(lambda x: x.of(math.sqrt(1 + x.v**2), x.v / math.sqrt(1 + x.v**2))),
    ),
    "relu": (lambda x: x.relu(), _each(lambda x: x if x.v > 0 else Dual(0.0))),
    "negative": (lambda x: -x, _each(lambda x: -x)),
    "detach": (lambda x: x.detach(), _each(lambda x: Dual(x.v))),
    "under no_grad": (lambda x: _unrecorded(x), _each(lambda x: Dual(2 * x.v))),
    "transpose": (lambda x: x.transpose(), lambda a: a.transpose()),
    "ravel": (lambda x: x.reshape(-1), lambda a: a.reshape(-1)),
    "sum": (lambda x: x.sum(), lambda a: _whole(sum(a.reshape(-1), Dual(0.0)))),
    "sum of rows": (lambda x: x.sum(axis=0), lambda a: _rows(a, lambda column: sum(column, Dual(0.0)))),
    "mean, kept": (
        lambda x: x.mean(axis=-1, keepdims=True),
        lambda a: _rows(np.moveaxis(a, -1, 0), lambda row: sum(row, Dual(0.0)) / len(row))[..., None],
    ),
    "max of rows": (lambda x: x.max(axis=0), lambda a: _max(a, 0)),
    "first": (lambda x: x[0], lambda a: _whole(a[0])),
    "reversed": (lambda x: x[::-1], lambda a: a[::-1]),
    "repeated places": (lambda x: x[[0, -1, 0]], lambda a: a[[0, -1, 0]]),
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / (b * b + 1.0),
}
OF_AXES = {"sum of rows", "mean, kept", "max of rows", "first", "reversed", "repeated places"}


def _whole(x: Any) -> np.ndarray:
    out = np.empty(np.shape(x), object)
    out[...] = x
    return out


def _rows(a: np.ndarray, f: Callable[[list[Dual]], Dual]) -> np.ndarray:
    out = np.empty(a.shape[1:], object)
    for index in np.ndindex(out.shape):
        out[index] = f([a[(k, *index)] for k in range(len(a))])
    return out


def _unrecorded(x: Tensor) -> Tensor:
    with no_grad():
        return x * 2.0


@dataclass
class Program:
    """Steps on numbered arrays: the inputs first, then what each step computed.

    A step is (name, number, number): a key of ``UNARY`` or ``BINARY``, "@", or "assign", which puts the first row of
    the second array into the first. Steps whose arrays do not fit are left out when the program is run.
    """

    inputs: list[np.ndarray]
    steps: list[tuple[str, int, int]] = field(default_factory=list)

    def run(self, values: list[Any], recorded: bool) -> list[Any]:
        """All arrays that the program computes: tensors, or arrays of dual numbers."""
        known = list(values)
        for name, i, j in self.steps:
            a, b = known[i % len(known)], known[j % len(known)]
            if not _fits(name, a.shape, b.shape):
                continue
            if name in UNARY:
                result = UNARY[name][0 if recorded else 1](a)
            elif name in BINARY:
                result = BINARY[name](a, b)
            elif name == "@":
                result = a @ b if recorded else _matmul(a, b)
            else:
                result = a * 1.0 if recorded else a.copy()
                result[0] = b[0]
            known.append(result if recorded else _whole(result))
        return known

    def gradients(self) -> list[np.ndarray]:
        """The gradient of the sum of the sines of all that was computed, by the library."""
        leaves = [Tensor(a, requires_grad=True) for a in self.inputs]
        outputs = [y for y in self.run(leaves, True) if y.requires_grad]
        total = sum((y.sin().sum() for y in outputs[1:]), outputs[0].sin().sum())
        return [g.numpy() for g in grad(total, leaves)]  # type: ignore[union-attr]

    def slope(self, directions: list[np.ndarray]) -> float:
        """Its slope along some directions, by dual numbers."""
        duals = []
        for a, d in zip(self.inputs, directions, strict=True):
            out = np.empty(a.shape, object)
            for index in np.ndindex(a.shape):
                out[index] = Dual(float(a[index]), float(d[index]))
            duals.append(out)
        known = self.run(duals, False)
        return float(sum(x.d * math.cos(x.v) for y in known for x in np.asarray(y, object).reshape(-1)))

    def total(self, inputs: list[np.ndarray]) -> float:
        """The value, for finite differences."""
        with no_grad():
            return float(sum(float(np.sin(y.numpy()).sum()) for y in self.run([Tensor(a) for a in inputs], True)))


def _fits(name: str, a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    if math.prod(a) > 64 or math.prod(b) > 64:
        return False
    if name in OF_AXES:
        return len(a) > 0 and a[0] > 0
    if name in UNARY:
        return True
    if name == "@":
        return len(a) == len(b) == 2 and a[1] == b[0]
    if name == "assign":
        return len(a) > 0 and len(b) > 0 and a[1:] == b[1:]
    try:
        return math.prod(np.broadcast_shapes(a, b)) <= 64
    except ValueError:
        return False


def random_program(rng: np.random.Generator, steps: int = 12) -> Program:
    """A program of up to so many steps on two or three small arrays."""
    shapes = [(2, 3), (3,), (3, 2), (), (1, 3), (2, 1)]
    inputs = [np.asarray(rng.standard_normal(shapes[rng.integers(len(shapes))])) for _ in range(rng.integers(2, 4))]
    names = [*UNARY, *BINARY, *BINARY, "@", "@", "assign", "assign"]
    chosen = [(names[rng.integers(len(names))], int(rng.integers(64)), int(rng.integers(64))) for _ in range(steps)]
    return Program(inputs, chosen)


def wrong_program(program: Program, rng: np.random.Generator, close: float = 1e-9) -> str:
    """Words for what the library's gradient of a program gets wrong along a random direction; empty if nothing."""
    directions = [rng.standard_normal(a.shape) for a in program.inputs]
    gradients = program.gradients()
    claimed = sum(float(np.sum(g * d)) for g, d in zip(gradients, directions, strict=True))
    scale = sum(float(np.sum(np.abs(g * d))) for g, d in zip(gradients, directions, strict=True)) + 1.0
    true = program.slope(directions)
    return "" if abs(claimed - true) <= close * scale else f"The slope is {true!r}, the gradient says {claimed!r}."


def shrunk(program: Program, wrong: Callable[[Program], Any]) -> Program:
    """A program with as few steps as still make ``wrong(program)`` true."""
    steps, k = list(program.steps), 0
    while k < len(steps):
        fewer = Program(program.inputs, steps[:k] + steps[k + 1 :])
        if wrong(fewer):
            steps = fewer.steps
        else:
            k += 1
    return Program(program.inputs, steps)
