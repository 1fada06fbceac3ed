"""What a check is about: a function of one flat vector, and the derivative that somebody claims it has."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, Protocol

import numpy as np

from ..derivatives import grad
from ..errors import RuleError, ShapeError
from ..function import Function
from ..gradients import enable_grad, no_grad
from ..kernels.scratch import laid_out
from ..tensor import Tensor

Vector = np.ndarray
Pullback = Callable[[Any], Any]
NO_ARRAYS = (int, float, list)  # a NumPy number is one of no axes


OUTSIDE = "No value of f is finite here; choose inputs inside its domain."
MISTAKES = (TypeError, AttributeError, NameError)  # in a program, at whatever input: not for a check to explain away


class Misuse(Exception):
    """Something about the function makes its derivative impossible to judge; the message says what to do."""


class WrongGradient(Exception):
    """A gradient that is wrong before its numbers are looked at: its shape or dtype."""


class Problem(Protocol):
    """A function of one flat vector, in double precision where it allows, and its claimed derivative.

    Inputs (the differentiable arguments) and outputs are flattened and joined. ``eps`` is the rounding of the values;
    ``claimed_eps`` that of the claimed derivative, which is of numbers from ``smallest`` to ``largest``.
    """

    start: Vector
    eps: float
    claimed_eps: float
    smallest: float
    largest: float
    input_shapes: list[tuple[int, ...]]
    output_shapes: list[tuple[int, ...]]

    def value(self, z: Vector) -> Vector:
        """The outputs at the inputs ``z``."""

    def pull(self, u: Vector, z: Vector | None = None) -> Vector:
        """The claimed gradient of ``u @ outputs`` at ``z``, by default at the inputs that were given."""

    def complex_step(self, direction: Vector) -> Vector | None:
        """The slopes of the outputs along ``direction`` by a complex step, if the function takes complex numbers."""

    def push(self, direction: Vector) -> Vector | None:
        """The slopes of the outputs along ``direction`` by forward mode, if there is one."""

    @property
    def floor(self) -> float:
        """What is smaller than this need not be a derivative: rounding makes as much of the values it comes from."""

    def wider(self) -> Problem | None:
        """The same with a claim of more digits, if the function follows the dtype of its inputs so far."""


class Identity(Function):
    """y = a, the very same memory: stands before each input, so that a gradient is seen in the dtype it came in."""

    __slots__ = ()

    def forward(self, a: Any) -> Any:
        """The input."""
        return a

    def grad_a(self, g: Any) -> Any:
        """The cotangent."""
        return g


def tensor_vjp(f: Callable[..., Any], kwargs: Mapping[str, Any], create_graph: bool = False) -> Callable[..., Any]:
    """``f`` of tensors as a callable ``vjp(*arrays) -> (value, pullback)``; with ``create_graph`` on tensors."""

    @enable_grad()
    def vjp(*arrays: Any) -> tuple[Any, Pullback]:
        args = [traced(a) if is_float(a) else a for a in arrays]
        inputs = [t for a, t in zip(arrays, args, strict=True) if is_float(a)]
        before = [t.numpy().copy() for t in inputs]
        result = f(*args, **kwargs)
        outputs = listed(result)
        for i, (t, a) in enumerate(zip(inputs, before, strict=True)):
            if not np.array_equal(t.numpy(), a, equal_nan=True):
                raise Misuse(f"f changes its input {i}; let it work on a copy.")
        if outputs and not any(isinstance(y, Tensor) for y in outputs):
            raise Misuse(
                f"f returns {plural(outputs[0])}, no tensor, so it has no gradient; let it compute with tensors, "
                "or give the derivative as vjp."
            )

        def pullback(cotangent: Any) -> list[Any]:
            pairs = [(y, u) for y, u in zip(outputs, listed(cotangent), strict=True) if depends(y)]
            if not pairs:
                return [np.zeros(t.shape, t.dtype) for t in inputs]
            ys, us = zip(*pairs, strict=True)
            us = tuple(u if isinstance(u, Tensor) else Tensor(u, copy=False) for u in us)
            try:
                found = grad(ys, inputs, us, create_graph, retain_graph=True, allow_unused=True)
            except (RuleError, *MISTAKES):
                raise
            except Exception as error:
                raise WrongGradient(f"f has a value here, but its gradient raises {named(error)}.") from error
            gradients = [np.zeros(t.shape, t.dtype) if g is None else g for t, g in zip(inputs, found, strict=True)]
            return gradients if create_graph else [g.numpy() if isinstance(g, Tensor) else g for g in gradients]

        return result, pullback

    return vjp


def traced(a: Any) -> Tensor:
    """``a`` as an interior tensor: itself if it is recorded already, else behind a new leaf."""
    leaf = a if isinstance(a, Tensor) and a.requires_grad else Tensor(a, requires_grad=True, copy=False)
    return leaf.apply(Identity(), (leaf,))


def depends(y: Any) -> bool:
    """Whether ``y`` was computed from something that requires a gradient."""
    return isinstance(y, Tensor) and y.requires_grad


def is_float(a: Any) -> bool:
    """Whether ``a`` is an argument that can be differentiated: an array or tensor of floating point numbers."""
    return getattr(getattr(a, "dtype", None), "kind", None) == "f"


def refuse_without_floats(arrays: Sequence[Any]) -> None:
    """Without floating point numbers there is nothing to differentiate."""
    if any(map(is_float, arrays)):
        return
    kinds = ", ".join(str(getattr(a, "dtype", type(a).__name__)) for a in arrays) or "no arguments at all"
    raise TypeError(
        f"There is nothing to differentiate, only {kinds}; give what has a derivative in floating point numbers: "
        "1.0 instead of 1, or x.astype(float)."
    )


def listed(value: Any) -> list[Any]:
    """A result or several of them, as a list; tuples may nest, as those of recurrent layers do."""
    if not isinstance(value, tuple | list):
        return [value]
    return [one for part in value for one in (listed(part) if isinstance(part, tuple) else [part])]


def plain(value: Any) -> np.ndarray:
    """The array inside a result."""
    return value.numpy() if isinstance(value, Tensor) else np.asarray(value)


class FirstOrder:
    """The first derivative of a function that comes as ``vjp(*arrays) -> (value, pullback)``.

    Parameters
    ----------
    vjp : callable
    f : callable
        Of arrays, or tensors that need no gradient, to the same values as ``vjp`` gives.
    arrays : sequence of ndarray
        Those of floating point numbers are differentiated; others are passed as they are.
    strict_dtype : bool
        Whether gradients must have the very dtype of inputs and outputs, not a wider one, if these have one in common.
    deadline : float
        By the clock of ``time.monotonic``; nothing is computed after it.
    jvp : callable, optional
        ``jvp(arrays, tangents) -> tangents of the outputs``.
    """

    def __init__(
        self,
        vjp: Callable[..., Any],
        f: Callable[..., Any],
        arrays: Sequence[Any],
        strict_dtype: bool,
        deadline: float = np.inf,
        jvp: Callable[..., Any] | None = None,
    ) -> None:
        self.vjp, self.f, self.arrays, self.deadline, self.jvp = vjp, f, list(arrays), deadline, jvp
        self.complex = True  # until a complex number is refused
        self.inputs = [a for a in self.arrays if is_float(a)]
        refuse_without_floats(self.arrays)
        self.input_shapes = [a.shape for a in self.inputs]
        dtypes = {a.dtype for a in self.inputs}
        self.strict_dtype = strict_dtype
        self.start = join(self.inputs)
        before = [np.array(a) for a in self.arrays]
        started = monotonic()
        values, self.pullback = self._call(self.arrays)
        self.seconds = monotonic() - started
        self.output_shapes = [y.shape for y in values]
        self.output_dtypes = [y.dtype for y in values]
        self.one_dtype = len(dtypes | set(self.output_dtypes)) == 1
        if any(dtype.kind != "f" for dtype in self.output_dtypes):
            raise Misuse(f"f returns data of dtype {self.output_dtypes[0]}; only real floating point has a derivative.")
        for i, (a, b) in enumerate(zip(self.arrays, before, strict=True)):
            if not np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"):
                raise Misuse(f"f changes its argument {i}; let it work on a copy.")
        found: list[Any] = [np.finfo(d) for d in dtypes | set(self.output_dtypes)]
        self.claimed_eps = max(float(kind.eps) for kind in found)
        self.smallest, self.largest = max(float(k.tiny) for k in found), min(float(k.max) for k in found)
        measured = self._first_values()
        if [y.shape for y in measured] != self.output_shapes:
            raise Misuse(
                f"vjp returns values of shapes {self.output_shapes}, f of {[y.shape for y in measured]}; "
                "both must compute the same."
            )
        self.eps = max(float(np.finfo(y.dtype).eps) for y in measured)

    def value(self, z: Vector) -> Vector:
        """The outputs at ``z``, computed in double precision if ``f`` follows the dtype of its inputs."""
        return join(self._values(z))

    def pull(self, u: Vector, z: Vector | None = None) -> Vector:
        """The claimed gradient, each part of it checked for shape and dtype."""
        pullback = self.pullback if z is None else self._call(self.placed(z, keep_dtype=True))[1]
        parts = [a.astype(dtype) for a, dtype in zip(split(u, self.output_shapes), self.output_dtypes, strict=True)]
        before = [part.copy() for part in parts]
        try:
            found = pullback(parts[0] if len(parts) == 1 else tuple(parts))
        except RuleError as error:
            raise WrongGradient(str(error)) from error
        except (WrongGradient, *MISTAKES):
            raise
        except Exception as error:
            raise Misuse(f"The pullback raises {named(error)}; make it take a cotangent like the value.") from error
        if not all(map(np.array_equal, parts, before)):
            raise Misuse("The pullback changes its cotangent; let it work on a copy.")
        gradients = listed(found)
        if isinstance(found, list) and (not found or any(type(g) in NO_ARRAYS for g in found)):
            raise Misuse("The pullback returns a list of numbers; let it return an array for each input.")
        if any(g is None for g in gradients):
            raise Misuse("The pullback returns None; let it return zeros where the outputs do not depend on an input.")
        if len(gradients) == len(self.arrays) > len(self.inputs):
            gradients = [g for g, a in zip(gradients, self.arrays, strict=True) if is_float(a)]
        if len(gradients) != len(self.inputs):
            raise WrongGradient(f"{len(gradients)} gradients came back for {len(self.inputs)} inputs.")
        for i, (g, a) in enumerate(zip(map(plain, gradients), self.inputs, strict=True)):
            if g.dtype.kind not in "fiub":
                raise WrongGradient(f"The gradient of input {i} is {plural(g)}, not an array of real numbers.")
            if g.shape != a.shape:
                raise WrongGradient(f"The gradient of input {i}, of shape {a.shape}, has shape {g.shape}.")
            wider = np.promote_types(g.dtype, a.dtype) == g.dtype
            if g.dtype.kind == "f" and self.one_dtype and g.dtype != a.dtype and (self.strict_dtype or not wider):
                raise WrongGradient(f"The gradient of input {i}, of dtype {a.dtype}, has dtype {g.dtype}.")
        return join(map(plain, gradients))

    def placed(self, z: Vector, keep_dtype: bool = False) -> list[Any]:
        """The arguments with the elements of ``z`` for the differentiable ones, laid out in memory as these."""
        parts = iter(split(z, self.input_shapes))
        return [
            laid_out(next(parts).astype(a.dtype if keep_dtype else z.dtype, copy=False), a) if is_float(a) else a
            for a in self.arrays
        ]

    def complex_step(self, direction: Vector) -> Vector | None:
        """The slopes by a complex step: the imaginary parts of the outputs a tiny step off the real axis."""
        if not self.complex or len(direction) == 0:
            return None
        step = 1e-100 / max(float(np.abs(direction).max()), 1e-100)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                outputs = self._values(self.start + 1j * (step * direction))
            return (
                np.concatenate([np.imag(y).reshape(-1) for y in outputs]) / step if self._is_complex(outputs) else None
            )
        except Exception:  # whatever the function makes of numbers that it was not written for
            self.complex = False
            return None

    def _is_complex(self, outputs: list[np.ndarray]) -> bool:
        self.complex = [y.shape for y in outputs] == self.output_shapes and any(y.dtype.kind == "c" for y in outputs)
        return self.complex

    def push(self, direction: Vector) -> Vector | None:
        """The slopes by the forward mode that was given."""
        if self.jvp is None:
            return None
        tangents = split(direction, self.input_shapes)
        return join(map(plain, listed(self.jvp(self.placed(self.start), tangents))))

    @property
    def floor(self) -> float:
        """0: the rounding of values is seen in the values."""
        return 0.0

    def wider(self) -> FirstOrder | None:
        """In double precision, or if it is that already, in the platform's extended one; None if it does not follow."""
        dtype = np.float64 if self.claimed_eps > np.finfo(np.float64).eps else np.longdouble
        arrays = [a.astype(dtype) if is_float(a) else a for a in self.arrays]
        try:
            found = FirstOrder(self.vjp, self.f, arrays, False, self.deadline, self.jvp)
            found.pull(np.zeros(sum(int(np.prod(shape)) for shape in self.output_shapes)))
        except (Misuse, WrongGradient, *MISTAKES):  # in its own precision it raised none: it refuses this dtype
            return None
        return found if found.claimed_eps < self.claimed_eps and found.output_shapes == self.output_shapes else None

    def _call(self, arrays: Sequence[Any]) -> tuple[list[np.ndarray], Pullback]:
        try:
            found = self.vjp(*arrays)
        except (Misuse, *MISTAKES):
            raise
        except Exception as error:
            raise Misuse(f"f raises {named(error)} at this input; choose inputs inside its domain.") from error
        if not isinstance(found, tuple | list) or len(found) != 2 or not callable(found[1]):
            raise Misuse(f"vjp returns {plural(found)}; it must return a pair (value, pullback).")
        values = listed(found[0])
        if not values and isinstance(found[0], tuple):
            raise Misuse("f returns nothing, an empty tuple; let it return what is to be differentiated.")
        if isinstance(found[0], list) and (not values or any(type(y) in NO_ARRAYS for y in values)):
            raise Misuse("f returns a list of numbers; let it return an array, or a tuple of arrays.")
        return [plain(y) for y in values], found[1]

    def _first_values(self) -> list[np.ndarray]:
        try:
            return self._values(self.start)
        except Misuse:
            raise
        except Exception as error:
            if isinstance(error, MISTAKES) and all(a.dtype == np.float64 for a in self.inputs):
                raise
            raise Misuse(
                f"f raises {named(error)} in double precision; write it so that it follows the dtype of its input."
            ) from error

    def _values(self, z: Vector) -> list[np.ndarray]:
        if monotonic() > self.deadline:
            raise Misuse(
                f"The time limit is over; one call takes about {self.seconds:.2g} s. "
                "Check a smaller input, or raise time_limit."
            )
        with no_grad():
            return [plain(y) for y in listed(self.f(*self.placed(z)))]


