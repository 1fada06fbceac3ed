"""The printed program of a failing check: it runs, and computes what the functions computed that it was made of."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite.testing import adapters, reproduction

FACTOR = 3.0
WEIGHTS = np.array([1.0, -2.0])
KINDS = (1, "a", np.float32(2.5), [None, {"b": np.dtype("f4")}])
X = np.array([0.5, 2.0])


def helper(x):
    return FACTOR * x


def plain(x):
    return helper(x) * WEIGHTS


def annotated(x: NoSuchType, k: float = FACTOR) -> NoSuchType:  # noqa: F821
    return k * x


def closure(n, w):
    inner = lambda x: x**n  # noqa: E731

    def power(x):
        return w * inner(x) + math.pi

    return power


def recursive(depth):
    def again(x, k=depth):
        return again(x, k - 1) + 1 if k else x

    return again


def counting():
    calls = 0

    def counted(x):
        nonlocal calls
        calls += 1
        return x + 0 * calls

    return counted


def clashing(np, x0):
    return lambda x: np * x + x0


class Power:
    def __init__(self, n):
        self.n, self.again = n, self

    def __call__(self, x):
        return x**self.n

    def halved(self, x):
        return self(x) / 2

    @classmethod
    def of_class(cls, x):
        return cls(2)(x)

    @staticmethod
    def of_none(x):
        return x + 1


@dataclasses.dataclass(frozen=True)
class Shift:
    by: np.ndarray

    def __call__(self, x):
        return x + self.by


class Tripled(ag.Function):
    def forward(self, a):
        return a * a

    def grad_a(self, g, a):
        return g * (3 * a)


def of_tensors(x):
    return Tripled()(ag.Tensor([1.0, 2.0]) * x).numpy()


def doubled(f):
    @functools.wraps(f)
    def wrapper(x):
        return 2 * f(x)

    return wrapper


@doubled
def decorated(x):
    return x + FACTOR


weight = ag.Tensor([[1.0, 2.0]], requires_grad=True)
first, second = (lambda x: x + 1), (lambda x: x + 2)

FUNCTIONS = {
    "a function of a module": np.linalg.norm,
    "a compiled function": np.exp,
    "a function of a test": plain,
    "annotations that mean nothing": annotated,
    "a closure over numbers, arrays and functions": closure(2, WEIGHTS),
    "a recursive closure": recursive(3),
    "a closure that rebinds": counting(),
    "names that mean something else in the program": clashing(2.0, 5.0),
    "one lambda of two in a line": second,
    "defaults of a lambda in a loop": [lambda x, n=n, *, m=-n: x**n + m for n in (1, 2)][1],
    "a callable object": Power(3),
    "a method": Power(3).halved,
    "a class method": Power.of_class,
    "a static method": Power.of_none,
    "a dataclass with an array": Shift(np.array([1.0, 2.0])),
    "a partial function": functools.partial(annotated, k=float("inf")),
    "a rule": of_tensors,
    "a decorated function": decorated,
    "a tensor": lambda x: (weight * x).numpy(),
    "a layer with its parameters": nn.Sequential(nn.Linear(2, 3), nn.ReLU()),
    "containers": lambda x: x * KINDS[2] + KINDS[0],
}


def scope_of(code):
    scope = {"__name__": "reproduction"}
    exec(code.rpartition("\n")[0], scope)
    return scope


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_program_has_the_same_function(name):
    code = reproduction(FUNCTIONS[name], [X])
    assert "Not complete" not in code
    with ag.no_grad():
        ours, theirs = (np.asarray(f(X)) for f in (FUNCTIONS[name], scope_of(code)["f"]))
    np.testing.assert_array_equal(ours, theirs, err_msg=code)


def test_two_functions_share_what_they_share_and_keep_apart_what_they_do_not():
    f, vjp = closure(2, WEIGHTS), closure(3, WEIGHTS)
    scope = scope_of(reproduction(f, [X], vjp=vjp))
    np.testing.assert_array_equal(scope["f"](X), f(X))
    np.testing.assert_array_equal(scope["vjp"](X), vjp(X))


def test_what_is_the_same_function_is_written_once():
    def f(x):
        return x * x

    code = reproduction(f, [X], vjp=lambda x: (f(x), lambda u: 3 * u * x))
    assert code.count("return x * x") == 1
    assert scope_of(code)["vjp"](X)[0].tolist() == f(X).tolist()


def test_without_f_its_name_is_free_for_the_function_behind_a_vjp():
    def f(x):
        return x * x

    code = reproduction(None, [X], vjp=adapters.from_backward(f, lambda u, x: u * 2 * x))
    assert "\ndef f(x):\n    return x * x\n" in code
    assert "vjp = partial(backward_vjp, f, " in code


def test_an_adapted_function_is_reproduced_with_its_adapter():
    code = reproduction(None, [X], vjp=adapters.from_gradient(lambda x: x * x, lambda x: FACTOR * x))
    value, pullback = scope_of(code)["vjp"](X)
    np.testing.assert_array_equal([value, *pullback(np.ones(2))], [X * X, FACTOR * X])


def test_keywords_may_be_of_any_kind():
    code = reproduction(lambda x, **options: x, [X], {"w": np.float32(1), "f": helper, "axis": (0, -1)})
    assert "kwargs={'w': np.array(1.0, dtype=np.float32), 'f': helper, 'axis': (0, -1)}" in code
    compile(code, "", "exec")


@pytest.mark.parametrize(
    "x",
    [
        np.array([1.5, np.nan, -np.inf], ">f8"),
        np.array([[1.5, np.nan], [-np.inf, np.inf]], np.longdouble),
        np.array([3, 7], ">i4"),
        np.array(["banana", "not inf"]),
        np.zeros((2, 0), ">f4"),
    ],
    ids=lambda x: x.dtype.str,
)
def test_arrays_of_any_numbers_and_of_text_are_written_down(x):
    space = scope_of(reproduction(ag.exp, [X, x]))
    assert space["x1"].dtype == x.dtype
    np.testing.assert_array_equal(space["x1"], x)


def test_what_cannot_be_written_down_is_named_in_the_first_line():
    rng, large = np.random.default_rng(0), np.zeros((100, 100))
    code = reproduction(lambda x: rng.random() * large[0, 0] * x, [X])
    assert code.startswith("# Not complete: supply large, rng.\n") or code.startswith(
        "# Not complete: supply rng, large.\n"
    )
    assert "rng = ...  # Generator(PCG64)" in code
    assert "large = ...  # array of shape (100, 100)" in code
    compile(code, "", "exec")


def test_a_function_without_source_is_to_be_supplied():
    scope = {}
    exec("def made(x): return x", scope)
    assert reproduction(scope["made"], [X]).startswith("# Not complete: supply f.")
