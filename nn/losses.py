"""Losses as modules. Each calls the function of :mod:`nn.functional` that its docstring names."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np

from autograd_lite import Tensor

from . import functional as F
from .checks import one_of, probability, shown
from .errors import SettingError
from .functional._common import REDUCTIONS
from .module import Module, arguments


class _Loss(Module):
    """A loss with nothing to set but how it is reduced: ``reduction`` is "mean", "sum" or "none"."""

    def __init__(self, reduction: str = "mean") -> None:
        one_of(reduction, "reduction", REDUCTIONS)
        self.reduction = reduction

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        own = {name: value for name, value in vars(self).items() if not isinstance(value, Tensor)}
        known = signature(type(self)).parameters
        return arguments(**{name: (own[name], known[name].default) for name in known if name in own})


def _of_classes(weight: Any) -> Any:
    if weight is not None and np.ndim(weight) != 1:
        raise SettingError(f"weight is None or one number for each class, not {shown(weight)}.")
    return weight


class CrossEntropyLoss(_Loss):
    """Softmax and cross-entropy in one (:func:`~nn.functional.cross_entropy`): feed it scores, not probabilities.

    Parameters
    ----------
    weight : array_like, shape (C,), optional
        How much each class counts.
    ignore_index : int
        Class number of samples that do not count.
    reduction : {"mean", "sum", "none"}
    label_smoothing : float
        Share of each target that is spread evenly over all classes.

    Examples
    --------
    >>> import nn
    >>> nn.CrossEntropyLoss()([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    Tensor(0.69314718)
    """

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        probability(label_smoothing, "label_smoothing")
        self.register_buffer("weight", _of_classes(weight))
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    weight: Tensor | None

    def forward(self, input: Any, target: Any) -> Tensor:
        """Scores (N, C, ...); class numbers (N, ...), one-hot labels or probabilities (N, C, ...)."""
        settings = self.weight, self.ignore_index, self.reduction, self.label_smoothing
        return F.cross_entropy(input, target, *settings)


class NLLLoss(_Loss):
    """``-input[target]`` of logarithms of probabilities (:func:`~nn.functional.nll_loss`)."""

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", _of_classes(weight))
        self.ignore_index = ignore_index

    weight: Tensor | None

    def forward(self, input: Any, target: Any) -> Tensor:
        """Logarithms (N, C, ...), class numbers (N, ...)."""
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class MSELoss(_Loss):
    """``(input - target) ** 2`` (:func:`~nn.functional.mse_loss`).

    Examples
    --------
    >>> import nn
    >>> nn.MSELoss()([1.0, 2.0], [1.0, 4.0])
    Tensor(2.)
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        """Two of one shape."""
        return F.mse_loss(input, target, self.reduction)


class SumSquaredErrorLoss(Module):
    """The book's ``sum((input - target) ** 2) / 2`` (:func:`~nn.functional.sum_squared_error`)."""

    def forward(self, input: Any, target: Any) -> Tensor:
        """Two of one shape."""
        return F.sum_squared_error(input, target)


class L1Loss(_Loss):
    """``abs(input - target)`` (:func:`~nn.functional.l1_loss`)."""

    def forward(self, input: Any, target: Any) -> Tensor:
        """Two of one shape."""
        return F.l1_loss(input, target, self.reduction)


class HuberLoss(_Loss):
    """Quadratic for errors up to ``delta``, linear beyond (:func:`~nn.functional.huber_loss`)."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Tensor:
        """Two of one shape."""
        return F.huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(_Loss):
    """Huber loss divided by its width ``beta`` (:func:`~nn.functional.smooth_l1_loss`)."""

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Tensor:
        """Two of one shape."""
        return F.smooth_l1_loss(input, target, self.reduction, self.beta)


class BCELoss(_Loss):
    """Cross-entropy of yes-probabilities (:func:`~nn.functional.binary_cross_entropy`)."""

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    weight: Tensor | None

    def forward(self, input: Any, target: Any) -> Tensor:
        """Two of one shape, both between 0 and 1."""
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Sigmoid and cross-entropy in one (:func:`~nn.functional.binary_cross_entropy_with_logits`)."""

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    weight: Tensor | None
    pos_weight: Tensor | None

    def forward(self, input: Any, target: Any) -> Tensor:
        """Scores, and targets between 0 and 1, of one shape."""
        settings = self.weight, self.reduction, self.pos_weight
        return F.binary_cross_entropy_with_logits(input, target, *settings)


class KLDivLoss(_Loss):
    """Divergence of distributions (:func:`~nn.functional.kl_div`); ``reduction`` may also be "batchmean"."""

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        if not isinstance(reduction, str) or reduction != "batchmean":
            one_of(reduction, "reduction", REDUCTIONS)
        self.reduction, self.log_target = reduction, log_target

    def forward(self, input: Any, target: Any) -> Tensor:
        """Logarithms and probabilities, of one shape."""
        return F.kl_div(input, target, self.reduction, self.log_target)


class HingeLoss(_Loss):
    """``max(0, margin - target * input)`` for targets 1 and -1 (:func:`~nn.functional.hinge_loss`)."""

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Tensor:
        """Scores and targets of one shape."""
        return F.hinge_loss(input, target, self.margin, self.reduction)


class HingeEmbeddingLoss(HingeLoss):
    """Distances made small where the target is 1, large where it is -1: :func:`~nn.functional.hinge_embedding_loss`."""

    def forward(self, input: Any, target: Any) -> Tensor:
        """Distances and targets of one shape."""
        return F.hinge_embedding_loss(input, target, self.margin, self.reduction)


class CosineEmbeddingLoss(_Loss):
    """Vectors turned towards each other or apart (:func:`~nn.functional.cosine_embedding_loss`)."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Tensor:
        """Vectors (N, D) twice, targets 1 or -1 (N,)."""
        return F.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


class TripletMarginLoss(_Loss):
    """An anchor nearer to one vector than to another (:func:`~nn.functional.triplet_margin_loss`)."""

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Tensor:
        """Vectors (N, D), three times."""
        settings = self.margin, self.p, self.eps, self.swap, self.reduction
        return F.triplet_margin_loss(anchor, positive, negative, *settings)
