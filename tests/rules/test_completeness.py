"""Nothing differentiable without a row in the table, and no rule that the table never reaches."""

import importlib
import pkgutil

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
import autograd_lite.ops
from autograd_lite import Function, Tensor, grad
from autograd_lite._protocol import implemented

from .table import ROWS
from .test_rules import cotangents, leaves_of, listed

# Derivatives of functions that the user gives, not functions with a derivative.
DERIVATIVES = {"grad", "vjp", "jvp", "jacobian", "hvp", "hessian"}
SETTINGS = {"set_threads", "set_compiled", "run_compiled", "keep_memory", "note_update", "profile"}
COVERED = {row.function for row in ROWS}
PUBLIC = {name: value for name, value in ((name, getattr(ag, name)) for name in ag.__all__) if callable(value)}
FUNCTIONS = {name: f for name, f in PUBLIC.items() if not isinstance(f, type) and name not in DERIVATIVES | SETTINGS}


def matrix():
    return Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


# Ways to call a function of which nothing is known: with arrays, a list of arrays, numbers, a shape, a condition.
CALLS = [
    lambda f: f(matrix()),
    lambda f: f(matrix(), matrix()),
    lambda f: f([matrix(), matrix()]),
    lambda f: f(matrix(), 1),
    lambda f: f(matrix(), 0, 1),
    lambda f: f(matrix(), (2, 2)),
    lambda f: f(matrix(), np.float32),
    lambda f: f(matrix() > 1, matrix(), matrix()),
    lambda f: f("ij,jk", matrix(), matrix()),
    lambda f: f(matrix(), np.zeros((2, 2), int)),
    lambda f: f(matrix().reshape(1, 1, 2, 2), 1),
    lambda f: f(matrix().reshape(1, 1, 2, 2), matrix().reshape(1, 1, 2, 2)),
    lambda f: f(matrix().reshape(4, 1), (1, 1, 2, 2), 1),
    lambda f: f(matrix(), np.array([0, 1]), np.ones(2)),
    lambda f: f(Tensor([1.0, 2.0, 3.0], requires_grad=True), Tensor([1.0, 2.0, 3.0])),
    lambda f: f(matrix().reshape(1, 1, 4), np.ones((4, 1)), np.ones((1, 1)), np.ones((1, 1))),
]


def is_recorded(call, function):
    try:
        with np.errstate(all="ignore"):
            results = listed(call(function))
    except (TypeError, ValueError, IndexError, AttributeError, RuntimeError):
        return False
    return any(isinstance(y, Tensor) and y.requires_grad for y in results)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_is_recorded_has_a_row_and_one_with_a_row_is_recorded(name):
    recorded = any(is_recorded(call, FUNCTIONS[name]) for call in CALLS)
    assert recorded == (name in COVERED)


def test_every_row_names_something_public():
    assert not COVERED - FUNCTIONS.keys() - {f"Tensor.{name}" for name in dir(Tensor)}


def test_numpys_functions_on_tensors_are_public_functions_too():
    ours = set(FUNCTIONS.values())
    assert {f.__name__ for f in implemented().values() if f not in ours} == set()


def rule_classes(base=Function):
    """All rules that the library defines: subclasses of Function with a forward, in ``autograd_lite.ops``."""
    for module in pkgutil.iter_modules(autograd_lite.ops.__path__):
        importlib.import_module(f"autograd_lite.ops.{module.name}")
    found = set()
    for rule in base.__subclasses__():
        found |= {rule} if rule.__module__.startswith("autograd_lite.ops.") and hasattr(rule, "forward") else set()
        found |= rule_classes(rule)
    return found


def rules_below(tensors):
    """The rules by which some tensors were computed, as far as they were recorded."""
    nodes = {t.node for t in tensors if t.node is not None}
    todo, found = list(nodes), set()
    while todo:
        node = todo.pop()
        found.add(type(node.rule))
        parents = {parent for _, parent in node.parents()} - nodes
        nodes |= parents
        todo += parents
    return found


def rules_of(row, arrays, keywords):
    """The rules that are recorded when a row is computed and differentiated, three times over."""
    leaves = leaves_of(arrays)
    outputs = [y for y in listed(row(ag, leaves, keywords)) if y.requires_grad]
    found = rules_below(outputs)
    for _ in range(3):
        us = [Tensor(u, requires_grad=True) for u in cotangents(outputs)]
        slopes = grad(outputs, leaves, us, create_graph=True, allow_unused=True)
        outputs = [slope for slope in slopes if slope is not None and slope.requires_grad]
        leaves += us
        found |= rules_below(outputs)
    return found


@pytest.fixture(scope="module")
def reached():
    """The rules that the table reaches, recorded or called by another rule."""
    found = set()
    call = Function.__call__

    def noted(self, *inputs):
        found.add(type(self))
        return call(self, *inputs)

    def search(row):
        @settings(max_examples=6, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
        @given(data=st.data())
        def look(data):
            with np.errstate(all="ignore"):
                found.update(rules_of(row, *data.draw(row.cases)))

        look()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Function, "__call__", noted)
        for row in ROWS:
            search(row)
    return found


@pytest.mark.parametrize("rule", sorted(rule_classes(), key=lambda rule: rule.__name__), ids=lambda rule: rule.__name__)
def test_the_table_reaches_every_rule(rule, reached):
    assert rule in reached
