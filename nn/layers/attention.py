"""Attention, and the transformer block made of it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import ShapeError, Tensor, linear

from .. import functional as F
from .. import init
from ..checks import at_least_one, probability
from ..containers import ModuleList
from ..errors import SettingError
from ..functional._common import as_tensor
from ..functional.mixing import attention, mask_of
from ..module import Module, arguments
from ..parameter import Parameter
from ..random import Rng, generator
from .dropout import Dropout
from .linear import Linear
from .norm import LayerNorm


class MultiheadAttention(Module):
    """Attention by several heads, each with queries, keys and values of its own (Vaswani et al. 2017, section 3.2.2).

    Parameters
    ----------
    embed_dim, num_heads : int
        Each head works on ``embed_dim / num_heads`` numbers.
    dropout : float
        Share of the attention weights that training drops.
    bias : bool
    batch_first : bool
        Whether sequences are (N, L, embed_dim) instead of (L, N, embed_dim).
    rng : Generator or int, optional
        Source of the first values and of what is dropped; by default the generator of :func:`nn.manual_seed`.

    Attributes
    ----------
    in_proj_weight : Parameter, shape (3 * embed_dim, embed_dim)
        For queries, keys and values, one below the other.
    in_proj_bias : Parameter, shape (3 * embed_dim,), or None
    out_proj : Linear

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> x = np.ones((2, 5, 8), np.float32)
    >>> y, weights = nn.MultiheadAttention(8, 4, batch_first=True)(x, x, x)
    >>> y.shape, weights.shape
    ((2, 5, 8), (2, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        batch_first: bool = False,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        at_least_one(embed_dim=embed_dim, num_heads=num_heads)
        if embed_dim % num_heads:
            raise SettingError(f"{num_heads} heads do not divide embed_dim {embed_dim}.")
        self.embed_dim, self.num_heads, self.batch_first = embed_dim, num_heads, batch_first
        self.dropout, self.rng = probability(dropout, "dropout"), None if rng is None else generator(rng)
        rng = generator(self.rng)
        self.in_proj_weight = init.xavier_uniform_(Parameter(np.empty((3 * embed_dim, embed_dim), dtype)), rng=rng)
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim, dtype)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype, rng)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend from (N, L, embed_dim) to (N, S, embed_dim), with batch and length swapped unless ``batch_first``.

        Parameters
        ----------
        key_padding_mask : array_like, shape (N, S), optional
            True for keys that do not exist.
        attn_mask : array_like, shape (L, S) or (N * num_heads, L, S), optional
            True where attention is *not* allowed, as in PyTorch's layer; or numbers that are added to the scores.
        is_causal : bool
            Let position l attend to positions up to l only, of those that the masks allow.

        Returns
        -------
        output : Tensor, shape (N, L, embed_dim)
        weights : Tensor, shape (N, L, S), or (N, num_heads, L, S) if not averaged; None if not needed
        """
        inputs = [as_tensor(x) for x in (query, key, value)]
        for x in inputs:
            if x.ndim != 3 or x.shape[2] != self.embed_dim:
                axes = "(N, L, " if self.batch_first else "(L, N, "
                raise ShapeError(f"expected input {axes}{self.embed_dim}), got {x.shape}.")
        if not self.batch_first:
            inputs = [x.swapaxes(0, 1) for x in inputs]
        q, k, v = self._heads(inputs, same=query is key and key is value)
        mask = _joined(attn_mask, key_padding_mask, (*q.shape[:3], k.shape[2]))
        p = self.dropout if self.training else 0.0
        y, weights = attention(q, k, v, mask, p, is_causal, rng=self.rng)
        y = self.out_proj(y.transpose(0, 2, 1, 3).reshape(inputs[0].shape))
        if not self.batch_first:
            y = y.swapaxes(0, 1)
        if not need_weights:
            return y, None
        return y, weights.mean(axis=1) if average_attn_weights else weights

    def _heads(self, inputs: list[Tensor], same: bool) -> list[Tensor]:
        """Queries, keys and values as (N, num_heads, length, embed_dim / num_heads)."""
        e = self.embed_dim
        if same:  # one product for all three
            projected = linear(inputs[0], self.in_proj_weight, self.in_proj_bias)
            parts = [projected[..., i * e : (i + 1) * e] for i in range(3)]
        else:
            parts = [
                linear(
                    x,
                    self.in_proj_weight[i * e : (i + 1) * e],
                    None if self.in_proj_bias is None else self.in_proj_bias[i * e : (i + 1) * e],
                )
                for i, x in enumerate(inputs)
            ]
        heads = self.num_heads, e // self.num_heads
        return [x.reshape(*x.shape[:2], *heads).transpose(0, 2, 1, 3) for x in parts]

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return arguments(
            self.embed_dim,
            self.num_heads,
            dropout=(self.dropout, 0.0),
            bias=(self.in_proj_bias is not None, True),
            batch_first=(self.batch_first, False),
        )


def _joined(attn_mask: Any, key_padding_mask: Any, shape: tuple[int, ...]) -> Any:
    """Both masks as numbers to add to scores of ``shape`` (N, num_heads, L, S): 0, or minus infinity, or their own."""
    n, heads, rows, columns = shape
    total = None
    for given, name, shapes in (  # how each may come, and what it is then for all scores
        (attn_mask, "attn_mask", {(rows, columns): (1, 1, rows, columns), (n * heads, rows, columns): shape}),
        (key_padding_mask, "key_padding_mask", {(n, columns): (n, 1, 1, columns)}),
    ):
        if given is None:
            continue
        mask = mask_of(given, name)
        if mask.shape not in shapes:
            raise ShapeError(f"{name}: expected shape {' or '.join(map(str, shapes))}, got {mask.shape}.")
        if mask.dtype == bool:
            mask = np.where(mask, np.float32("-inf"), np.float32(0))
        mask = mask.reshape(shapes[mask.shape])
        total = mask if total is None else total + mask
    return total


class TransformerEncoderLayer(Module):
    """The transformer block: attention to oneself and two linear layers, each added to its input and normalised.

    (Vaswani et al. 2017, section 3.1.)

    Parameters
    ----------
    d_model, nhead : int
        As ``embed_dim`` and ``num_heads`` of :class:`MultiheadAttention`.
    dim_feedforward : int
        Width between the two linear layers.
    dropout : float
    activation : {"relu", "gelu"} or callable
    norm_first : bool
        Normalise before attention and linear layers rather than after the sums (Xiong et al. 2020).
    rng : Generator or int, optional
        As for :class:`MultiheadAttention`; one generator for all parts.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> nn.TransformerEncoderLayer(8, 2, batch_first=True)(np.ones((2, 5, 8), np.float32)).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
        rng: Rng = None,
    ) -> None:
        known: dict[str, Callable[[Any], Tensor]] = {"relu": F.relu, "gelu": F.gelu}
        if isinstance(activation, str) and activation not in known:
            raise SettingError(f"activation is a function, 'relu' or 'gelu', not {activation!r}.")
        rng = None if rng is None else generator(rng)
        self.norm_first = norm_first
        self.activation = known[activation] if isinstance(activation, str) else activation
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first, dtype, rng)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype, rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype, rng)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout, rng=rng), Dropout(dropout, rng=rng)

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Tensor:
        """(N, L, d_model) to the same shape, with batch and length swapped unless ``batch_first``; masks as above."""
        x = as_tensor(src)
        masks = src_mask, src_key_padding_mask, is_causal
        if self.norm_first:
            x = x + self._attend(self.norm1(x), *masks)
            return x + self._feed(self.norm2(x))
        x = self.norm1(x + self._attend(x, *masks))
        y: Tensor = self.norm2(x + self._feed(x))
        return y

    def _attend(self, x: Tensor, mask: Any, padding: Any, is_causal: bool) -> Tensor:
        y, _ = self.self_attn(x, x, x, padding, False, mask, is_causal=is_causal)
        return self.dropout1(y)  # type: ignore[no-any-return]

    def _feed(self, x: Tensor) -> Tensor:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))  # type: ignore[no-any-return]


class TransformerEncoder(Module):
    """Several copies of a block, one after the other, and perhaps a normalisation at the end.

    The copies begin with the same values; a random generator of the block stays one for all.
    """

    def __init__(self, encoder_layer: TransformerEncoderLayer, num_layers: int, norm: Module | None = None) -> None:
        at_least_one(num_layers=num_layers)
        # Copies of a generator would drop the same places in each layer.
        rngs = {id(part.rng): part.rng for part in encoder_layer.modules() if hasattr(part, "rng")}
        self.layers = ModuleList(deepcopy(encoder_layer, dict(rngs)) for _ in range(num_layers))
        self.norm = norm

    def forward(self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Tensor:
        """As for :class:`TransformerEncoderLayer`."""
        x = as_tensor(src)
        for layer in self.layers:
            x = layer(x, mask, src_key_padding_mask, is_causal)
        return x if self.norm is None else self.norm(x)