def named(error: Exception) -> str:
    """An error in words."""
    words = str(error).partition("\n")[0]
    return f"{type(error).__name__} ({words})" if words else type(error).__name__


def plural(value: Any) -> str:
    """What kind of thing somebody returned."""
    return f"data of dtype {value.dtype}" if hasattr(value, "dtype") else f"a {type(value).__name__}"


class SecondOrder:
    """The second derivative of a function of tensors: the first derivative of ``(x, u) -> gradient of u @ f(x)``.

    The values are first-order gradients, computed on arrays; the claim is what ``create_graph`` recorded.
    """

    def __init__(self, f: Callable[..., Any], first: FirstOrder, kwargs: Mapping[str, Any], u: Vector) -> None:
        self.f, self.kwargs, self.u = f, kwargs, u
        self.first, self.recorded = first, tensor_vjp(f, kwargs, create_graph=True)
        self.plain = tensor_vjp(f, kwargs)
        self.n = first.start.size
        self.start = np.concatenate([first.start, u])
        self.eps, self.claimed_eps = first.eps, first.claimed_eps
        self.smallest, self.largest = first.smallest, first.largest
        self.input_shapes = first.input_shapes + first.output_shapes
        self.output_shapes = first.input_shapes

    def value(self, z: Vector) -> Vector:
        """The gradient at ``z = (x, u)``."""
        _, pullback = self.plain(*self.first.placed(z[: self.n]))
        return join(pullback(split(z[self.n :], self.first.output_shapes)))

    def complex_step(self, direction: Vector) -> Vector | None:
        """None: gradients are computed with real numbers."""

    def push(self, direction: Vector) -> Vector | None:
        """None: nobody gives a forward mode of gradients."""

    @property
    def floor(self) -> float:
        """Many roundings of the values, or of 1: gradients are differences of such numbers, as in ``1 - y * y``."""
        values = self.first.value(self.first.start)
        return 1e5 * float(np.finfo(np.float64).eps * np.abs(values[np.isfinite(values)]).max(initial=1))

    def wider(self) -> SecondOrder | None:
        """The same of the first order in wider precision."""
        first = self.first.wider()
        return None if first is None else SecondOrder(self.f, first, self.kwargs, self.u)

    def pull(self, u: Vector, z: Vector | None = None) -> Vector:
        """The gradient of ``u @ gradient``, along x and along the cotangent of the first pass."""
        arrays = self.first.arrays if z is None else self.first.placed(z[: self.n], keep_dtype=True)
        z = self.start if z is None else z
        leaves = [traced(a) if is_float(a) else a for a in arrays]
        parts = zip(split(z[self.n :], self.first.output_shapes), self.first.output_dtypes, strict=True)
        cotangents = [traced(a.astype(dtype)) for a, dtype in parts]
        _, pullback = self.recorded(*leaves)
        slopes = pullback(cotangents)
        inputs = [*(t for t in leaves if isinstance(t, Tensor)), *cotangents]
        pairs = [(s, part) for s, part in zip(slopes, split(u, self.output_shapes), strict=True) if depends(s)]
        if not pairs:
            return np.zeros(z.size)
        ys, us = zip(*pairs, strict=True)
        us = tuple(Tensor(part.astype(y.dtype)) for y, part in pairs)
        found = grad(ys, inputs, us, allow_unused=True)
        for i, (t, g) in enumerate(zip(inputs, found, strict=True)):
            if self.first.strict_dtype and self.first.one_dtype and g is not None and g.dtype != t.dtype:
                raise WrongGradient(f"The gradient of input {i} in second order, of dtype {t.dtype}, has {g.dtype}.")
        return join(np.zeros(t.shape) if g is None else g.numpy() for t, g in zip(inputs, found, strict=True))


def join(arrays: Iterator[Any] | Sequence[Any]) -> Vector:
    """All elements of some arrays as one vector of doubles, or of longer numbers if they are."""
    parts = [np.asarray(a, np.promote_types(np.asarray(a).dtype, np.float64)).reshape(-1) for a in arrays]
    return np.concatenate(parts) if parts else np.zeros(0)


def split(vector: Vector, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """The arrays that :func:`join` made ``vector`` of."""
    if sum(int(np.prod(shape)) for shape in shapes) != vector.size:
        raise ShapeError(f"A vector of {vector.size} elements does not fill shapes {list(shapes)}.")
    parts, at = [], 0
    for shape in shapes:
        n = int(np.prod(shape))
        parts.append(vector[at : at + n].reshape(shape))
        at += n
    return parts


def place_of(k: int, shapes: Sequence[tuple[int, ...]]) -> tuple[int, tuple[int, ...]]:
    """Which array, and which element of it, became element ``k`` of the vector."""
    for i, shape in enumerate(shapes):
        n = int(np.prod(shape))
        if k < n:
            return i, tuple(map(int, np.unravel_index(k, shape)))
        k -= n
    raise IndexError("k lies behind the last element.")
