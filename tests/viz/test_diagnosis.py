import numpy as np
import pytest

from autograd_lite import Function, Tensor, softmax, where
from autograd_lite.errors import GradError
from autograd_lite.graph import trace
from autograd_lite.viz import check, diagnose, draw, watch

from .programs import Block, Linear, Net, agrees_with_golden, cross_entropy, images, weights


def leaf(value, **kwargs):
    return Tensor(value, requires_grad=True, **kwargs)


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def culprit(found):
    return found.graph[found.problems[0].node]


def test_a_healthy_graph_has_no_problems():
    found = diagnose(cross_entropy(Net()(images())))
    assert found.problems == []
    assert str(found) == "Nothing is wrong here."


def test_the_operation_that_makes_the_first_nan_is_found_with_its_line():
    x = leaf([1.0, -4.0])
    with watch() as seen:
        y = x * 2.0
        root = y.sqrt()
        loss = (root * root).sum()
    found = diagnose(loss, watched=seen)
    assert culprit(found).name == "root"
    assert "turns finite operands into 1 nan: y is" in str(found)
    assert "root = y.sqrt()" in str(found)


@pytest.mark.parametrize("watched", [False, True])
def test_data_and_parameters_that_are_not_finite_already_are_named(watched):
    x, w = np.ones((3, 2)), leaf(np.ones((2, 2)))
    x[1, 0] = np.nan
    with watch() as seen:
        loss = (x @ w).tanh().sum()
    found = diagnose(loss, watched=seen if watched else None)
    assert culprit(found).name == "x"
    assert str(found).startswith("x (c0, shape (3, 2)) is 1 nan before anything is computed.")
    v = leaf([np.inf, 1.0])
    found = diagnose((v * 2.0).sum())
    assert culprit(found).name == "v"


def test_a_result_that_is_not_finite_is_never_called_healthy():
    x = leaf([1.0, -4.0])
    found = diagnose((x * 2.0).sqrt().sum())
    assert culprit(found).op == "Sqrt"
    assert "is 1 nan, and not all its operands are known: watch() the forward pass." in str(found)


def test_infinities_that_no_result_keeps_are_no_problem():
    x, mask = leaf([1.0, 2.0, 3.0]), np.array([0.0, -np.inf, 0.0])
    with watch() as seen:
        loss = (softmax(x + mask) * [1.0, 2.0, 3.0]).sum()
    assert diagnose(loss, watched=seen).problems == []


def test_an_infinite_value_is_found_too():
    x = leaf(0.0)
    found = diagnose(x.log() * 1.0)
    assert culprit(found).op == "Log"
    assert "1 inf" in str(found)


def test_the_way_from_the_result_to_the_culprit_is_lit():
    x = leaf([1.0, -4.0])
    loss = (x.sqrt() * 3.0).sum()
    found = diagnose(loss)
    lit = [line for line in found.source.splitlines() if "penwidth=3.2" in line]
    assert len(lit) == 2
    assert "first 1 nan" in found.source
    found.render()


def test_a_rule_that_turns_a_finite_gradient_into_nan_is_found():
    class Poisoned(Function):
        def forward(self, a):
            return a * 1.0

        def grad_a(self, g):
            return g * np.nan

    x = leaf([1.0, 2.0])
    found = diagnose((Poisoned()(x * 2.0) * 3.0).sum())
    assert culprit(found).op == "Poisoned"
    assert "sends 2 nan to" in str(found)


def test_an_error_in_backward_is_caught_at_its_node():
    class Broken(Function):
        def forward(self, a):
            return a * 1.0

        def grad_a(self, g):
            raise RuntimeError("no ink")

    x = leaf([1.0, 2.0])
    loss = Broken()(x.exp()).sum()
    found = diagnose(loss)
    assert culprit(found).op == "Broken"
    assert "raised RuntimeError: no ink" in str(found)
    with pytest.raises(RuntimeError, match="no ink"):
        loss.backward()


def test_errors_that_come_before_backward_are_not_caught():
    x = leaf([1.0, 2.0])
    with pytest.raises(GradError, match="needs a gradient"):
        diagnose(x * 2.0)


def test_parameters_without_a_gradient_are_named():
    class Forgetful(Block):
        def __init__(self):
            self.used, self.unused = Linear(2, 2), Linear(2, 2)

        def forward(self, x):
            return self.used(x)

    found = diagnose(Forgetful()(weights(1, 2)).sum())
    assert [problem.words.split()[0] for problem in found.problems] == ["unused.weight", "unused.bias"]
    assert "does not depend on it" in str(found)


def test_expected_tensors_without_a_gradient_are_named():
    x, other = leaf(1.0), leaf(2.0)
    assert str(diagnose(x * 2.0, expected=[x, other])).startswith("other gets no gradient")


def test_a_gradient_of_zero_is_traced_to_where_it_becomes_zero():
    x = leaf([-1.0, -2.0])
    found = diagnose((x * 2.0).relu().sum())
    assert culprit(found).op == "Relu"
    assert "x gets a gradient of exactly zero" in str(found)


def test_vanishing_gradients_are_found_with_the_node_that_loses_most():
    w, v = leaf(1.0), leaf(1.0)
    h = (w * 9.0).tanh()
    with watch() as seen:
        pass
    found = diagnose(((h * 0.5).tanh() * v), watched=seen)
    assert culprit(found).name == "h"
    assert "vanish before they reach w" in str(found)


def test_a_nan_behind_a_branch_not_taken_is_no_problem_of_the_gradient():
    x = leaf([0.0, 1.0])
    found = diagnose(where(x.data > 0, x.log(), 0.0).sum())
    assert not any("gradient" in problem.short for problem in found.problems)


# -- Checking


class WrongCube(Function):
    def forward(self, a):
        return a * a * a

    def grad_a(self, g, a):
        return g * 2 * a * a


def test_one_wrong_rule_among_many_is_found_at_a_glance():
    x = leaf(np.linspace(0.5, 1.5, 6).reshape(2, 3))
    with watch() as seen:
        h = x
        for i in range(10):
            h = ((h * 0.9 + 0.1).tanh() + 1.0).log() + 1.0
            if i == 5:
                h = WrongCube()(h)
        loss = h.mean()
    found = check(loss, watched=seen)
    assert not found
    assert [found.graph[problem.node].op for problem in found.problems] == ["WrongCube"]
    assert "WrongCube" in str(found)
    assert "test_diagnosis.py" in str(found)
    assert len(found.verdicts) == 62
    assert found.source.count("wrong by") == 1
    found.render()


def test_a_network_of_right_rules_passes_after_its_graph_was_freed():
    model, x = Net(), images()
    with watch() as seen:
        loss = cross_entropy(model(x))
        loss.backward()
    found = check(loss, watched=seen)
    assert found
    assert {verdict.status.value for verdict in found.verdicts.values()} <= {"PASS", "UNDECIDED"}


# -- Differences


def test_a_difference_is_drawn_with_both_sides():
    x = leaf(2.0)
    first, second = x.exp() * 2.0, x.sin() * 2.0
    source = draw(second, compare=first).source
    assert agrees_with_golden("difference.dot", source)
    assert "2 added, 2 removed" in source
    assert draw(second, compare=trace(first)).source == source
    assert "0 added" not in draw(first, compare=first).source
