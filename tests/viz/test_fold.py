import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor
from autograd_lite.graph import collapse, fold, trace
from autograd_lite.viz import draw

from .programs import Block, Linear, Net, agrees_with_golden, cross_entropy, images, weights


class Layer(Block):
    def __init__(self, n):
        self.linear = Linear(n, n)

    def forward(self, x):
        return self.linear(x).tanh() + x


class Tower(Block):
    def __init__(self, n, depth):
        self.depth = depth
        self.stem = Linear(n, n)
        for i in range(depth):
            setattr(self, f"layer{i}", Layer(n))
        self.head = Linear(n, 2)

    def forward(self, x):
        x = self.stem(x)
        for i in range(self.depth):
            x = getattr(self, f"layer{i}")(x)
        return self.head(x)


def tower(depth):
    model = Tower(4, depth)
    return cross_entropy(model(Tensor(np.ones((3, 4), np.float32))))


def is_sound(graph):
    """Whether every edge joins two nodes, in order, and every module that a node names exists."""
    place = {node.id: i for i, node in enumerate(graph.nodes)}
    calls = {call.id for call in graph.modules}
    return (
        all(place[edge.tail] < place[edge.head] for edge in graph.edges)
        and all(node.module is None or node.module in calls for node in graph)
        and all(call.parent is None or call.parent in calls for call in graph.modules)
        and all(id in place for id in graph.outputs)
    )


def test_repeated_blocks_are_shown_once_with_their_number():
    small = fold(trace(tower(12)))
    names = {call.name: call.repeats for call in small.modules}
    assert names["layer0 … layer11"] == 12
    assert len(small) == len(fold(trace(tower(3))))
    assert small.counts()["Tanh"] == 1
    assert is_sound(small)


def test_the_folded_tower_is_the_golden_one():
    model = Tower(4, 12)
    loss = cross_entropy(model(Tensor(np.ones((3, 4), np.float32))))
    assert agrees_with_golden("tower.dot", draw(loss, fold=True).source)


def test_steps_that_read_data_first_are_folded_with_one_arrow_for_each_operand():
    class Cell(Block):
        def __init__(self):
            self.w, self.u = weights(3, 4), weights(4, 4)

        def forward(self, x, h):
            return ((x @ self.w) * 2.0 + h @ self.u).tanh()

    cell, h = Cell(), weights(2, 4)
    for row in np.ones((5, 2, 3), np.float32):
        h = cell(row, h)
    small = fold(trace(h.sum()))
    pairs = [(edge.tail, edge.head) for edge in small.edges]
    assert sorted(pairs) == sorted(set(pairs))
    assert small.counts()["Tanh"] == 2  # the first step, with the parameters, and all others
    assert is_sound(small)


def test_blocks_of_different_shape_are_not_folded():
    a, b = Linear(4, 3), Linear(3, 4)
    x = weights(2, 4)
    y = b(a(x))
    assert len(fold(trace(y))) == len(trace(y))


def test_blocks_with_something_between_them_are_not_folded():
    a, b = Linear(4, 4), Linear(4, 4)
    y = b(a(weights(2, 4)).tanh())
    small = fold(trace(y))
    assert small.counts()["Linear"] == 2
    assert is_sound(small)


def test_blocks_side_by_side_are_folded_too():
    heads = [Linear(4, 4) for _ in range(5)]
    x = weights(2, 4)
    y = sum((head(x) for head in heads[1:]), heads[0](x))
    small = fold(trace(y))
    assert small.counts()["Linear"] == 1
    assert is_sound(small)


def test_a_loop_without_modules_is_folded():
    w, h = weights(3, 3), weights(2, 3)
    for _ in range(100):
        h = (h @ w).tanh() * 0.5
    small = fold(trace(h))
    assert [call.repeats for call in small.modules] == [99]
    assert len(small) < 15
    assert is_sound(small)


def test_reshapes_in_a_row_are_one_node():
    x = weights(2, 6)
    y = (x * 2.0).reshape(3, 4).transpose().reshape(12).sum()
    small = fold(trace(y))
    assert [node.title for node in small if node.family == "shape"] == ["Reshape, Transpose, Reshape"]
    assert is_sound(small)


def test_modules_collapse_to_a_depth():
    graph = trace(tower(2))
    closed, open_once = collapse(graph, 0), collapse(graph, 1)
    assert [node.kind for node in closed] == ["module", "op"]
    assert [node.name for node in open_once if node.kind == "module"] == ["stem", "layer0", "layer1", "head"]
    assert open_once["layer0"].settings == {"operations": "3", "parameters": "20"}
    assert open_once["stem"].settings == {"parameters": "20"}
    assert open_once["layer0"].shape == (3, 4)
    assert is_sound(closed)
    assert is_sound(open_once)
    assert collapse(graph, 9) == graph


def test_parameters_of_folded_blocks_are_counted_for_all_of_them():
    model = Tower(4, 12)
    graph = collapse(fold(trace(cross_entropy(model(Tensor(np.ones((3, 4), np.float32)))))), 0)
    total = sum(parameter.size for _, parameter in model.named_parameters())
    assert graph.nodes[0].settings["parameters"] == f"{total:,}"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_any_graph_stays_sound_when_folded(steps):
    linear = Linear(2, 2)
    operations = [
        lambda a, b: a + b,
        lambda a, b: a * b,
        lambda a, b: linear(a),
        lambda a, b: a.reshape(1, 4).reshape(2, 2),
    ]
    values = [weights(2, 2), weights(2, 2)]
    for operation, i, j in steps:
        values.append(operations[operation](values[-1 - i % len(values)], values[-1 - j % len(values)]))
    graph = trace(values[-1])
    small = fold(graph)
    assert is_sound(small)
    assert len(small) <= len(graph)
    assert {node.op for node in small if node.family != "shape"} == {
        node.op for node in graph if node.family != "shape"
    }


@pytest.mark.parametrize("depth", [12, 300])
def test_large_graphs_fit_one_page(depth):
    drawing = draw(tower(depth))
    assert len(drawing.graph) <= 60
    assert f"\N{MULTIPLICATION SIGN} {depth}" in drawing.source


def test_small_graphs_are_drawn_whole_and_large_ones_on_request():
    model, x = Net(), images()
    loss = cross_entropy(model(x))
    assert len(draw(loss).graph) == len(trace(loss))
    assert len(draw(tower(40), fold=False).graph) > 160
    assert len(draw(loss, depth=0).graph) == 3


def test_a_leaf_with_many_users_is_drawn_beside_each_of_them():
    x = weights(2, 2)
    y = x
    for scale in range(9):
        y = y * float(scale) + x
    source = draw(y, fold=False).source
    assert source.count('id="n0~') == 9  # and once where it is used first


def test_a_loop_over_a_sequence_whose_steps_are_collected_is_folded():
    w, h, x = weights(3, 3), weights(2, 3), weights(20, 2, 3)
    gates, steps = x * 2.0, []
    for t in range(20):
        h = (h @ w + gates[t]).tanh()
        steps.append(h)
    small = fold(trace(np.stack(steps)))
    assert [call.repeats for call in small.modules] == [19]
    assert len(small) < 20
    assert is_sound(small)
    pairs = [(edge.tail, edge.head) for edge in small.edges]
    assert len(set(pairs)) == len(pairs)
