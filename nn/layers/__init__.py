"""Layers, one family a file."""

from .activation import (
    CELU,
    ELU,
    GELU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softmin,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
)
from .attention import MultiheadAttention, TransformerEncoder, TransformerEncoderLayer
from .conv import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, LazyConv1d, LazyConv2d
from .dropout import Dropout, Dropout1d, Dropout2d
from .linear import Affine, Bilinear, Embedding, LazyLinear, Linear
from .norm import BatchNorm1d, BatchNorm2d, GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
from .pool import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d, Upsample
from .recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from .shape import Flatten, Identity, Unflatten

# fmt: off
__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "Affine", "AvgPool1d", "AvgPool2d", "BatchNorm1d", "BatchNorm2d",
    "Bilinear", "CELU", "Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "Dropout", "Dropout1d",
    "Dropout2d", "ELU", "Embedding", "Flatten", "GELU", "GroupNorm", "GRU", "GRUCell", "Hardsigmoid", "Hardswish",
    "Hardtanh", "Identity", "LayerNorm", "LazyConv1d", "LazyConv2d", "LazyLinear", "LeakyReLU", "Linear",
    "LocalResponseNorm", "LogSigmoid", "LogSoftmax", "LSTM", "LSTMCell", "MaxPool1d", "MaxPool2d", "Mish",
    "MultiheadAttention", "PReLU", "ReLU", "ReLU6", "RMSNorm", "RNN", "RNNCell", "SELU", "Sigmoid", "SiLU",
    "Softmax", "Softmin", "Softplus", "Softsign", "Tanh", "Tanhshrink", "TransformerEncoder",
    "TransformerEncoderLayer", "Unflatten", "Upsample",
]
# fmt: on
