"""Networks on autograd_lite: layers, losses, optimisers, data and training, under PyTorch's names."""

from importlib import import_module
from typing import TYPE_CHECKING

from autograd_lite.profiling import tell_apart

from . import callbacks, functional, init, metrics, optim, utils
from .containers import ModuleDict, ModuleList, Sequential
from .errors import LabelError, SettingError, StateError
from .layers import (
    CELU,
    ELU,
    GELU,
    GRU,
    LSTM,
    RNN,
    SELU,
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    Affine,
    AvgPool1d,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Bilinear,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Dropout,
    Dropout1d,
    Dropout2d,
    Embedding,
    Flatten,
    GroupNorm,
    GRUCell,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Identity,
    LayerNorm,
    LazyConv1d,
    LazyConv2d,
    LazyLinear,
    LeakyReLU,
    Linear,
    LocalResponseNorm,
    LogSigmoid,
    LogSoftmax,
    LSTMCell,
    MaxPool1d,
    MaxPool2d,
    Mish,
    MultiheadAttention,
    PReLU,
    ReLU,
    ReLU6,
    RMSNorm,
    RNNCell,
    Sigmoid,
    SiLU,
    Softmax,
    Softmin,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
    TransformerEncoder,
    TransformerEncoderLayer,
    Unflatten,
    Upsample,
)
from .losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CosineEmbeddingLoss,
    CrossEntropyLoss,
    HingeEmbeddingLoss,
    HingeLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
    SumSquaredErrorLoss,
    TripletMarginLoss,
)
from .module import Module
from .parameter import Buffer, Parameter
from .pickles import load_pickle
from .random import generator, get_rng_state, manual_seed, set_rng_state
from .rates import RateTrial, find_learning_rate
from .saving import load, load_checkpoint, save, save_checkpoint
from .summary import summary
from .training import Run, evaluate, evaluating, fit, predict, train_step

if TYPE_CHECKING:
    from . import data, plots

tell_apart(Module, "__call__")
tell_apart(optim.Optimizer, "step", operation=True)

# fmt: off
__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "Affine", "AvgPool1d", "AvgPool2d", "BatchNorm1d", "BatchNorm2d",
    "BCELoss", "BCEWithLogitsLoss", "Bilinear", "Buffer", "callbacks", "CELU", "Conv1d", "Conv2d",
    "ConvTranspose1d", "ConvTranspose2d", "CosineEmbeddingLoss", "CrossEntropyLoss", "data", "Dropout", "Dropout1d",
    "Dropout2d", "ELU", "Embedding", "evaluate", "evaluating", "find_learning_rate", "fit", "Flatten", "functional",
    "GELU", "generator", "get_rng_state", "GroupNorm", "GRU", "GRUCell", "Hardsigmoid", "Hardswish", "Hardtanh",
    "HingeEmbeddingLoss", "HingeLoss", "HuberLoss", "Identity", "init", "KLDivLoss", "L1Loss", "LabelError",
    "LayerNorm", "LazyConv1d", "LazyConv2d", "LazyLinear", "LeakyReLU", "Linear", "load", "load_checkpoint",
    "load_pickle", "LocalResponseNorm", "LogSigmoid", "LogSoftmax", "LSTM", "LSTMCell", "manual_seed", "MaxPool1d",
    "MaxPool2d", "metrics", "Mish", "Module", "ModuleDict", "ModuleList", "MSELoss", "MultiheadAttention",
    "NLLLoss", "optim", "Parameter", "plots", "predict", "PReLU", "RateTrial", "ReLU", "ReLU6", "RMSNorm", "RNN",
    "RNNCell", "Run", "save", "save_checkpoint", "SELU", "Sequential", "set_rng_state", "SettingError", "Sigmoid",
    "SiLU", "SmoothL1Loss", "Softmax", "Softmin", "Softplus", "Softsign", "StateError", "summary",
    "SumSquaredErrorLoss", "Tanh", "Tanhshrink", "train_step", "TransformerEncoder", "TransformerEncoderLayer",
    "TripletMarginLoss", "Unflatten", "Upsample", "utils",
]
# fmt: on


def __getattr__(name: str) -> object:
    """Submodules that are worth their import time only where they are used."""
    if name in ("data", "plots"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """All names, those included that wait to be used."""
    return sorted({*globals(), *__all__})
