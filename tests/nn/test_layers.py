"""Layers: NumPy references and closed forms, finite differences, modes, and what wrong inputs are told."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd_lite as ag
import nn
import nn.functional as F
from autograd_lite.testing import check_gradients, gradcheck


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


# -- Every layer: shapes, dtypes, gradients ---------------------------------------------------------------------------

LAYERS = {
    "Linear": (lambda: nn.Linear(4, 3), (5, 4), (5, 3)),
    "Affine": (lambda: nn.Affine(12, 3), (5, 3, 2, 2), (5, 3)),
    "Conv2d": (lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), 2), (2, 4, 5, 4), (2, 6, 3, 6)),
    "Conv2d same": (lambda: nn.Conv2d(1, 2, (4, 3), padding="same"), (2, 1, 5, 4), (2, 2, 5, 4)),
    "Conv1d": (lambda: nn.Conv1d(2, 3, 3, stride=2, padding=1), (2, 2, 7), (2, 3, 4)),
    "LazyConv1d": (lambda: nn.LazyConv1d(4, 3, groups=2), (2, 2, 7), (2, 4, 5)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(2, 3, (3, 2), 2, output_padding=1), (2, 2, 2, 3), (2, 3, 6, 7)),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(2, 3, 3, stride=2), (2, 2, 3), (2, 3, 7)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2, ceil_mode=True), (2, 2, 5, 3), (2, 2, 3, 2)),
    "MaxPool2d dilated": (lambda: nn.MaxPool2d(2, 1, 1, dilation=(1, 2)), (2, 2, 3, 4), (2, 2, 4, 4)),
    "MaxPool1d": (lambda: nn.MaxPool1d(2), (2, 2, 5), (2, 2, 2)),
    "MaxPool1d dilated": (lambda: nn.MaxPool1d(2, dilation=2), (2, 2, 6), (2, 2, 2)),
    "AvgPool2d": (lambda: nn.AvgPool2d((2, 3), padding=1), (2, 2, 5, 4), (2, 2, 3, 2)),
    "AvgPool1d": (lambda: nn.AvgPool1d(2), (2, 2, 5), (2, 2, 2)),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((2, None)), (2, 2, 5, 3), (2, 2, 2, 3)),
    "AdaptiveAvgPool1d": (lambda: nn.AdaptiveAvgPool1d(3), (2, 2, 7), (2, 2, 3)),
    "Upsample": (lambda: nn.Upsample(scale_factor=2), (1, 2, 2, 3), (1, 2, 4, 6)),
    "Upsample bilinear": (lambda: nn.Upsample(size=(3, 5), mode="bilinear"), (1, 2, 2, 3), (1, 2, 3, 5)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), (6, 3), (6, 3)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(3), (3, 3, 2, 2), (3, 3, 2, 2)),
    "LayerNorm": (lambda: nn.LayerNorm((2, 3)), (4, 2, 3), (4, 2, 3)),
    "RMSNorm": (lambda: nn.RMSNorm(3), (4, 3), (4, 3)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (3, 4, 2), (3, 4, 2)),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(3, 0.5, 0.75, 2.0), (2, 5, 2), (2, 5, 2)),
    "PReLU": (lambda: nn.PReLU(3), (2, 3, 2), (2, 3, 2)),
    "GELU": (nn.GELU, (3, 2), (3, 2)),
    "GELU tanh": (lambda: nn.GELU("tanh"), (3, 2), (3, 2)),
    "RNN": (lambda: nn.RNN(3, 2, nonlinearity="relu"), (4, 2, 3), (4, 2, 2)),
    "LSTM": (lambda: nn.LSTM(3, 2, num_layers=2, bidirectional=True), (3, 2, 3), (3, 2, 4)),
    "GRU": (lambda: nn.GRU(3, 2, batch_first=True), (2, 4, 3), (2, 4, 2)),
    "RNNCell": (lambda: nn.RNNCell(3, 2), (4, 3), (4, 2)),
    "LSTMCell": (lambda: nn.LSTMCell(3, 2), (4, 3), (4, 2)),
    "GRUCell": (lambda: nn.GRUCell(3, 2), (4, 3), (4, 2)),
    "Transformer": (lambda: nn.TransformerEncoderLayer(4, 2, 5, 0.0, batch_first=True), (2, 3, 4), (2, 3, 4)),
    "Transformer norm first": (
        lambda: nn.TransformerEncoderLayer(4, 2, 5, 0.0, "gelu", norm_first=True), (3, 2, 4), (3, 2, 4),
    ),
}  # fmt: skip
PLAIN = """
    ReLU ReLU6 Sigmoid LogSigmoid Tanh Tanhshrink Softsign SiLU Mish Hardsigmoid Hardswish SELU LeakyReLU ELU CELU
    Softplus Hardtanh Softmax Softmin LogSoftmax
