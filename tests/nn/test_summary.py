"""The table of a model's layers."""

import numpy as np
import pytest

import autograd_lite as ag
import nn


def simple_conv_net():
    return nn.Sequential(
        nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4320, 100), nn.ReLU(),
        nn.Linear(100, 10),
    )  # fmt: skip


def test_the_books_convolutional_network_has_433_890_parameters_and_the_books_shapes():
    report = nn.summary(simple_conv_net(), (100, 1, 28, 28))
    assert report.parameters == report.trainable == 433_890
    shapes = {row.kind: row.shape for row in reversed(report.rows)}
    assert shapes["Conv2d"] == (100, 30, 24, 24)
    assert shapes["MaxPool2d"] == (100, 30, 12, 12)
    assert [row.name for row in report.rows] == list("0123456")


@pytest.mark.parametrize(
    ("layer", "shape", "products"),
    [
        (nn.Linear(7, 5), (2, 3, 7), 2 * 3 * 5 * 7),
        (nn.Conv2d(4, 6, (3, 2), stride=2, groups=2), (5, 4, 9, 8), 5 * (6 * 4 * 4) * (2 * 3 * 2)),
        (nn.ConvTranspose2d(4, 6, 3, stride=2), (5, 4, 9, 8), (5 * 4 * 9 * 8) * (6 * 3 * 3)),
        (nn.Conv1d(3, 4, 5), (2, 3, 20), (2 * 4 * 16) * (3 * 5)),
        (nn.LayerNorm((3, 4)), (2, 3, 4), 0),
        (nn.BatchNorm2d(3), (2, 3, 4, 4), 0),
        (nn.ReLU(), (2, 3), 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_multiply_adds_are_products_of_inputs_with_weights(layer, shape, products):
    report = nn.summary(layer, shape)
    assert report.multiply_adds == products
    assert report.rows[0].shape == layer.eval()(np.zeros(shape, np.float32)).shape


def test_looked_up_weights_cost_no_products():
    report = nn.summary(nn.Embedding(10, 4), (2, 3), dtype=np.int64)
    assert report.rows[0].shape == (2, 3, 4)
    assert (report.parameters, report.multiply_adds) == (40, 0)


def test_memory_is_counted_in_bytes_of_the_dtype():
    for dtype, width in ((np.float32, 4), (np.float64, 8)):
        report = nn.summary(nn.Linear(3, 5, dtype=dtype), (7, 3))
        assert report.memory == 7 * 5 * width
        assert report.parameter_memory == 20 * width


def test_shared_and_frozen_parameters_are_counted_once_and_told_apart():
    shared = nn.Linear(4, 4)
    model = nn.Sequential(shared, nn.ReLU(), shared, nn.Linear(4, 2))
    shared.requires_grad_(False)
    report = nn.summary(model, (1, 4))
    assert [row.parameters for row in report.rows] == [20, 0, 0, 10]
    assert (report.parameters, report.trainable) == (30, 10)
    assert "10 parameters are trained, 20 frozen" in str(report)


def test_layers_are_named_by_their_path_and_models_may_take_several_inputs():
    class Siamese(nn.Module):
        def __init__(self):
            self.branch = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
            self.head = nn.Bilinear(4, 4, 2)

        def forward(self, a, b):
            return self.head(self.branch(a), self.branch(b))

    report = nn.summary(Siamese(), [(5, 3), (5, 3)])
    assert [row.name for row in report.rows] == ["branch.0", "branch.1", "branch.0", "branch.1", "head"]
    assert report.rows[-1].multiply_adds == 5 * 2 * 4 * 4


def test_the_model_is_left_as_it_was_also_if_the_shape_does_not_fit():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    model[1].eval()
    before, random = model.state_dict(), nn.get_rng_state()
    nn.summary(model, (2, 3))
    with pytest.raises(ValueError, match=r"expected input \(..., 3\)"):
        nn.summary(model, (2, 5))
    assert [part.training for part in model.modules()] == [True, True, False, True]
    assert all((value == before[name]).all() for name, value in model.state_dict().items())
    assert nn.get_rng_state() == random
    called = []
    model[0].register_forward_hook(lambda *call: called.append(call))
    assert ag.Tensor(model(np.ones((2, 3), np.float32))).shape == (2, 4)
    assert len(called) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (784, "not int 784"),
        (np.zeros((5, 1, 28, 28), np.float32), r"not ndarray \(5, 1, 28, 28\)"),
        (np.zeros((5, 784), np.uint8), r"not ndarray \(5, 784\)"),
        (ag.Tensor(np.zeros((5, 784))), r"not Tensor \(5, 784\)"),
        ((5.0, 784), "such as"),
        ("5, 784", "not str 5, 784"),
    ],
)
def test_what_is_no_shape_is_refused(given, said):
    with pytest.raises(nn.SettingError, match=rf"input_shape is the shape of a batch, .*{said}"):
        nn.summary(simple_conv_net(), given)


def test_the_table_lines_up_and_ends_with_the_totals():
    lines = str(nn.summary(simple_conv_net(), (1, 1, 28, 28))).splitlines()
    assert len({len(line) for line in lines[:-1]}) == 1
    assert lines[-2].split()[:3] == ["total", "433,890", "865,000"]
