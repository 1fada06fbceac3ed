import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor
from autograd_lite.errors import GradError
from autograd_lite.graph import trace, watch
from autograd_lite.viz import draw

from .programs import Net, agrees_with_golden, cross_entropy, images, shop


def leaf(value, **kwargs):
    return Tensor(value, requires_grad=True, **kwargs)


def sums(graph):
    """For each node that something uses: the sum of the contributions, and the gradient."""
    total = {}
    for edge in graph.edges:
        if edge.contribution is not None:
            total[edge.tail] = total.get(edge.tail, 0.0) + edge.contribution.value
    return [(total[node.id], node.gradient.value) for node in graph if node.id in total]


OPERATIONS = [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - 0.5 * b, lambda a, b: (a * 0.3).tanh() + b]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=25))
def test_contributions_add_up_to_the_gradient(steps):
    x, y = leaf(0.5), leaf(-0.25)
    values = [x, y]
    for operation, i, j in steps:
        values.append(OPERATIONS[operation](values[-1 - i % len(values)], values[j % len(values)]) * 0.5)
    graph = trace(values[-1], gradients=True)
    for total, gradient in sums(graph):
        assert total == pytest.approx(gradient, rel=1e-12, abs=1e-300)
    values[-1].backward()
    for node, tensor in (("x", x), ("y", y)):
        if tensor.grad is not None:
            assert graph[node].gradient.value == tensor.grad.item()


def test_an_array_used_twice_by_one_operation_gets_a_contribution_for_each():
    x = leaf([1.0, 2.0])
    graph = trace((x / x).sum(), gradients=True)
    assert [edge.contribution.mean for edge in graph.edges if edge.tail == "n0"] == pytest.approx([0.75, -0.75])
    assert graph["x"].gradient.norm == 0.0


def test_asking_for_gradients_collects_nothing_and_keeps_the_graph():
    x = leaf(3.0)
    t = x * x
    t.retain_grad()
    y = t * 2.0
    trace(y, gradients=True)
    assert x.grad is None
    assert t.grad is None
    y.backward()
    assert (x.grad.item(), t.grad.item()) == (12.0, 2.0)


def test_a_cotangent_is_needed_for_more_than_one_number():
    x = leaf([1.0, 2.0])
    y = x * x
    with pytest.raises(GradError, match=r"shape \(2,\) needs a gradient"):
        trace(y, gradients=True)
    assert trace(y, gradients=np.array([1.0, 10.0]))["x"].gradient.high == 40.0
    assert trace([y, y.sum()], gradients=[np.array([1.0, 0.0]), 1.0])["x"].gradient.high == 4.0


# -- Watching


def test_a_watched_graph_can_be_drawn_after_it_was_freed():
    model, x = Net(), images()
    with watch() as seen:
        loss = cross_entropy(model(x))
        loss.backward()
    graph = trace(loss, watched=seen)
    assert all(node.value is not None for node in graph if node.kind == "op")
    assert all(edge.contribution is not None for edge in graph.edges if not edge.tail.startswith("c"))
    assert {call.name for call in graph.modules} == {"conv", "hidden", "out", "model"}
    assert graph["conv.weight"].gradient.norm == pytest.approx(np.linalg.norm(model.conv.weight.grad.data))


def test_a_watched_operation_knows_its_line_its_time_and_every_operand():
    x = leaf(2.0)
    with watch() as seen:
        y = x + 5.0
    graph = trace(y, watched=seen)
    node = graph.nodes[-1]
    assert "test_flow.py" in node.source
    assert node.source.endswith("in test_a_watched_operation_knows_its_line_its_time_and_every_operand: y = x + 5.0")
    assert 0 < node.seconds < 10
    assert [constant.value.value for constant in graph if constant.kind == "constant"] == [5.0]


def test_a_graph_watched_only_in_backward_shows_that_pass():
    x = leaf(2.0)
    y = x * x
    with watch() as seen:
        y.backward()
    assert [edge.contribution.value for edge in trace(y, watched=seen).edges] == [2.0, 2.0]


def test_steps_of_backward_are_seen_in_order():
    x = leaf(2.0)
    with watch() as seen:
        (x * 3.0).exp().backward()
    assert [step.contribution.value for step in seen.steps] == [np.exp(6.0), 3 * np.exp(6.0)]
    assert repr(seen) == "Recording(2 operations, 2 backward steps)"


def test_a_watched_double_backward_is_seen_too():
    x = leaf(2.0)
    with watch() as seen:
        y = x * x * x
        y.backward(create_graph=True)
    assert trace(y, watched=seen)["x"].gradient.value == 12.0
    assert trace(x.grad, watched=seen).nodes[-1].value.value == 12.0


def test_watching_ends_with_the_block_also_after_an_error():
    before = sys.getprofile()
    with pytest.raises(ZeroDivisionError), watch():
        1 / 0  # noqa: B018
    assert sys.getprofile() is before


def test_watches_nest():
    x = leaf(2.0)
    with watch() as outer, watch() as inner:
        y = x * x
    assert trace(y, watched=outer).nodes[-1].source == trace(y, watched=inner).nodes[-1].source is not None


# -- Drawing


def test_the_shop_with_its_gradients_is_the_golden_one():
    source = draw(shop(), gradients=True, direction="LR", show=("value", "derivative")).source
    assert agrees_with_golden("shop-gradients.dot", source)


def test_sums_are_written_where_contributions_meet_and_cancellation_is_marked():
    x = leaf(1.0)
    source = draw(x * 3.0 - x * 2.75, gradients=True).source
    assert "gradient 0.25 = 3 - 2.75" in source
    assert "contributions cancel" in source
    assert "contributions cancel" not in draw(x * 3.0 + x * 2.75, gradients=True).source


def test_arrays_show_norms_and_many_contributions_are_counted():
    x = leaf([3.0, 4.0])
    assert "gradient norm 2.828 of 1.414 and 1.414" in draw((x + x).sum(), gradients=True).source
    many = x + x + x + x + x + x
    assert "of 6 parts" in draw(many.sum(), gradients=True).source


def test_what_is_not_finite_and_what_is_zero_look_different():
    x = leaf([0.0, 1.0])
    with np.errstate(all="ignore"):
        source = draw((x.log() + x * 0.0).sum(), gradients=True).source
    assert "inf" in source
    assert "style=dashed" in source


def test_nodes_can_be_coloured_by_the_size_of_their_gradient():
    source = draw(cross_entropy(Net()(images())), color="gradient").source
    assert "norm of the gradient" in source
    assert len({line.split('fillcolor="')[1][:7] for line in source.splitlines() if "fillcolor" in line}) > 6
    with pytest.raises(ValueError, match="'age'.*gradient"):
        draw(shop(), color="age")


def test_a_watched_pass_is_drawn_unless_it_is_not_wanted():
    x = leaf(2.0)
    with watch() as seen:
        y = x * x
        y.backward()
    assert "gradient 4 = 2 + 2" in draw(y, watched=seen).source
    assert "what backward sends" not in draw(y, watched=seen, gradients=False).source
    assert "gradient 4 = 2 + 2" in draw(trace(y, watched=seen)).source


def test_times_lines_and_saved_bytes_of_a_watched_graph_are_written():
    x = leaf(np.ones((8, 8)))
    with watch() as seen:
        y = x.exp().sum()
    source = draw(y, watched=seen, show=("saved", "time")).source
    assert "512 B" in source
    assert source.count(" µs</font>") + source.count(" ms</font>") == 2
    assert "y = x.exp().sum()" in source