"""
LAYERS |= {name: (getattr(nn, name), (3, 2), (3, 2)) for name in PLAIN.split()}


def first(output):
    return output[0] if isinstance(output, tuple) else output


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_gives_its_shape_keeps_float32_and_differentiates_correctly(name):
    make, shape, expected = LAYERS[name]
    nn.manual_seed(0)
    layer = make()
    x = draw(*shape)
    y = first(layer(x.astype(np.float32)))
    assert y.shape == expected
    assert y.dtype == np.float32
    layer.double()
    inputs = nn.Parameter(x)
    cotangent = draw(*expected, seed=1)
    report = check_gradients(
        lambda: (first(layer(inputs)) * cotangent).sum(), [("input", inputs), *layer.named_parameters()]
    )
    assert report.relative_error < 1e-6, report
    if not list(layer.children()) and not isinstance(layer, nn.LazyConv1d):  # that shows what it has become
        assert repr(eval(repr(layer), vars(nn).copy())) == repr(layer)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_leaves_its_input_alone(name):
    make, shape, _ = LAYERS[name]
    x = draw(*shape).astype(np.float32)
    before = x.copy()
    make()(x)
    np.testing.assert_array_equal(x, before)


UNFLATTEN = nn.Unflatten(1, (2, -1)), (3, 4), (3, 2, 2)


@pytest.mark.parametrize("name", [*LAYERS, "Unflatten"])
def test_an_empty_batch_goes_through_forwards_and_backwards(name):
    make, shape, expected = LAYERS.get(name, (lambda: UNFLATTEN[0], *UNFLATTEN[1:]))
    layer = make().eval()
    axis = 1 if name in ("RNN", "LSTM", "Transformer norm first") else 0
    shape, expected = ((*lengths[:axis], 0, *lengths[axis + 1 :]) for lengths in (shape, expected))
    x = ag.Tensor(np.zeros(shape, np.float32), requires_grad=True)
    y = first(layer(x))
    assert y.shape == expected
    y.sum().backward()
    assert x.grad.shape == shape
    assert not any(parameter.grad.data.any() for parameter in layer.parameters())


@pytest.mark.parametrize("name", [*LAYERS, "Dropout", "Dropout2d"])
def test_a_layer_takes_whole_numbers_for_fractions_that_have_none(name):
    make, shape, _ = LAYERS.get(name, (lambda: getattr(nn, name)(rng=0), (3, 2), None))
    whole = np.random.default_rng(1).integers(0, 256, shape)
    for dtype, precision in ((np.int64, 1e-9), (np.uint8, 1e-2)):  # of bytes NumPy's functions are half precision
        outputs = []
        for x in (whole.astype(dtype), whole.astype(float)):
            nn.manual_seed(0)
            outputs.append(first(make().double()(x)).data)
        np.testing.assert_allclose(*outputs, rtol=precision, atol=precision)


# -- Linear maps ------------------------------------------------------------------------------------------------------


def test_first_weights_are_even_within_one_over_the_root_of_the_inputs():
    layer = nn.Linear(400, 300, rng=0)
    for values in (layer.weight.data, layer.bias.data):
        assert abs(values).max() <= 1 / 20
    np.testing.assert_allclose(layer.weight.data.std(), 1 / 20 / math.sqrt(3), rtol=0.01)
    conv = nn.Conv2d(4, 300, 5, groups=2, rng=0)
    np.testing.assert_allclose(conv.weight.data.std(), 1 / math.sqrt(50) / math.sqrt(3), rtol=0.02)


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (2, 0, 4, 3)])
def test_linear_works_on_the_last_axis_in_one_operation(shape):
    layer, x = nn.Linear(3, 2, dtype=np.float64), draw(*shape)
    y = layer(x)
    np.testing.assert_allclose(y.data, x @ layer.weight.data.T + layer.bias.data)
    assert [node.kind for node in ag.graph.trace(y).nodes].count("op") == 1


def test_linear_with_a_bias_that_does_not_fit_does_not_blame_the_input():
    layer = nn.Linear(3, 2)
    layer.bias = nn.Parameter(np.zeros(5))
    with pytest.raises(ag.ShapeError, match=r"weight \(2, 3\) needs a bias of shape \(2,\), not \(5,\)"):
        layer(draw(4, 3))


def test_affine_flattens_what_linear_refuses():
    x = draw(2, 3, 2, 2)
    layer = nn.Affine(12, 5)
    np.testing.assert_allclose(layer(x).data, x.reshape(2, 12) @ layer.weight.data.T + layer.bias.data)
    with pytest.raises(ag.ShapeError, match=r"expected input \(\.\.\., 12\), got \(2, 3, 2, 2\)\. Put a Flatten"):
        nn.Linear(12, 5)(x)


def test_bilinear_is_a_product_of_three():
    layer = nn.Bilinear(2, 3, 4)
    a, b = draw(5, 2), draw(5, 3, seed=1)
    expected = np.einsum("ni,oij,nj->no", a, layer.weight.data, b) + layer.bias.data
    np.testing.assert_allclose(layer(a, b).data, expected)
    with pytest.raises(ag.ShapeError, match="bilinear"):
        layer(a, b[:, :2])


def test_embeddings_look_rows_up_and_padding_is_not_learnt():
    layer = nn.Embedding(5, 3, padding_idx=1)
    y = layer([[0, 1], [4, 4]])
    y.sum().backward()
    np.testing.assert_array_equal(y.data, layer.weight.data[[[0, 1], [4, 4]]])
    np.testing.assert_array_equal(layer.weight.grad.data.sum(axis=1), [3, 0, 0, 0, 6])
    assert not layer.weight.data[1].any()
    with pytest.raises(nn.LabelError, match=r"Embedding: embedding: 5 is out of range: the table has rows 0 to 4"):
        layer([5])
    with pytest.raises(nn.LabelError, match="whole numbers"):
        layer([0.5])


# -- Windows ----------------------------------------------------------------------------------------------------------


@given(size=st.integers(3, 9), kernel=st.integers(1, 5), dilation=st.integers(1, 3))
def test_same_padding_keeps_the_size_and_lines_up_the_centres(size, kernel, dilation):
    delta = np.zeros((1, 1, size, size))
    delta[..., size // 2, size // 2] = 1
    weight = np.zeros((1, 1, kernel, kernel))
    weight[..., (kernel - 1) // 2, (kernel - 1) // 2] = 1
    y = F.conv2d(delta, weight, padding="same", dilation=dilation).data
    # Filters of even length have no middle: the last weight before it stands half a step before the centre.
    before = 0 if kernel % 2 else dilation // 2
    np.testing.assert_array_equal(y, np.roll(delta, before, axis=(2, 3)))


def test_transposed_convolution_is_the_adjoint_of_convolution():
    x, y, w = draw(2, 3, 9, 8), draw(2, 4, 4, 3, seed=1), draw(4, 3, 3, 4, seed=2)
    forwards = F.conv2d(x, w, stride=2).data
    back = F.conv_transpose2d(y, w, stride=2).data
    padded = np.zeros_like(x)
    padded[:, :, : back.shape[2], : back.shape[3]] = back
    np.testing.assert_allclose((forwards * y).sum(), (x * padded).sum())


def test_adaptive_pooling_takes_means_of_its_windows():
    x = draw(2, 3, 7, 5)
    y = nn.AdaptiveAvgPool2d((3, 2))(x).data
    np.testing.assert_allclose(y[:, :, 1, 1], x[:, :, 2:5, 2:5].mean(axis=(2, 3)))
    np.testing.assert_allclose(nn.AdaptiveAvgPool2d(1)(x).data[..., 0, 0], x.mean(axis=(2, 3)))


@given(length=st.integers(1, 60), wanted=st.integers(1, 120))
@example(14, 18)  # 9 / (18 / 14) is less than 7
def test_the_nearest_pixel_is_that_in_which_the_new_one_begins(length, wanted):
    image = np.arange(length).reshape(1, 1, length, 1)
    expected = [i * length // wanted for i in range(wanted)]
    assert F.interpolate(image, (wanted, 1)).flatten(0).tolist() == expected


def test_bilinear_resizing_reproduces_a_plane():
    rows, columns = np.mgrid[:4, :5].astype(float)
    image = (2 * rows - columns)[None, None]
    larger = F.interpolate(image, size=(7, 9), mode="bilinear", align_corners=True).data
    rows, columns = np.mgrid[0:3:7j, 0:4:9j]
    np.testing.assert_allclose(larger[0, 0], 2 * rows - columns, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Conv2d(3, 4, 3)(np.zeros((2, 1, 8, 8))), r"expected input \(N, 3, H, W\), got \(2, 1, 8, 8\)"),
        (lambda: nn.Conv2d(1, 4, 9)(np.zeros((2, 1, 8, 8))), r"Conv2d: .*9"),
        (lambda: nn.Conv1d(3, 4, 3)(np.zeros((2, 3, 8, 8))), r"expected input \(N, 3, L\), got"),
        (lambda: nn.MaxPool2d(3)(np.zeros((2, 2))), r"\(N, C, H, W\), not \(2, 2\)"),
        (lambda: nn.MaxPool2d(2, padding=1, dilation=3)(np.zeros((1, 1, 2, 2))), r"\(3, 3\).*in the padding alone"),
        (lambda: nn.MaxPool2d(2, dilation=3)(np.zeros((1, 1, 2, 2))), "dilation 3, that is 4, does not fit"),
        (lambda: nn.BatchNorm2d(3)(np.zeros((2, 4, 8, 8))), r"expected input \(N, 3, H, W\), got \(2, 4, 8, 8\)"),
        (lambda: nn.LayerNorm(3)(np.zeros((2, 4))), r"expected input \(\.\.\., 3\), got \(2, 4\)"),
        (lambda: nn.LSTM(3, 2)(np.zeros((2, 4, 5))), r"expected input \(L, N, 3\)"),
        (lambda: nn.GRU(3, 2)(np.zeros((2, 4, 3)), np.zeros((1, 2, 2))), r"expected a state of shape \(1, 4, 2\), got"),
        (lambda: nn.MultiheadAttention(4, 2)(*[np.zeros((2, 3, 5))] * 3), r"expected input \(L, N, 4\), got"),
        (lambda: nn.Flatten(3)(np.zeros((2, 3))), r"cannot flatten axes 3 to -1 of input \(2, 3\)"),
    ],
)  # fmt: skip
def test_inputs_of_the_wrong_shape_are_told_the_expected_one(call, message):
    with pytest.raises(ag.ShapeError, match=message):
        call()


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Linear(0, 3),
        lambda: nn.Linear(2.5, 3),
        lambda: nn.Conv2d(3, 4, 3, groups=2),
        lambda: nn.Conv2d(3, 4, (3, 3, 3)),
        lambda: nn.Conv2d(3, 4, (3,)),
        lambda: nn.Conv2d(3, 4, 3.0),
        lambda: nn.LayerNorm(-3),
        lambda: nn.RMSNorm((2, 1.5)),
        lambda: nn.Dropout(1.5),
        lambda: nn.Dropout(np.ones((2, 3))),
        lambda: nn.GELU(np.ones((2, 3))),
        lambda: nn.GroupNorm(3, 4),
        lambda: nn.MultiheadAttention(5, 2),
        lambda: nn.RNN(3, 3, nonlinearity="cube"),
        lambda: nn.TransformerEncoderLayer(4, 2, activation="cube"),
        lambda: nn.Embedding(3, 2, padding_idx=3),
        lambda: nn.GELU("sigmoid"),
        lambda: nn.Upsample(2, mode="cubic"),
        lambda: nn.Upsample(),
        lambda: nn.Upsample(2, 2.0),
        lambda: nn.Upsample((2, 2, 2)),
    ],
)
def test_settings_that_make_no_sense_are_refused_when_the_layer_is_made(make):
    with pytest.raises(nn.SettingError):
        make()


def test_sizes_may_be_whole_numbers_of_numpy():
    n = np.int64(3)
    for layer, shape in (
        (nn.Conv2d(n, n, n, padding=n), (1, 3, 4, 4)),
        (nn.Conv1d(n, n, n, stride=n), (1, 3, 4)),
        (nn.ConvTranspose2d(n, n, n), (1, 3, 2, 2)),
        (nn.LazyConv1d(n, n), (1, 3, 4)),
        (nn.LayerNorm(n), (2, 3)),
        (nn.LayerNorm((2, n)), (2, 3)),
        (nn.RMSNorm(n), (2, 3)),
        (nn.LSTM(n, n, n), (2, 1, 3)),
    ):
        first(layer(np.ones(shape, np.float32))).sum().backward()
        assert all(parameter.grad is not None for parameter in layer.parameters())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x: F.conv2d(x, x, padding="same", dilation=(1, 1, 1)),
            r"dilation must be .* a pair .* not \(1, 1, 1\)",
        ),
        (lambda x: F.conv2d(x, x, padding="same", stride=(1,)), r"stride must be a number or a pair of numbers"),
        (lambda x: F.interpolate(x, (2, 2, 2)), r"size must be a number or a pair of numbers, not \(2, 2, 2\)"),
        (lambda x: F.interpolate(x, scale_factor=(2.0,)), r"scale_factor must be a number or a pair"),
        (lambda x: F.interpolate(x, scale_factor=0.1), "height must be a positive whole number, not 0"),
        (lambda x: F.adaptive_avg_pool2d(x, (1, 2, 3)), "output_size must be a number or a pair"),
        (lambda x: F.adaptive_avg_pool2d(x, (1, 0)), "width must be a positive whole number, not 0"),
    ],
)
def test_lengths_that_are_neither_one_for_both_axes_nor_two_are_refused_by_name(call, message):
    with pytest.raises(nn.SettingError, match=message):
        call(draw(1, 1, 3, 3))


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda n: nn.Conv2d(n, n, n), (3, 3)),
        (lambda n: nn.Conv1d(n, n, n), (3,)),
        (lambda n: nn.ConvTranspose2d(n, n, n), (3, 3)),
        (lambda n: nn.LayerNorm(n), ()),
        (lambda n: nn.RMSNorm(n), ()),
    ],
)
def test_sizes_may_be_numpys_whole_numbers(make, shape):
    images = draw(2, 3, *shape)
    one, other = make(3), make(np.int64(3))
    other.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(one(images).data, other(images).data)


# -- Normalisation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape"), [(nn.BatchNorm1d, (8, 3)), (nn.BatchNorm1d, (4, 3, 5)), (nn.BatchNorm2d, (4, 3, 2, 5))]
)
def test_batch_norm_uses_the_batch_in_training_and_what_it_remembers_afterwards(layer, shape):
    x, norm = 3 + 2 * draw(*shape), layer(3).double()
    axes = (0, *range(2, len(shape)))
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    np.testing.assert_allclose(norm(x).data, (x - mean) / np.sqrt(var + 1e-5))
    n = x.size // 3
    running_mean, running_var = 0.1 * mean.ravel(), 0.9 + 0.1 * var.ravel() * n / (n - 1)
    np.testing.assert_allclose(norm.running_mean.data, running_mean)
    np.testing.assert_allclose(norm.running_var.data, running_var)
    assert norm.num_batches_tracked.item() == 1
    wide = (1, 3) + (1,) * (len(shape) - 2)
    expected = (x - running_mean.reshape(wide)) / np.sqrt(running_var.reshape(wide) + 1e-5)
    np.testing.assert_allclose(norm.eval()(x).data, expected)
    np.testing.assert_allclose(norm(x[:1]).data, expected[:1])  # a batch of one is fine now


def test_batch_norm_can_take_the_mean_of_all_batches():
    norm, batches = nn.BatchNorm1d(2, momentum=None).double(), draw(4, 6, 2)
    for batch in batches:
        norm(batch)
    np.testing.assert_allclose(norm.running_mean.data, batches.mean(axis=(0, 1)))


def test_batch_norm_differentiates_what_it_remembers_as_constants():
    norm = nn.BatchNorm1d(2).double()
    norm(draw(6, 2))
    norm.eval()
    x = nn.Parameter(draw(3, 2, seed=1))
    report = check_gradients(lambda: (norm(x) ** 2).sum(), [("x", x), *norm.named_parameters()])
    assert report.relative_error < 1e-6


def test_a_batch_of_one_is_refused_in_training_before_anything_changes():
    norm = nn.BatchNorm1d(3)
    with pytest.raises(ag.ShapeError, match=r"BatchNorm1d: .*two numbers or more per channel; got input \(1, 3\)"):
        norm(np.zeros((1, 3)))
    assert norm.num_batches_tracked.item() == 0


def test_normalisations_of_single_samples_do_what_they_say():
    x = draw(4, 6, 5)
    y = nn.LayerNorm(5)(x).data
    np.testing.assert_allclose(y.mean(-1), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(-1), 1, rtol=1e-3)
    np.testing.assert_allclose((nn.RMSNorm(5)(x).data ** 2).mean(-1), 1)
    groups = nn.GroupNorm(3, 6)(x).data.reshape(4, 3, -1)
    np.testing.assert_allclose(groups.mean(-1), 0, atol=1e-12)
    np.testing.assert_allclose(groups.var(-1), 1, rtol=1e-3)


@pytest.mark.parametrize("norm", [F.rms_norm, F.layer_norm])
def test_normalisations_in_half_precision_hold_what_their_squares_would_exceed(norm):
    values = np.float16([[300.0, -200.0, 100.0], [1e-4, 2e-4, -3e-4]])
    x = ag.Tensor(values, requires_grad=True)
    y = norm(x, 3, weight=np.float16([1.0, 2.0, 3.0]), eps=1e-9)
    assert y.dtype == np.float16
    expected = norm(values.astype(float), 3, weight=[1.0, 2.0, 3.0], eps=1e-9).data
    np.testing.assert_allclose(y.data, expected, rtol=2e-3)
    y.sum().backward()
    assert np.isfinite(x.grad.data).all()


def test_local_response_normalisation_is_that_of_the_2012_paper():
    a, k, n, alpha, beta = draw(2, 7, 3, 3), 2.0, 5, 1e-2, 0.75
    expected = np.empty_like(a)
    for i in range(7):
        near = a[:, max(0, i - n // 2) : min(6, i + n // 2) + 1]
        expected[:, i] = a[:, i] / (k + alpha * (near**2).sum(axis=1)) ** beta
    np.testing.assert_allclose(nn.LocalResponseNorm(n, alpha * n, beta, k)(a).data, expected)


# -- Dropout ----------------------------------------------------------------------------------------------------------


@given(p=st.sampled_from([0.1, 0.25, 0.5, 0.9]))
def test_dropout_drops_its_share_and_keeps_the_mean(p):
    y = nn.Dropout(p, rng=0)(np.ones((200, 200))).data
    values = np.unique(y)
    np.testing.assert_allclose(values, [0, 1 / (1 - p)])
    np.testing.assert_allclose((y == 0).mean(), p, atol=0.01)


def test_dropout_does_nothing_in_eval_mode_and_drops_the_same_in_backward():
    x = ag.Tensor(np.ones(100), requires_grad=True)
    layer = nn.Dropout(0.5, rng=1)
    y = layer(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, y.data)
    assert layer.eval()(x) is x
    assert not nn.Dropout(1.0)(np.ones(3)).data.any()


DROPPING = {
    "Dropout": (lambda rng: nn.Dropout(0.5, rng=rng), 1),
    "MultiheadAttention": (lambda rng: nn.MultiheadAttention(4, 2, 0.5, rng=rng), 3),
    "TransformerEncoderLayer": (lambda rng: nn.TransformerEncoderLayer(4, 2, 8, 0.5, rng=rng), 1),
    "RNN": (lambda rng: nn.RNN(4, 3, 2, dropout=0.5, rng=rng), 1),
    "LSTM": (lambda rng: nn.LSTM(4, 3, 2, dropout=0.5, rng=rng), 1),
}


@pytest.mark.parametrize("name", DROPPING)
def test_layers_drop_what_the_generator_says_that_they_were_given(name):
    make, inputs = DROPPING[name]
    x = draw(6, 4, 4).astype(np.float32)
    results = []
    for shared in (1, 2):
        nn.manual_seed(shared)
        layer = make(7)
        results.append([first(layer(*(x,) * inputs)).data for _ in range(2)])
    np.testing.assert_array_equal(results[0], results[1])
    assert (results[0][0] != results[0][1]).any()  # it goes on, rather than begin again


def test_the_layers_of_an_encoder_draw_one_after_the_other():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.5, rng=0), 2)
    drops = [layer.dropout1(np.ones(64)).data for layer in encoder.layers]
    assert (drops[0] != drops[1]).any()
    assert encoder.layers[0].linear1.weight is not encoder.layers[1].linear1.weight


def test_channels_are_dropped_whole():
    for layer in (nn.Dropout1d(0.5, rng=0), nn.Dropout2d(0.5, rng=0)):
        y = layer(np.ones((8, 16, 3, 3))).data.reshape(8 * 16, 9)
        assert (y == y[:, :1]).all()
        assert 0 < (y[:, 0] == 0).mean() < 1


# -- Activations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "formula"),
    [
        (F.leaky_relu, lambda x: np.where(x > 0, x, 0.01 * x)),
        (F.elu, lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)),
        (F.celu, lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)),
        (F.gelu, lambda x: x * np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x])),
        (F.silu, lambda x: x / (1 + np.exp(-x))),
        (F.softplus, lambda x: np.log1p(np.exp(x))),
        (F.logsigmoid, lambda x: -np.log1p(np.exp(-x))),
        (F.mish, lambda x: x * np.tanh(np.log1p(np.exp(x)))),
        (F.softsign, lambda x: x / (1 + abs(x))),
        (F.relu6, lambda x: np.clip(x, 0, 6)),
        (F.hardsigmoid, lambda x: np.clip(x / 6 + 0.5, 0, 1)),
        (F.hardswish, lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
        (F.hardtanh, lambda x: np.clip(x, -1, 1)),
        (F.step, lambda x: (x > 0).astype(float)),
        (F.tanhshrink, lambda x: x - np.tanh(x)),
    ],
)
def test_an_activation_equals_its_formula(function, formula):
    x = np.linspace(-7, 7, 57)
    np.testing.assert_allclose(function(x).data, formula(x), rtol=1e-12, atol=1e-14)


def test_activations_never_overflow():
    x = np.array([-1e4, -800.0, 0.0, 800.0, 1e4])
    for function in (F.sigmoid, F.logsigmoid, F.softplus, F.elu, F.selu, F.gelu, F.mish, F.silu, F.softmax):
        t = ag.Tensor(x, requires_grad=True)
        y = function(t)
        y.sum().backward()
        assert np.isfinite(y.data).all()
        assert np.isfinite(t.grad.data).all()


# -- Sequences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("layer", "cell"), [(nn.RNN, nn.RNNCell), (nn.LSTM, nn.LSTMCell), (nn.GRU, nn.GRUCell)])
def test_a_recurrent_layer_applies_its_cell_at_each_step_in_both_directions(layer, cell):
    whole = layer(3, 2, bidirectional=True).double()
    x, outputs = draw(4, 5, 3), []
    y, _ = whole(x)
    for suffix, order in (("_l0", range(4)), ("_l0_reverse", reversed(range(4)))):
        single = cell(3, 2).double()
        state = whole.state_dict()
        single.load_state_dict({name: state[name + suffix] for name in single.state_dict()})
        memory, steps = None, {}
        for t in order:
            memory = single(x[t], memory)
            steps[t] = memory[0].data if isinstance(memory, tuple) else memory.data
        outputs.append(np.stack([steps[t] for t in range(4)]))
    np.testing.assert_allclose(y.data, np.concatenate(outputs, axis=-1))


@pytest.mark.parametrize("layer", [nn.RNN, nn.LSTM, nn.GRU])
def test_a_sequence_may_come_in_parts_alone_or_with_the_batch_first(layer):
    net = layer(3, 2, num_layers=2).double()
    x = draw(6, 4, 3)
    y, last = net(x)
    half, memory = net(x[:3])
    rest, end = net(x[3:], memory)
    np.testing.assert_allclose(np.concatenate([half.data, rest.data]), y.data)
    np.testing.assert_allclose(first(end).data, first(last).data)
    np.testing.assert_allclose(net(x[:, 1])[0].data, y.data[:, 1])
    net.batch_first = True
    np.testing.assert_allclose(net(x.swapaxes(0, 1))[0].data, y.data.swapaxes(0, 1))


def test_attention_is_a_mean_of_values_weighted_by_softmax():
    q, k, v = draw(2, 3, 4), draw(2, 5, 4, seed=1), draw(2, 5, 6, seed=2)
    scores = np.exp(q @ k.swapaxes(1, 2) / 2)
    weights = scores / scores.sum(-1, keepdims=True)
    np.testing.assert_allclose(F.scaled_dot_product_attention(q, k, v).data, weights @ v)


def test_masks_hide_positions():
    layer = nn.MultiheadAttention(4, 2, batch_first=True).double()
    x = draw(2, 5, 4)
    future = ~np.tri(5, dtype=bool)
    y, weights = layer(x, x, x, attn_mask=future)
    assert not weights.data[:, future].any()
    np.testing.assert_allclose(layer(x, x, x, is_causal=True)[0].data, y.data)
    np.testing.assert_allclose(layer(x[:, :2], x[:, :2], x[:, :2], attn_mask=future[:2, :2])[0].data, y.data[:, :2])
    padding = np.array([[False] * 5, [False, False, False, True, True]])
    y, weights = layer(x, x, x, key_padding_mask=padding, average_attn_weights=False)
    assert weights.shape == (2, 2, 5, 5)
    np.testing.assert_allclose(y.data[1], layer(x[1:], x[1:, :3], x[1:, :3])[0].data[0])


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"attn_mask": np.ones((5, 1), bool)}, r"attn_mask: expected shape \(5, 5\) or \(4, 5, 5\), got \(5, 1\)"),
        ({"attn_mask": np.ones((2, 5, 5), bool)}, r"attn_mask: expected .* got \(2, 5, 5\)"),
        ({"key_padding_mask": np.zeros((1, 5), bool)}, r"key_padding_mask: expected shape \(2, 5\), got \(1, 5\)"),
        ({"key_padding_mask": np.zeros(5, bool)}, r"key_padding_mask: expected .* got \(5,\)"),
        ({"attn_mask": np.triu(np.ones((5, 5), int), 1)}, "attn_mask of whole numbers .* booleans"),
        ({"key_padding_mask": np.zeros((2, 5), int)}, "key_padding_mask of whole numbers"),
    ],
)
def test_masks_that_do_not_fit_or_could_mean_two_things_are_refused_by_name(masks, message):
    x = draw(2, 5, 4)
    with pytest.raises(ag.AutogradError, match=message):
        nn.MultiheadAttention(4, 2, batch_first=True).double()(x, x, x, **masks)


def test_masks_of_the_function_are_refused_where_they_would_add_axes_or_whole_numbers():
    x = draw(2, 5, 4)
    with pytest.raises(ag.ShapeError, match=r"attn_mask of shape \(2, 1, 5, 5\) .* \(2, 5, 5\)"):
        F.scaled_dot_product_attention(x, x, x, np.ones((2, 1, 5, 5), bool))
    with pytest.raises(ag.DTypeError, match="attn_mask of whole numbers"):
        F.scaled_dot_product_attention(x, x, x, np.tri(5, dtype=int))


def test_scores_that_are_added_as_a_mask_can_be_learnt():
    layer, x = nn.MultiheadAttention(4, 2, batch_first=True).double(), draw(2, 5, 4)
    padding = np.array([[False] * 5, [False, False, False, True, True]])
    for shape in [(5, 5), (4, 5, 5)]:
        assert gradcheck(lambda bias: layer(x, x, x, padding, attn_mask=bias)[0], draw(*shape, seed=1))


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_causal_attention_never_sees_the_future_whatever_other_masks_there_are(masked, padded):
    x, future = draw(2, 5, 4), ~np.tri(5, dtype=bool)
    mask = draw(5, 5, seed=1) if masked else None
    padding = np.array([[False] * 5, [False, False, True, False, True]]) if padded else None
    layer = nn.MultiheadAttention(4, 2, batch_first=True).double()
    _, weights = layer(x, x, x, padding, attn_mask=mask, is_causal=True)
    assert not weights.data[:, future].any()
    both = np.where(future, -np.inf, 0.0 if mask is None else mask)
    np.testing.assert_allclose(weights.data, layer(x, x, x, padding, attn_mask=both)[1].data)
    block = nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True).double()
    changed = np.concatenate([x[:, :3], draw(2, 2, 4, seed=2)], axis=1)
    before, after = (block(each, mask, padding, is_causal=True).data for each in (x, changed))
    np.testing.assert_allclose(before[:, :3], after[:, :3])


def test_what_may_attend_to_nothing_gets_zeros_and_spoils_no_gradient():
    q, k, v = (ag.Tensor(draw(3, 4, seed=i), requires_grad=True) for i in range(3))
    mask = np.array([[True, True, False], [False, False, False], [True, True, True]])
    for hiding in (mask, np.where(mask, 0.0, -np.inf)):
        y = F.scaled_dot_product_attention(q, k, v, hiding)
        assert y[1].tolist() == [0.0] * 4
        np.testing.assert_allclose(y[0].data, F.scaled_dot_product_attention(q[:1], k[:2], v[:2])[0].data)
        y.sum().backward()
        assert all(np.isfinite(x.grad.data).all() for x in (q, k, v))
    layer = nn.TransformerEncoderLayer(4, 2, 5, 0.0, batch_first=True)
    padding = np.array([[False, True, True], [True, True, True]])  # the second sample is empty
    layer(draw(2, 3, 4), None, padding).sum().backward()
    assert all(np.isfinite(parameter.grad.data).all() for parameter in layer.parameters())


def test_an_encoder_stacks_independent_copies():
    block = nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True)
    encoder = nn.TransformerEncoder(block, 2, nn.LayerNorm(4))
    assert encoder(draw(2, 3, 4).astype(np.float32)).shape == (2, 3, 4)
    assert len(list(encoder.parameters())) == 2 * len(list(block.parameters())) + 2
    assert "layers.1.self_attn.in_proj_weight" in encoder.state_dict()
