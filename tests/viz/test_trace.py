import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Function, Tensor, exp, no_grad
from autograd_lite.errors import GradError
from autograd_lite.graph import trace

from .programs import Block, Linear, Net, cross_entropy, images, shop


def leaf(value, **kwargs):
    return Tensor(value, requires_grad=True, **kwargs)


def test_nodes_stand_after_their_operands_and_ids_count_up():
    graph = trace(shop())
    assert [node.id for node in graph] == [f"n{i}" for i in range(len(graph))]
    place = {node.id: i for i, node in enumerate(graph)}
    assert all(place[edge.tail] < place[edge.head] for edge in graph.edges)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=60))
def test_any_graph_is_traced_in_order_and_the_same_way_every_time(steps):
    values = [leaf(0.5), leaf(0.25)]
    for i, j in steps:
        values.append(values[i % len(values)] + values[j % len(values)])
    graph = trace(values[-1])
    seen = set()
    heads = {}
    for edge in graph.edges:
        heads.setdefault(edge.head, []).append(edge)
    for node in graph:
        assert all(edge.tail in seen for edge in heads.get(node.id, ()))
        assert node.kind == "leaf" or [edge.index for edge in heads[node.id]] == [0, 1]
        seen.add(node.id)
    assert trace(values[-1]) == graph


def test_a_shared_operand_is_one_node_with_two_edges():
    x = leaf(3.0)
    graph = trace(x * x)
    assert [(edge.tail, edge.operand) for edge in graph.edges] == [("n0", "a"), ("n0", "b")]


def test_names_come_from_variables_lists_dictionaries_and_the_tensor_itself():
    x = leaf([1.0, 2.0])
    ws = [leaf(1.0), leaf(2.0)]
    more = {"scale": leaf(3.0)}
    y = x * ws[0] + ws[1] * more["scale"] + leaf(1.0, name="own")
    names = {node.name for node in trace(y)}
    assert {"x", "ws[0]", "ws[1]", "more['scale']", "own", "y"} <= names


def test_given_names_win_over_all_others():
    x = leaf(1.0, name="own")
    y = x * 2.0
    graph = trace(y, names={"first": x, "result": y})
    assert graph["first"].kind == "leaf"
    assert graph["result"].op == "Mul"


def test_a_given_name_is_not_given_to_a_variable_as_well():
    x, y = leaf(1.0), leaf(2.0)
    graph = trace(x * y, names={"x": y})
    assert [node.name for node in graph if node.kind == "leaf"] == [None, "x"]


def test_two_given_names_for_one_tensor_are_refused():
    x = leaf([1.0, 2.0])
    with pytest.raises(GradError, match=r"shape \(2,\).*'a' and 'b'"):
        trace(x * 2.0, names={"a": x, "b": x})


def test_names_of_something_that_is_no_tensor_are_refused():
    with pytest.raises(TypeError, match="'x' to int"):
        trace(leaf(1.0), names={"x": 3})


def test_constants_are_drawn_where_a_rule_kept_them():
    x, data = leaf([1.0, 2.0]), np.array([3.0, 4.0])
    graph = trace(x * data * 2.0)
    constants = [node for node in graph if node.kind == "constant"]
    assert [(node.name, node.shape) for node in constants] == [("data", (2,)), (None, ())]
    assert constants[1].value.value == 2.0
    assert not any(node.kind == "constant" for node in trace(x * data * 2.0, constants=False))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtypes_of_results_that_nobody_kept_are_known(dtype):
    x = leaf(np.ones(3, dtype))
    y = (((x + 1.0) - 2.0) + x).sum()
    assert {node.dtype for node in trace(y)} == {np.dtype(dtype).name}


def test_a_dtype_that_the_graph_does_not_tell_is_left_open():
    x = leaf(np.ones(3, np.float32))
    widened = ((x + np.ones(3)) + 1.0).sum()
    dtypes = [node.dtype for node in trace(widened)]
    assert dtypes[0] == "float32"
    assert dtypes[-1] == "float64"
    assert dtypes[1:-1] == [None, None]


def test_a_cast_changes_the_dtype():
    x = leaf(np.ones(3, np.float32))
    y = x.astype(np.float64).sum()
    assert [node.dtype for node in trace(y)] == ["float32", "float64", "float64"]


def test_values_are_those_that_something_keeps():
    x = leaf(2.0)
    y = exp(x)
    graph = trace(y * x)
    assert [node.value.value for node in graph][:2] == [2.0, np.exp(2.0)]


def test_gradients_are_shown_once_collected():
    x = leaf([3.0, 4.0])
    (x * x).sum().backward()
    y = x.sum()
    assert trace(y)["x"].gradient.norm == pytest.approx(10.0)


def test_users_rules_and_settings_are_described():
    class Cube(Function):
        def __init__(self, factor):
            self.factor = factor

        def forward(self, a):
            return a * a * a * self.factor

        def grad_a(self, g, a):
            return g * 3 * a * a * self.factor

    node = trace(Cube(2.5)(leaf(2.0))).nodes[-1]
    assert (node.op, node.family, node.settings) == ("Cube", "custom", {"factor": "2.5"})
    assert trace(leaf([[1.0]]).sum(axis=1)).nodes[-1].settings == {"axis": "1"}
    assert trace(leaf(2.0) ** 3).nodes[-1].title == "Power(3)"
    assert trace(leaf([1.0, 2.0, 3.0])[1:]).nodes[-1].settings["index"] == "1:"


