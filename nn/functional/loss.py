"""How wrong an answer is, as one number to make small. Names and defaults are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import ShapeError, Tensor, where

from ..checks import one_of, probability
from ..errors import LabelError, SettingError
from ._common import REDUCTIONS, TensorLike, as_floating, as_tensor, reduced
from .activation import log_softmax, softplus
from .labels import check_range, class_numbers

# -- Classes ----------------------------------------------------------------------------------------------------------


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """``-log(softmax(input)[target])``: softmax and the cross-entropy of what it gives, in one step.

    The gradient of the mean is ``(softmax(input) - one_hot(target)) / N`` (Deep Learning from Scratch, section 5.6.3).

    Parameters
    ----------
    input : array_like, shape (N, C), (C,) or (N, C, d1, ...)
        Scores before any softmax.
    target : array_like
        Class numbers, shape (N,), () or (N, d1, ...); or one-hot labels or probabilities, of the shape of ``input``.
    weight : array_like, shape (C,), optional
        How much each class counts. The mean is weighted too, if targets are class numbers.
    ignore_index : int
        Class number of samples that do not count.
    reduction : {"mean", "sum", "none"}
    label_smoothing : float
        Share of each target that is spread evenly over all classes (Szegedy et al. 2016).

    Raises
    ------
    LabelError
        If labels are out of range, of the wrong kind or shape, or all ignored.

    Examples
    --------
    >>> cross_entropy([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    Tensor(0.69314718)
    >>> cross_entropy([[0.0, 0.0], [0.0, 0.0]], [[1, 0], [0, 1]])
    Tensor(0.69314718)
    """
    one_of(reduction, "reduction", REDUCTIONS)
    probability(label_smoothing, "label_smoothing")
    input = as_tensor(input)
    scores, shape = _rows(input)
    classes = scores.shape[1]
    target = _classes_last(target, input.ndim, scores, shape)
    labels = class_numbers(target, shape, classes)
    if labels is None:
        return reduced(_expected(scores, target, weight, label_smoothing).reshape(shape), reduction)
    labels = labels.reshape(-1)
    alike = weight is None and reduction != "none" and not label_smoothing and not 0 <= ignore_index < classes
    if alike and labels.size:
        loss = _unless_out_of_range(scores, labels, 1 / labels.size if reduction == "mean" else 1)
        if loss is not None:
            return loss
    weights, counts = _class_weights(weight, scores), labels != ignore_index
    labels, scale = _labels_and_scale(labels, weights, ignore_index)
    total = _total(scale, reduction)
    if reduction != "none" and not label_smoothing:
        return ag.softmax_cross_entropy(scores, labels, scale / total)
    logp = log_softmax(scores)
    losses = _of_labels(logp, labels, scale)
    if label_smoothing:
        even = -(logp * weights).sum(axis=1) * (counts * (label_smoothing / classes)).astype(scores.dtype)
        losses = losses * (1 - label_smoothing) + even
    return losses.reshape(shape) if reduction == "none" else losses.sum() / total


def _unless_out_of_range(scores: Tensor, labels: np.ndarray, scale: float) -> Tensor | None:
    """The loss of samples that count all alike; None if a label is no class, to be ignored or refused elsewhere.

    It looks at labels anyway, so this is the cheapest way to know; what else it may refuse, it will refuse again.
    """
    try:
        return ag.softmax_cross_entropy(scores, labels, scale)
    except ShapeError:
        return None


def _expected(scores: Tensor, target: Any, weight: Any, label_smoothing: float) -> Tensor:
    """The losses of rows that are told probabilities."""
    rows = as_tensor(target).reshape(scores.shape).astype(scores.dtype)
    rows = rows * (1 - label_smoothing) + label_smoothing / scores.shape[1]
    return -(log_softmax(scores) * rows * _class_weights(weight, scores)).sum(axis=1)


def _of_labels(logp: Tensor, labels: np.ndarray, scale: np.ndarray) -> Tensor:
    """The losses of rows that are told their class."""
    return -logp[np.arange(len(labels)), labels] * scale


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    """``-input[target]``, for logarithms of probabilities such as those of ``log_softmax``; arguments as above.

    Examples
    --------
    >>> nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [0, 1])
    Tensor(2.5)
    """
    one_of(reduction, "reduction", REDUCTIONS)
    logp, shape = _rows(input)
    labels = class_numbers(target, shape, logp.shape[1])
    if labels is None:
        raise LabelError("nll_loss takes class numbers; for probabilities use kl_div or cross_entropy.")
    labels, scale = _labels_and_scale(labels.reshape(-1), _class_weights(weight, logp), ignore_index)
    losses = _of_labels(logp, labels, scale)
    return losses.reshape(shape) if reduction == "none" else losses.sum() / _total(scale, reduction)


def cross_entropy_error(y: Any, t: Any, eps: float = 1e-7) -> Tensor:
    """The book's cross-entropy of probabilities ``y``: ``-sum(log(y[t] + eps)) / N`` (section 4.2.4), finite at 0.

    Prefer :func:`cross_entropy`, which starts from scores and needs no ``eps``.

    Parameters
    ----------
    y : array_like, shape (N, C) or (C,)
    t : array_like
        Class numbers, shape (N,) or (); or one-hot labels of the shape of ``y``.

    Examples
    --------
    >>> cross_entropy_error([0.1, 0.6, 0.3], [0, 1, 0])
    Tensor(0.51082546)
    """
    y = as_tensor(y)
    if y.ndim == 1:
        y, t = y.reshape(1, -1), as_tensor(t).reshape(1, *np.shape(t))
    logs = ag.log(y + eps)
    labels = class_numbers(t, y.shape[:1], y.shape[1])
    if labels is None:
        return -(logs * as_tensor(t)).sum() / len(y)
    check_range(labels, y.shape[1])
    return -logs[np.arange(len(y)), labels].sum() / len(y)


def _rows(input: Any) -> tuple[Tensor, tuple[int, ...]]:
    """Scores as rows of classes, and the shape that the losses will have."""
    scores = as_floating(input)
    if not scores.ndim:
        raise ShapeError("Scores need an axis of classes; got a single number.")
    axis = min(1, scores.ndim - 1)
    shape = (*scores.shape[:axis], *scores.shape[axis + 1 :])
    if scores.ndim == 2:
        return scores, shape
    if scores.ndim > 2:
        scores = scores.transpose(0, *range(2, scores.ndim), 1)
    return scores.reshape(-1, scores.shape[-1]), shape


def _classes_last(target: Any, ndim: int, scores: Tensor, shape: tuple[int, ...]) -> Any:
    """Probabilities with their classes where :func:`_rows` puts them; class numbers as they are."""
    target = target if isinstance(target, Tensor) else np.asarray(target)
    if ndim > 2 and target.shape == (shape[0], scores.shape[1], *shape[1:]):
        return target.transpose(0, *range(2, ndim), 1)
    return target


def _class_weights(weight: Any, scores: Tensor) -> np.ndarray:
    if weight is None:
        return np.ones(scores.shape[1], scores.dtype)
    weights = np.asarray(weight)  # which refuses a tensor that should be learnt: no gradient comes back
    if weights.shape != scores.shape[1:]:
        raise ShapeError(f"Class weights of shape {weights.shape} do not fit {scores.shape[1]} classes.")
    return weights.astype(scores.dtype)


def _labels_and_scale(labels: np.ndarray, weights: np.ndarray, ignore_index: int) -> tuple[np.ndarray, np.ndarray]:
    """Checked class numbers, and how much each sample counts."""
    ignored = labels == ignore_index
    labels = np.where(ignored, 0, labels)
    check_range(labels, len(weights))
    scale = weights[labels]
    scale[ignored] = 0
    return labels, scale


def _total(scale: np.ndarray, reduction: str) -> float:
    if reduction != "mean":
        return 1.0
    total = float(scale.sum())
    if total == 0:
        raise LabelError("The mean of no losses: there are no samples, or all are ignored or have weight 0.")
    return total


# -- Numbers ----------------------------------------------------------------------------------------------------------


def _alike(input: Any, target: Any) -> tuple[Tensor, Tensor]:
    a, b = as_floating(input), as_tensor(target)
    if a.shape != b.shape:
        raise ShapeError(f"Input {a.shape} and target {b.shape} must have the same shape.")
    return a, b if b.dtype.kind == "f" else b.astype(a.dtype)


def _times(losses: Tensor, weight: Any, name: str) -> Tensor:
    if weight is None:
        return losses
    weighted: Tensor = losses * weight
    if weighted.shape != losses.shape:
        raise ShapeError(f"{name} of shape {ag.shape(weight)} does not broadcast to the {losses.shape} of the input.")
    return weighted


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """``(input - target) ** 2``.

    Examples
    --------
    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    Tensor(2.)
    """
    input, target = _alike(input, target)
    return reduced((input - target).square(), reduction)


def sum_squared_error(y: Any, t: Any) -> Tensor:
    """The book's squared error, ``sum((y - t) ** 2) / 2`` (section 4.2.1).

    Examples
    --------
    >>> sum_squared_error([1.0, 2.0], [1.0, 4.0])
    Tensor(2.)
    """
    return mse_loss(y, t, reduction="sum") * 0.5


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """``abs(input - target)``."""
    input, target = _alike(input, target)
    return reduced(abs(input - target), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """``d^2 / 2`` for errors d up to ``delta``, ``delta * (abs(d) - delta / 2)`` beyond (Huber 1964)."""
    if delta <= 0:
        raise SettingError(f"delta must be positive, not {delta}.")
    input, target = _alike(input, target)
    off = input - target
    size = abs(off)
    return reduced(where(size.data <= delta, off.square() * 0.5, (size - 0.5 * delta) * delta), reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Huber loss divided by its width ``beta``: ``d^2 / (2 beta)`` up to ``beta``, ``abs(d) - beta / 2`` beyond."""
    if beta == 0:
        return l1_loss(input, target, reduction)
    return huber_loss(input, target, reduction, beta) / beta


# -- Yes or no --------------------------------------------------------------------------------------------------------


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Tensor:
    """``-target * log(p) - (1 - target) * log(1 - p)`` for ``p = sigmoid(input)``, without overflow.

    Parameters
    ----------
    weight : array_like, broadcasting to ``input``, optional
        Factors of the losses.
    pos_weight : array_like, broadcasting to ``input``, optional
        Factors of the first term: above 1, a missed yes costs more than a false alarm.

    Examples
    --------
    >>> binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 1.0], reduction="none")
    Tensor([0.69314718, 0.        ])
    """
    input, target = _alike(input, target)
    yes = target * softplus(-input)
    losses = _times(yes, pos_weight, "pos_weight") + (1 - target) * softplus(input)
    return reduced(_times(losses, weight, "weight"), reduction)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Tensor:
    """``-target * log(input) - (1 - target) * log(1 - input)`` for probabilities; ``log(0)`` counts as -100.

    Raises
    ------
    LabelError
        If ``input`` is no probability.
    """
    input, target = _alike(input, target)
    if input.size and not (input.data.min() >= 0 and input.data.max() <= 1):
        raise LabelError("binary_cross_entropy takes probabilities; for scores use binary_cross_entropy_with_logits.")
    losses = -(target * _bounded_log(input) + (1 - target) * _bounded_log(1 - input))
    return reduced(_times(losses, weight, "weight"), reduction)


def _bounded_log(p: Tensor) -> Tensor:
    zero = p.data == 0
    return where(zero, -100.0, ag.log(where(zero, 1.0, p)))


def _signed(input: Any, target: Any, name: str) -> tuple[Tensor, Tensor]:
    """As :func:`_alike`, for targets 1 and -1."""
    input, target = _alike(input, target)
    if (wrong := abs(target.data) != 1).any():
        raise LabelError(f"{name} takes targets 1 and -1, but one is {target.data[wrong][0]}.")
    return input, target


def hinge_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """``max(0, margin - target * input)`` for targets 1 and -1, as in support vector machines."""
    input, target = _signed(input, target, "hinge_loss")
    return reduced((margin - target * input).relu(), reduction)


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """``input`` where the target is 1, ``max(0, margin - input)`` where it is -1."""
    input, target = _signed(input, target, "hinge_embedding_loss")
    return reduced(where(target.data == 1, input, (margin - input).relu()), reduction)


# -- Distributions and embeddings -------------------------------------------------------------------------------------


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """``target * (log(target) - input)``, for logarithms of probabilities ``input``; 0 where the target is 0.

    Parameters
    ----------
    reduction : {"mean", "batchmean", "sum", "none"}
        ``"batchmean"`` divides the sum by the number of rows, which is the divergence of the definition.
    log_target : bool
        Whether ``target`` holds logarithms too.
    """
    input, target = _alike(input, target)
    if log_target:
        losses = target.exp() * (target - input)
    else:
        losses = target * (ag.log(where(target.data > 0, target, 1.0)) - input)
    if reduction == "batchmean":
        total: Tensor = losses.sum() / len(losses)
        return total
    return reduced(losses, reduction)


def cosine_similarity(x1: TensorLike, x2: TensorLike, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between vectors along ``dim``; norms count as at least ``eps``."""
    x1, x2 = as_tensor(x1), as_tensor(x2)
    norms = [ag.maximum(ag.norm(x, axis=dim), eps) for x in (x1, x2)]
    return (x1 * x2).sum(axis=dim) / (norms[0] * norms[1])


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1; cos of the rows."""
    cosine, target = _signed(cosine_similarity(input1, input2, dim=-1), target, "cosine_embedding_loss")
    return reduced(where(target.data == 1, 1 - cosine, (cosine - margin).relu()), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)``, with distances of the p-norm along the last axis.

    ``swap`` uses the distance between positive and negative where it is smaller (Balntas et al. 2016).
    """
    anchor, positive, negative = as_tensor(anchor), as_tensor(positive), as_tensor(negative)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return ag.norm(a - b + eps, ord=p, axis=-1)

    far = distance(anchor, negative)
    if swap:
        far = ag.minimum(far, distance(positive, negative))
    return reduced((distance(anchor, positive) - far + margin).relu(), reduction)
