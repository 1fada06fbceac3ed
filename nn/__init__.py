"""Networks on autograd_lite: layers, losses, optimisers, data and training, under PyTorch's names."""

from . import callbacks, data, functional, init, metrics, optim
from .containers import ModuleDict, ModuleList, Sequential
from .errors import LabelError, SettingError, StateError
from .layers import (
    CELU,
    ELU,
    GELU,
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
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Identity,
    LayerNorm,
    LazyConv2d,
    LazyLinear,
    LeakyReLU,
    Linear,
    LocalResponseNorm,
    LogSigmoid,
    LogSoftmax,
    MaxPool1d,
    MaxPool2d,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    RMSNorm,
    Sigmoid,
    SiLU,
    Softmax,
    Softmin,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
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
from .random import generator, get_rng_state, manual_seed, set_rng_state
from .training import Run, evaluate, evaluating, fit, predict, train_step

# fmt: off
__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "Affine", "AvgPool1d", "AvgPool2d", "BatchNorm1d", "BatchNorm2d",
    "BCELoss", "BCEWithLogitsLoss", "Bilinear", "Buffer", "callbacks", "CELU", "Conv1d", "Conv2d",
    "ConvTranspose1d", "ConvTranspose2d", "CosineEmbeddingLoss", "CrossEntropyLoss", "data", "Dropout", "Dropout1d",
    "Dropout2d", "ELU", "Embedding", "evaluate", "evaluating", "fit", "Flatten", "functional", "GELU", "generator",
    "get_rng_state", "GroupNorm", "Hardsigmoid", "Hardswish", "Hardtanh", "HingeEmbeddingLoss", "HingeLoss",
    "HuberLoss", "Identity", "init", "KLDivLoss", "L1Loss", "LabelError", "LayerNorm", "LazyConv2d", "LazyLinear",
    "LeakyReLU", "Linear", "LocalResponseNorm", "LogSigmoid", "LogSoftmax", "manual_seed", "MaxPool1d", "MaxPool2d",
    "metrics", "Mish", "Module", "ModuleDict", "ModuleList", "MSELoss", "NLLLoss", "optim", "Parameter", "predict",
    "PReLU", "ReLU", "ReLU6", "RMSNorm", "Run", "SELU", "Sequential", "set_rng_state", "SettingError", "Sigmoid",
    "SiLU", "SmoothL1Loss", "Softmax", "Softmin", "Softplus", "Softsign", "StateError", "SumSquaredErrorLoss",
    "Tanh", "Tanhshrink", "train_step", "TripletMarginLoss", "Unflatten", "Upsample",
]
# fmt: on
