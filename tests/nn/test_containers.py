"""Rows and dicts of modules: they change as lists and dicts do, and keep names, order and what they held."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn


def test_lists_and_dicts_of_modules_register_what_they_hold():
    blocks = nn.ModuleList([nn.Linear(2, 2), nn.ReLU()])
    blocks.insert(1, nn.Tanh())
    blocks.append(nn.Linear(2, 3))
    assert [type(block).__name__ for block in blocks] == ["Linear", "Tanh", "ReLU", "Linear"]
    assert isinstance(blocks[-1], nn.Linear)
    assert len(blocks[1:3]) == 2
    assert "3.weight" in blocks.state_dict()
    heads = nn.ModuleDict({"a": nn.Linear(2, 2)})
    heads["b"] = nn.ReLU()
    assert list(heads) == ["a", "b"]
    assert "b" in heads
    del heads["a"]
    assert list(heads.parameters()) == []
    with pytest.raises(KeyError, match="has an attribute 'keys' already"):
        heads["keys"] = nn.ReLU()
    with pytest.raises(TypeError, match="holds modules"):
        blocks.append(3)


def answers(row):
    return [float(part([1.0])) for part in row]


class Times(nn.Module):
    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        return x[0] * self.factor


@pytest.mark.parametrize("make", [nn.ModuleList, lambda row: nn.Sequential(*row)])
@given(data=st.data())
def test_a_row_of_modules_changes_as_a_list_does_and_keeps_its_numbers(make, data):
    start = data.draw(st.lists(st.integers(0, 9), max_size=4))
    row, expected = make(map(Times, start)), list(start)
    for factor in range(10, 14):
        at = data.draw(st.integers(-len(expected), len(expected) - 1)) if expected else 0
        match data.draw(st.sampled_from(["append", "insert", "set", "delete", "cut"] if expected else ["append"])):
            case "append":
                row.append(Times(factor))
                expected.append(factor)
            case "insert":
                row.insert(at, Times(factor))
                expected.insert(at, factor)
            case "set":
                row[at] = Times(factor)
                expected[at] = factor
            case "delete":
                del row[at]
                del expected[at]
            case "cut":
                del row[at::2]
                del expected[at::2]
        assert answers(row) == expected
        assert [name for name, _ in row.named_children()] == [str(i) for i in range(len(expected))]
        assert answers(row[::-1]) == expected[::-1]


def test_modules_in_a_row_keep_the_names_they_were_given():
    row = nn.Sequential({"a": Times(0), "b": Times(1)})
    row[0] = Times(2)
    row.append(Times(3))
    row.insert(0, Times(4))
    assert [name for name, _ in row.named_children()] == ["0", "a", "b", "3"]
    assert answers(row) == [4, 2, 1, 3]
    assert [name for name, _ in row[1:3].named_children()] == ["a", "b"]
    del row[1]
    assert [name for name, _ in row.named_children()] == ["0", "b", "2"]
    numbered = nn.Sequential({"1": Times(0)})
    numbered.append(Times(1))
    assert answers(numbered) == [0, 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda row, heads: row.append("x"),
        lambda row, heads: row.extend([nn.ReLU(), "x"]),
        lambda row, heads: row.insert(0, "x"),
        lambda row, heads: row.__setitem__(0, None),
        lambda row, heads: row.__setitem__(0, "x"),
        lambda row, heads: heads.__setitem__("q", 3),
        lambda row, heads: heads.update({"p": nn.ReLU(), "q": None}),
        lambda row, heads: heads.add_module("q", 3),
        lambda row, heads: nn.Sequential({"q": 3}),
    ],
)
def test_containers_refuse_what_is_no_module_before_anything_changes(change):
    row, heads = nn.ModuleList([nn.ReLU(), nn.Tanh()]), nn.ModuleDict({"a": nn.ReLU()})
    before = vars(row).copy(), vars(heads).copy()
    with pytest.raises(TypeError, match="holds modules, not (str|int|NoneType)"):
        change(row, heads)
    assert (vars(row), vars(heads)) == before


def test_only_modules_can_be_deleted_from_a_dict_of_modules():
    heads = nn.ModuleDict({"a": nn.ReLU()}).eval()
    for name in ("b", "training"):
        with pytest.raises(KeyError, match=name):
            del heads[name]
    assert not heads.training
