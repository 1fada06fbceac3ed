"""Optimisers and schedules of learning rates; names, arguments and saved states are PyTorch's."""

from .adaptive import Adadelta, Adagrad, Adam, AdamW, NAdam, RMSprop
from .optimizer import Optimizer
from .sgd import SGD

# fmt: off
__all__ = [
    "Adadelta", "Adagrad", "Adam", "AdamW", "NAdam", "Optimizer", "RMSprop", "SGD",
]
# fmt: on
