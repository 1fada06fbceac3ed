import json
import re

import numpy as np
import pytest

from autograd_lite import Tensor
from autograd_lite.graph import assert_same_graph, difference, fold, trace

from .programs import Net, agrees_with_golden, cross_entropy, images, shop, weights


def leaf(value, **kwargs):
    return Tensor(value, requires_grad=True, **kwargs)


def network():
    model, x = Net(), images()
    loss = cross_entropy(model(x))
    return trace(loss)


def test_a_printed_graph_is_the_golden_one():
    assert agrees_with_golden("network.txt", str(network()) + "\n")
    assert agrees_with_golden("shop.txt", str(trace(shop(), gradients=True)) + "\n")


def test_a_printed_graph_has_a_line_for_each_node_and_writes_numbers_in_place():
    x = leaf(3.0)
    y = x * 2.0 + x
    assert [line.split("  ")[0] for line in str(trace(y)).splitlines()] == ["x", "n1 = Mul(x, 2)", "y = Add(n1, x)"]


def test_a_graph_is_looked_up_by_id_by_operands_and_by_users():
    graph = network()
    nodes, operands, users = graph.by_id(), graph.operands(), graph.users()
    assert list(nodes.values()) == graph.nodes
    assert nodes.keys() == operands.keys() == users.keys()
    for found in (operands, users):
        assert sorted(map(id, graph.edges)) == sorted(id(edge) for edges in found.values() for edge in edges)
    for node in graph:
        assert [edge.index for edge in operands[node.id]] == sorted(edge.index for edge in operands[node.id])
        assert {edge.head for edge in operands[node.id]} | {edge.tail for edge in users[node.id]} <= {node.id}


def test_a_folded_graph_prints_how_often_blocks_repeat():
    h, w = weights(2, 2), weights(2, 2)
    for _ in range(20):
        h = (h @ w).tanh()
    assert "repeated \N{MULTIPLICATION SIGN} 19" in str(fold(trace(h)))


def test_json_holds_all_facts():
    graph = network()
    found = json.loads(graph.to_json())
    assert [node["id"] for node in found["nodes"]] == [node.id for node in graph]
    assert found["nodes"][2]["shape"] == list(graph.nodes[2].shape)
    assert len(found["edges"]) == len(graph.edges)
    assert found["outputs"] == graph.outputs


def test_json_writes_what_is_not_finite_as_text():
    x = leaf(np.inf)
    found = json.loads(trace(x * 1.0).to_json())
    assert found["nodes"][0]["value"]["value"] == "inf"


def test_mermaid_is_the_golden_one():
    assert agrees_with_golden("network.mmd", network().to_mermaid())


def test_mermaid_has_no_name_that_ends_its_text():
    text = trace(leaf(2.0, name='"]; click <b>') * 2.0).to_mermaid()
    assert re.search(r'n0\(\["#34;#93;#59; click #60;b#62;"\]\)', text)


def test_networkx_gets_nodes_edges_and_facts():
    pytest.importorskip("networkx")
    graph = trace(shop())
    found = graph.to_networkx()
    assert list(found.nodes) == [node.id for node in graph]
    assert found.nodes["n0"]["name"] == "apple"
    assert found.number_of_edges() == len(graph.edges)


def test_without_networkx_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "networkx", None)
    with pytest.raises(ImportError, match="pip install networkx"):
        trace(shop()).to_networkx()


# -- Comparing


def test_graphs_of_the_same_program_are_the_same_whatever_the_values():
    assert_same_graph(trace(leaf(2.0).exp() * 3.0), trace(leaf(5.0).exp() * 4.0))


def test_a_difference_says_what_was_added_and_what_was_removed():
    x, y = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    first, second = trace((x * y).exp().sum()), trace((x * y).sin().sum())
    found = difference(first, second)
    assert [node.op for node in found.removed] == ["Exp", "Sum"]
    assert [node.op for node in found.added] == ["Sin", "Sum"]
    with pytest.raises(AssertionError, match=r"(?s)graphs differ:.*- n3 = Exp \(2,\).*\+ n3 = Sin"):
        assert_same_graph(first, second)


@pytest.mark.parametrize(
    "other",
    [
        lambda x, y: x - y,
        lambda x, y: y / x,
        lambda x, y: x / x,
        lambda x, y: (x / y) * 1.0,
        lambda x, y: x[:1] / y[:1],
    ],
)
def test_other_operations_operands_and_shapes_are_differences(other):
    x, y = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    assert difference(trace([x, y, x / y]), trace([x, y, other(x, y)]))
    assert not difference(trace([x, y, x / y]), trace([x, y, x / y]))


def test_other_settings_and_dtypes_are_differences():
    x = leaf(np.ones((2, 2)))
    assert difference(trace(x.sum(axis=0)), trace(x.sum(axis=1)))
    assert difference(trace(x.sum()), trace(leaf(np.ones((2, 2), np.float32)).sum()))
