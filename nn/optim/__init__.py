"""Optimisers and schedules of learning rates; names, arguments and saved states are PyTorch's."""

from . import lr_scheduler
from .adaptive import Adadelta, Adagrad, Adam, AdamW, NAdam, RMSprop
from .averaging import ExponentialMovingAverage
from .gradients import clip_grad_norm_, clip_grad_value_, penalty
from .lbfgs import LBFGS
from .lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    Scheduler,
    SequentialLR,
    StepLR,
)
from .optimizer import Group, Optimizer
from .sgd import SGD

# fmt: off
__all__ = [
    "Adadelta", "Adagrad", "Adam", "AdamW", "clip_grad_norm_", "clip_grad_value_", "CosineAnnealingLR",
    "ExponentialLR", "ExponentialMovingAverage", "Group", "LambdaLR", "LBFGS", "LinearLR", "lr_scheduler",
    "MultiStepLR", "NAdam", "OneCycleLR", "Optimizer", "penalty", "ReduceLROnPlateau", "RMSprop", "Scheduler",
    "SequentialLR", "SGD", "StepLR",
]
# fmt: on
