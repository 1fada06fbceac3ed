"""Linear maps, look-up tables, attention, and how numbers are laid out for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import DTypeError, ShapeError, Tensor, linear, where

from ..errors import LabelError
from ..random import Rng
from ._common import TensorLike, as_array, as_tensor
from .activation import softmax
from .regularize import dropout

__all__ = ["bilinear", "embedding", "flatten", "linear", "scaled_dot_product_attention"]


def flatten(input: TensorLike, start_dim: int = 1, end_dim: int = -1) -> Tensor:
    """All axes from ``start_dim`` to ``end_dim`` as one; by default all but the first.

    Examples
    --------
    >>> flatten([[[1.0, 2.0], [3.0, 4.0]]])
    Tensor([[1., 2., 3., 4.]])
    """
    return as_tensor(input).flatten(start_dim, end_dim)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Tensor:
    """``y[..., o] = input1[..., i] * weight[o, i, j] * input2[..., j] + bias[o]``."""
    a, b, w = as_tensor(input1), as_tensor(input2), as_tensor(weight)
    if a.shape[:-1] != b.shape[:-1] or (a.shape[-1], b.shape[-1]) != w.shape[1:]:
        raise ShapeError(
            f"bilinear: expected inputs (..., {w.shape[1]}) and (..., {w.shape[2]}) alike in their first axes, got "
            f"{a.shape} and {b.shape}."
        )
    y = ag.einsum("...i,oij,...j->...o", a, w, b)
    return y if bias is None else y + bias


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Tensor:
    """Rows of ``weight``, looked up by number; the row ``padding_idx`` gets no gradient.

    Examples
    --------
    >>> embedding([1, 1, 0], [[1.0, 2.0], [3.0, 4.0]])
    Tensor([[3., 4.],
            [3., 4.],
            [1., 2.]])
    """
    numbers, table = as_array(input), as_tensor(weight)
    if numbers.dtype.kind not in "iu":
        raise LabelError(f"embedding looks rows up by whole numbers, not by {numbers.dtype}.")
    rows = table.shape[0]
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < rows):
        wrong = numbers[(numbers < 0) | (numbers >= rows)].flat[0]
        raise LabelError(f"embedding: {wrong} is out of range: the table has rows 0 to {rows - 1}.")
    found = table[numbers]
    if padding_idx is None:
        return found
    return where((numbers == padding_idx % rows)[..., None], found.detach(), found)


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """``softmax(query @ key.T / sqrt(E)) @ value`` (Vaswani et al. 2017, section 3.2.1).

    Parameters
    ----------
    query : array_like, shape (..., L, E)
    key : array_like, shape (..., S, E)
    value : array_like, shape (..., S, V)
    attn_mask : array_like, broadcasting to (..., L, S), optional
        Booleans, true where attention is allowed; or numbers that are added to the scores. Who may attend to nothing
        gets zeros.
    is_causal : bool
        Let position l attend to positions up to l only.

    Returns
    -------
    Tensor, shape (..., L, V)
    """
    return attention(query, key, value, attn_mask, dropout_p, is_causal, scale)[0]


def attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    rng: Rng = None,
) -> tuple[Tensor, Tensor]:
    """:func:`scaled_dot_product_attention` and the weights, shape (..., L, S), that softmax gave."""
    q, k, v = as_tensor(query), as_tensor(key), as_tensor(value)
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(f"Attention: query {q.shape}, key {k.shape} and value {v.shape} do not fit.")
    scores = q * (1 / math.sqrt(q.shape[-1]) if scale is None else scale) @ k.mT
    if is_causal:
        scores = allowed(scores, np.tri(*scores.shape[-2:], dtype=bool))
    if attn_mask is not None:
        mask = mask_of(attn_mask, "attn_mask")
        masked = allowed(scores, mask) if mask.dtype == bool else scores + mask
        if masked.shape != scores.shape:
            raise ShapeError(f"attn_mask of shape {mask.shape} does not broadcast to the scores, {scores.shape}.")
        scores = masked
    weights = _weights(scores, masked=attn_mask is not None)
    return dropout(weights, dropout_p, dropout_p > 0, rng) @ v, weights


def _weights(scores: Tensor, masked: bool) -> Tensor:
    """Softmax along the last axis; zeros, rather than 0 / 0, where masks leave nothing to attend to."""
    if masked and (nothing := np.isneginf(scores.data.max(axis=-1, keepdims=True, initial=-np.inf))).any():
        return where(nothing, 0.0, softmax(where(nothing, 0.0, scores)))
    return softmax(scores)


def mask_of(value: Any, name: str) -> Any:
    """A mask as an array of booleans, or as numbers that are added to scores: a tensor keeps its gradient."""
    mask = value if isinstance(value, Tensor) else np.asarray(value)
    if mask.dtype.kind in "iu":
        raise DTypeError(
            f"{name} of whole numbers says little; pass booleans, say mask.astype(bool), or floating point numbers to "
            "add to the scores."
        )
    return mask.data if mask.dtype == bool and isinstance(mask, Tensor) else mask


def allowed(scores: Tensor, mask: np.ndarray) -> Tensor:
    """``scores`` where the mask holds, elsewhere so low that softmax gives 0."""
    return where(mask, scores, float("-inf"))