def test_a_joined_tensor_has_an_edge_for_each_part():
    x, y = leaf([1.0]), leaf([2.0])
    graph = trace(np.concatenate([x, y, x]))
    assert [(edge.tail, edge.operand) for edge in graph.edges] == [
        ("n0", "parts[0]"), ("n1", "parts[1]"), ("n0", "parts[2]"),
    ]  # fmt: skip


def test_the_graph_of_a_gradient_is_a_graph():
    x = leaf(2.0)
    (x * x * x).backward(create_graph=True)
    graph = trace(x.grad)
    assert graph["x"].kind == "leaf"
    assert graph.counts()["Mul"] >= 3


def test_several_outputs_share_one_graph():
    x = leaf(2.0)
    y = x * x
    graph = trace([y, y + 1.0])
    assert graph.outputs == ["n1", "n2"]
    assert graph.counts()["leaf"] == 1


# -- Modules


def chain(graph, node):
    """The names of the module calls around a node, innermost first."""
    calls = {call.id: call for call in graph.modules}
    names, id = [], node.module
    while id is not None:
        names.append(calls[id].name)
        id = calls[id].parent
    return names


def test_modules_hold_their_nodes_and_name_their_parameters():
    model, x = Net(), images()
    logits = model(x)
    graph = trace(cross_entropy(logits))
    inside = {node.name or node.op: chain(graph, node) for node in graph}
    assert inside["conv.weight"] == inside["Conv2d"] == ["conv", "model"]
    assert inside["Reshape"] == ["model"]
    assert inside["logits"] == ["out", "model"]
    assert inside["CrossEntropy"] == inside["x"] == []
    assert {node.name for node in graph if node.kind == "parameter"} == {name for name, _ in model.named_parameters()}


def test_parameters_of_several_networks_are_told_apart():
    generator, critic, x = Net(), Linear(4, 1), images()
    graph = trace(critic(generator(x)).sum())
    names = {node.name for node in graph if node.kind == "parameter"}
    assert {"generator.conv.weight", "critic.weight"} <= names
    assert {call.name for call in graph.modules} >= {"generator", "generator.hidden", "critic"}


def test_each_call_of_a_shared_module_is_numbered():
    cell = Linear(3, 3)
    h = images().reshape(-1, 3)
    for _ in range(3):
        h = cell(h)
    graph = trace(h)
    assert [(call.name, call.number) for call in graph.modules] == [("cell", 1), ("cell", 2), ("cell", 3)]
    assert [call.module for call in graph.nodes if call.op == "Linear"] == ["m0", "m1", "m2"]


def test_a_module_that_reaches_around_its_inputs_does_not_swallow_what_they_came_from():
    class Remembering(Block):
        def forward(self, x):
            return x * self.memory[0]

    x = leaf([1.0, 2.0])
    trunk = exp(x)
    block = Remembering()
    block.memory = [trunk * 2.0]
    graph = trace(block(trunk + 1.0))
    assert chain(graph, graph["trunk"]) == []
    assert chain(graph, graph["x"]) == []
    assert chain(graph, graph.nodes[-1]) == ["block"]


def test_two_results_of_one_call_are_in_one_module():
    class Split(Block):
        def forward(self, x):
            y = x * 2.0
            return y + 1.0, y - 1.0

    block, x = Split(), leaf(1.0)
    a, b = block(x)
    graph = trace(a * b)
    assert len(graph.modules) == 1
    assert [node.module for node in graph if node.kind == "op"] == ["m0", "m0", "m0", None]


def test_a_module_that_computes_nothing_is_not_drawn():
    class Identity(Block):
        def forward(self, x):
            return x

    assert trace(Identity()(leaf(1.0)) * 2.0).modules == []


# -- What cannot be traced


def test_a_tensor_without_a_graph_is_refused():
    x = leaf([1.0, 2.0])
    with no_grad():
        y = x * 2.0
    with pytest.raises(GradError, match=r"shape \(2,\) has no graph"):
        trace(y)


def test_a_freed_graph_is_refused_and_the_error_says_who_freed_it():
    x = leaf(2.0)
    y = x * x
    y.backward()
    with pytest.raises(GradError, match=r"test_a_freed_graph.*retain_graph=True.*before that call"):
        trace(y)


def test_things_that_are_no_tensors_are_refused():
    with pytest.raises(TypeError, match="float"):
        trace([1.0])
    with pytest.raises(GradError, match="no tensor"):
        trace([])


# -- Size and memory


def test_deep_and_wide_graphs_are_traced_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(20_000):
        y = y + x
    assert len(trace(y)) == 20_001


def test_a_traced_graph_holds_no_tensor():
    x = leaf(np.ones(10))
    y = (x * x).sum()
    graph = trace(y, values=True)
    alive = weakref.ref(x)
    del x, y
    gc.collect()
    assert alive() is None
    assert len(graph) == 3
