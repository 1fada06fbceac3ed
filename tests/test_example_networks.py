"""The networks of the examples against arithmetic by hand, and chapter 3 with weights from a pickle as the book's."""

import pickle
import re

import numpy as np
import pytest

import nn

# -- AlexNet ----------------------------------------------------------------------------------------------------------

WITH_227 = {
    "conv1": (96, 55, 55), "pool1": (96, 27, 27), "conv2": (256, 27, 27), "pool2": (256, 13, 13),
    "conv3": (384, 13, 13), "conv4": (384, 13, 13), "conv5": (256, 13, 13), "pool5": (256, 6, 6),
    "flatten": (9216,), "fc6": (4096,), "fc7": (4096,), "fc8": (1000,),
}  # fmt: skip
WITH_224 = {
    "conv1": (48, 54, 54), "pool1": (48, 27, 27), "conv2": (128, 23, 23), "pool2": (128, 12, 12),
    "conv3": (192, 10, 10), "conv4": (192, 8, 8), "conv5": (128, 6, 6), "pool5": (128, 3, 3),
    "flatten": (1152,), "fc6": (2048,), "fc7": (2048,), "fc8": (1000,),
}  # fmt: skip
DENSE = {"fc6": 4096 * 9216 + 4096, "fc7": 4096 * 4096 + 4096, "fc8": 1000 * 4096 + 1000}
PARAMETERS = {
    "lrn": {
        "conv1": 96 * 3 * 121 + 96, "conv2": 256 * 48 * 25 + 256, "conv3": 384 * 256 * 9 + 384,
        "conv4": 384 * 192 * 9 + 384, "conv5": 256 * 192 * 9 + 256, **DENSE,
    },
    "bn": {
        "conv1": 96 * 3 * 121 + 96, "bn1": 2 * 96, "conv2": 256 * 96 * 25 + 256, "bn2": 2 * 256,
        "conv3": 384 * 256 * 9 + 384, "conv4": 384 * 384 * 9 + 384, "conv5": 256 * 384 * 9 + 256, **DENSE,
    },
    "keras": {
        "conv1": 48 * 3 * 121 + 48, "bn1": 96, "conv2": 128 * 48 * 25 + 128, "bn2": 256,
        "conv3": 192 * 128 * 9 + 192, "bn3": 384, "conv4": 192 * 192 * 9 + 192, "bn4": 384,
        "conv5": 128 * 192 * 9 + 128, "bn5": 256,
        "fc6": 2048 * 1152 + 2048, "fc7": 2048 * 2048 + 2048, "fc8": 1000 * 2048 + 1000,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PARAMETERS)
def test_alexnet_has_the_shapes_and_parameters_that_arithmetic_gives(example, name):
    make, side, _ = example("alexnet").MODELS[name]
    report = nn.summary(make(), (1, 3, side, side))
    rows = {row.name: row for row in report.rows}
    shapes = WITH_224 if name == "keras" else WITH_227
    assert {layer: rows[layer].shape[1:] for layer in shapes} == shapes
    assert {layer: row.parameters for layer, row in rows.items() if row.parameters} == PARAMETERS[name]
    assert report.parameters == sum(PARAMETERS[name].values())


def test_the_totals_in_the_docstring_of_alexnet_are_right(example):
    (line,) = re.findall(r"^ +total +(.+)$", example("alexnet").__doc__, re.MULTILINE)
    assert [int(n.replace(",", "")) for n in line.split()] == [sum(PARAMETERS[n].values()) for n in PARAMETERS]


def test_responses_of_alexnet_2012_are_normalised_by_the_formula_of_the_paper(example):
    layer = example("alexnet").alexnet_2012(classes=1).norm1
    x = np.random.default_rng(0).normal(scale=30, size=(2, 9, 3, 3))
    expected = np.empty_like(x)
    for i in range(9):
        squares = (x[:, max(0, i - 2) : i + 3] ** 2).sum(axis=1)
        expected[:, i] = x[:, i] / (2 + 1e-4 * squares) ** 0.75
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-12)


# -- Chapter 3 --------------------------------------------------------------------------------------------------------


def test_weights_in_a_pickle_laid_out_as_the_books_become_those_of_the_network(example, tmp_path):
    script = example("ch03_inference")
    shipped = script.weights(None)
    book = {f"W{i}": shipped[f"{2 * i - 1}.weight"].T for i in (1, 2, 3)}
    book |= {f"b{i}": shipped[f"{2 * i - 1}.bias"] for i in (1, 2, 3)}
    assert [book[f"W{i}"].shape for i in (1, 2, 3)] == [(784, 50), (50, 100), (100, 10)]
    path = tmp_path / "weights.pkl"
    path.write_bytes(pickle.dumps(book))
    found = script.weights(str(path))
    assert found.keys() == shipped.keys()
    assert all(np.array_equal(found[key], shipped[key]) for key in shipped)


def test_a_pickle_that_wants_to_run_something_is_refused(example, tmp_path):
    path = tmp_path / "weights.pkl"
    path.write_bytes(pickle.dumps({"W1": print}))
    with pytest.raises(nn.StateError, match="only arrays"):
        example("ch03_inference").weights(str(path))
