"""What layers and losses show of their settings: enough to make them again."""

import re

import pytest

import autograd_lite as ag
import nn

SETTINGS = """
    Linear(3, 2, bias=False) Bilinear(2, 3, 4, bias=False) Embedding(4, 3, padding_idx=1)
    Conv1d(4, 6, 3, 2, 1, 2, 2, False) Conv2d(4, 6, (3, 2), padding='same', dilation=(1, 2))
    ConvTranspose2d(4, 6, (3, 2), 3, 1, (1, 2), 2, False, 4) ConvTranspose1d(2, 2, 3, 2, output_padding=1)
    MaxPool1d(3, 1, 1, True, 2) AvgPool2d((2, 3), (2, 1), 1, True, False) AvgPool1d(3, count_include_pad=False)
    AdaptiveAvgPool2d((None, 2)) Upsample((2, 3)) Upsample(None, 2.0, 'bilinear', True)
    BatchNorm1d(3, 1e-3, None, False, False) BatchNorm2d(3, momentum=0.5) LayerNorm((2, 3), 1e-3, bias=False)
    LayerNorm(3, elementwise_affine=False) RMSNorm(3, 1e-3, False) GroupNorm(2, 4, 1e-3, False)
    LocalResponseNorm(3, 1e-3, 0.5, 2.0) Dropout(0.25) Dropout2d(0.1) Flatten(2, 3) Unflatten(1, (2, 3))
    GELU('tanh') LeakyReLU(0.5) PReLU(3) ELU(2.0) CELU(2.0) Softplus(2.0) Hardtanh(-2.0, 3.0) Softmax(1)
    RNNCell(3, 2, False, 'relu') LSTMCell(3, 2, False) GRU(3, 2, dropout=0.5)
    RNN(3, 2, 2, 'relu', False, True, 0.5, True)
    CrossEntropyLoss(None, -1, 'sum', 0.5) NLLLoss(None, 3, 'none') HuberLoss('sum', 2.0) SmoothL1Loss('mean', 2.0)
    BCELoss(None, 'sum') KLDivLoss('batchmean', True) HingeLoss(2.0) HingeEmbeddingLoss(2.0, 'sum')
    CosineEmbeddingLoss(0.5) TripletMarginLoss(2.0, 1.0, 1e-3, True, 'none') MSELoss() SumSquaredErrorLoss()
"""
LAYERS = re.findall(r"\w+\((?:[^()]|\([^()]*\))*\)", SETTINGS)


def settings(layer):
    held = {name: value.shape if isinstance(value, ag.Tensor) else value for name, value in vars(layer).items()}
    return type(layer), {name: value for name, value in held.items() if not name.startswith("_")}


def make(text):
    return eval(text, vars(nn).copy())


@pytest.mark.parametrize("text", LAYERS)
def test_what_repr_shows_makes_a_layer_with_the_same_settings(text):
    layer = make(text)
    again = make(repr(layer))
    assert settings(again) == settings(layer)
    assert repr(again) == repr(layer)


def test_settings_that_are_the_default_are_not_shown():
    for text in ("Linear(3, 2)", "BatchNorm1d(3)", "GRU(3, 2)", "CrossEntropyLoss()", "KLDivLoss()", "Flatten()"):
        assert repr(make(text)) == text


def test_layers_of_parts_show_their_settings_too():
    shown = repr(nn.MultiheadAttention(4, 2, 0.5, bias=False, batch_first=True))
    assert shown.startswith("MultiheadAttention(4, 2, dropout=0.5, bias=False, batch_first=True\n  (out_proj): Linear")
